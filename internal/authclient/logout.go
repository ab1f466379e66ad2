package authclient

import (
	"context"
	"net/http"

	"jwt/internal/verdict"
)

// Logout asks the server to revoke the session. known is false where it answers
// 401: there is none any more, or it wants another proof of whose it is.
func (s *Client) Logout(ctx context.Context, h Tokens) (known bool, err error) {
	if s.Preset.Logout.Path == "" {
		return false, verdict.Errorf(verdict.FetchFailed, "the preset %s has no way to log out", s.Preset.Name)
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

// Accepts asks the server whether it takes the access token, and returns false
// for known where the preset has no place to ask.
func (s *Client) Accepts(ctx context.Context, h Tokens) (accepts, known bool) {
	if s.Preset.Userinfo.Path == "" {
		return false, false
	}
	r, err := s.do(ctx, s.Preset.Userinfo, h.values())
	switch {
	case err != nil:
		return false, false
	case r.ok():
		return true, true
	default:
		return false, r.status == http.StatusUnauthorized
	}
}
