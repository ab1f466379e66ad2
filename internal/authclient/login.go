package authclient

import (
	"context"
	"net/http"

	"jwt/internal/verdict"
)

// Login exchanges a name and a password for tokens. Its error has the class login_refused
// if the server refuses them.
func (s *Client) Login(ctx context.Context, user string, password []byte) (Grant, error) {
	r, err := s.do(ctx, s.Preset.Login, map[string]string{"$username": user, "$password": string(password)})
	if err != nil {
		return Grant{}, err
	}
	if s.refuses(r) {
		e := r.refusal(verdict.LoginRefused)
		switch r.status {
		case http.StatusTooManyRequests, http.StatusRequestTimeout: // the password was not checked
			e.Class = verdict.FetchFailed
		case http.StatusUnauthorized:
			e.Hintf("are the name and the password right? both are case-sensitive")
		}
		return Grant{}, e
	}
	return s.grant(r)
}
