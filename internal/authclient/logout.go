package authclient

import (
	"context"
	"net/http"

	"jwt/internal/verdict"
)

// Logout asks the server to revoke the session. known is false if the answer is 401: the
// session no longer exists, or the server requires other credentials.
func (s *Client) Logout(ctx context.Context, h Tokens) (known bool, err error) {
	if s.OAuth != nil {
		return s.revoke(ctx, h)
	}
	if s.Preset.Logout.Path == "" {
		return false, verdict.Errorf(verdict.FetchFailed, "the preset %s has no logout step", s.Preset.Name)
	}
	r, err := s.do(ctx, s.Preset.Logout, h.values())
	switch {
	case err != nil:
		return false, err
	case r.ok():
		return true, nil
	case r.status == http.StatusUnauthorized:
		return false, nil
	default:
		return false, r.refusal(verdict.FetchFailed)
	}
}

// Accepts asks the server whether it accepts the access token. known is false if the
// preset has no userinfo step, or the answer does not say.
func (s *Client) Accepts(ctx context.Context, h Tokens) (accepts, known bool) {
	if s.OAuth == nil && s.Preset.Userinfo.Path == "" || s.OAuth != nil && s.OAuth.Server.UserinfoEndpoint == "" {
		return false, false
	}
	r, err := s.userinfo(ctx, h, "application/json")
	switch {
	case err != nil:
		return false, false
	case r.ok():
		return true, true
	default:
		return false, r.status == http.StatusUnauthorized
	}
}
