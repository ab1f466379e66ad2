package authclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// revoke asks the server to revoke the tokens of an OAuth 2.0 session (RFC 7009): the refresh
// token, whose grant the access token belongs to, and the access token, which some servers
// do not revoke with it. The refresh token decides the result: many servers cannot revoke an
// access token that they do not keep.
func (s *Client) revoke(ctx context.Context, h Tokens) (known bool, err error) {
	if s.OAuth.Server.RevocationEndpoint == "" {
		if h.RefreshToken == "" {
			return false, ErrOnlyExpires
		}
		return false, verdict.Errorf(verdict.FetchFailed, "the server has no revocation endpoint (RFC 7009)")
	}
	if h.RefreshToken != "" {
		if err := s.revokeOne(ctx, h.RefreshToken, "refresh_token"); err != nil {
			return false, err
		}
	}
	if h.AccessToken == "" {
		return true, nil
	}
	err = s.revokeOne(ctx, h.AccessToken, "access_token")
	var said *oauth.Error
	switch {
	case h.RefreshToken != "":
		return true, nil
	case errors.As(err, &said) && said.Code == "unsupported_token_type": // RFC 7009 §2.2.1
		return false, ErrOnlyExpires
	}
	return err == nil, err
}

// ErrOnlyExpires is the error of a logout without a refresh token at a server that cannot
// revoke access tokens: the access token ends when it expires.
var ErrOnlyExpires = errors.New("the server does not revoke access tokens")

func (s *Client) revokeOne(ctx context.Context, token, kind string) error {
	form := url.Values{"token": {token}, "token_type_hint": {kind}}
	r, err := s.post(ctx, "revocation endpoint", s.OAuth.Server.RevocationEndpoint, form)
	switch {
	case err != nil:
		return err
	case s.refuses(r):
		return r.refusal(verdict.FetchFailed)
	}
	return nil
}

// EndSession asks the server to end the login itself (OpenID Connect RP-Initiated Logout),
// so that the next login page asks for the password again. page is the address at which the
// user does that where the request was not enough, or "": most servers ask the user, and know
// by the browser's cookies which login is meant.
func (s *Client) EndSession(ctx context.Context) (page string) {
	o := s.OAuth
	if o == nil || o.Server.EndSessionEndpoint == "" || o.IDToken == "" {
		return ""
	}
	u, err := endpoint("end_session_endpoint", o.Server.EndSessionEndpoint, o.Server.Issuer)
	if err != nil {
		return ""
	}
	page = u.String()
	form := url.Values{"id_token_hint": {o.IDToken}, "client_id": {o.ClientID}}
	r, err := s.exchange(ctx, s.sentInForm(form), func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode())) // a URL may be logged
		if err == nil {
			req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "User-Agent": {s.UserAgent}}
		}
		return req, err
	})
	if err == nil && r.ok() && !r.isPage() {
		return ""
	}
	return page
}
