package authclient

import (
	"context"
	"net/http"

	"jwt/internal/verdict"
)

// Login exchanges a name and a password for tokens. Its error has the class login_refused
// if the server refuses them.
func (s *Client) Login(ctx context.Context, user string, password []byte) (Grant, error) {
	if err := s.prepare(ctx); err != nil {
		return Grant{}, err
	}
	r, err := s.do(ctx, s.Preset.Login, map[string]string{"$username": user, "$password": string(password)})
	if err != nil {
		return Grant{}, err
	}
	if s.refusesLogin(r) {
		e := r.refusal(verdict.LoginRefused)
		switch r.status {
		case http.StatusTooManyRequests, http.StatusRequestTimeout: // the password was not checked
			e.Class = verdict.FetchFailed
		case http.StatusUnauthorized:
			e.Hintf("are the name and the password right? both are case-sensitive")
		case http.StatusUnprocessableEntity:
			e.Hintf("does the server want other fields? jwt session detect URL proposes a preset, jwt session presets --help shows how to write one")
		}
		return Grant{}, e
	}
	if s.Preset.Exchange.Path != "" {
		return s.buy(ctx, r)
	}
	return s.grant(r)
}

// prepare sends the request before a login, which sets cookies like that of a CSRF token.
func (s *Client) prepare(ctx context.Context) error {
	if s.Preset.Prepare.Path == "" {
		return nil
	}
	r, err := s.do(ctx, s.Preset.Prepare, nil)
	if err != nil || r.ok() {
		return err
	}
	return r.refusal(verdict.FetchFailed)
}

// refusesLogin reports whether the answer refuses the login. Where an exchange follows, it
// need not have an access token.
func (s *Client) refusesLogin(r *reply) bool {
	if s.Preset.Exchange.Path != "" {
		return !r.ok() || r.isObject() && r.said().Code != "" && s.refreshGrant(r).RefreshToken == ""
	}
	return s.refuses(r)
}

// buy exchanges what the login gave for an access token.
func (s *Client) buy(ctx context.Context, login *reply) (Grant, error) {
	first := s.refreshGrant(login)
	r, err := s.do(ctx, s.Preset.Exchange, Tokens{RefreshToken: first.RefreshToken, RefreshCookie: first.RefreshCookie}.values())
	if err != nil {
		return Grant{}, err
	}
	if s.refuses(r) {
		e := r.refusal(verdict.FetchFailed)
		e.Message = "the login succeeded, but it sells no access token: " + e.Message
		return Grant{}, e
	}
	g, err := s.grant(r)
	if err == nil && g.RefreshToken == "" {
		g.RefreshToken, g.RefreshCookie, g.RefreshExpires = first.RefreshToken, first.RefreshCookie, first.RefreshExpires
	}
	return g, err
}
