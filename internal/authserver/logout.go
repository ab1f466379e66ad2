package authserver

import (
	"errors"
	"net/http"

	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// logout answers POST /logout. It revokes the session of the refresh token in the cookie
// or body, and that of the access token. An unknown token is not an error (RFC 7009
// §2.2).
func (s *Server) logout(x *exchange) error {
	p, err := x.presentedToken(true)
	if err != nil {
		return err
	}
	sessions, err := s.namedSessions(x, p)
	if err != nil {
		return err
	}
	for _, id := range sessions {
		if err := s.Store.Revoke(x.ctx, id, x.now); err != nil {
			return err
		}
		x.session, x.Note = id, "revoked"
	}
	x.clearCookie(oauth.RefreshCookie)
	x.Status = http.StatusNoContent
	return nil
}

// namedSessions returns the sessions of the tokens in a request. It accepts an expired
// access token, because a client may log out after the expiry.
func (s *Server) namedSessions(x *exchange, p presented) ([]string, error) {
	var ids []string
	if token, ok := refreshtoken.Parse(p.text); ok {
		_, session, err := s.Store.Find(x.ctx, token.ID())
		switch {
		case err == nil:
			ids = append(ids, session.ID)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if scheme, text, err := x.accessToken(); err == nil && scheme != "" {
		if b, err := s.verifyAccess(x.ctx, VerifyRequest{Token: text, Now: x.now, IgnoreExp: true}); err == nil {
			ids = append(ids, b.Session)
		}
	}
	return ids, nil
}
