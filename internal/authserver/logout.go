package authserver

import (
	"errors"
	"net/http"

	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// logout answers POST /logout: it ends the session of the refresh token, in the
// cookie or the body, and that of the access token. As in RFC 7009 §2.2, a token
// that is unknown is no error: its session is as ended as can be.
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

// namedSessions returns the sessions of the tokens in a request. An access token that has
// expired still names its own.
func (s *Server) namedSessions(x *exchange, p presented) ([]string, error) {
	var ids []string
	if token, ok := ParseRefreshToken(p.text); ok {
		_, session, err := s.Store.Find(x.ctx, token.Hash())
		switch {
		case err == nil:
			ids = append(ids, session.ID)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if text, ok, err := x.bearer(); err == nil && ok {
		if b, err := s.verifyAccess(x.ctx, text, x.now, true); err == nil {
			ids = append(ids, b.Session)
		}
	}
	return ids, nil
}
