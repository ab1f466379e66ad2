package authserver

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// A Grant is what a refresh token buys: the session, and the next refresh token. With an
// error it says as much as is known of the token.
type Grant struct {
	Session      store.Session
	Outcome      store.Outcome // for the log
	RefreshToken string
	Expires      time.Time // of the refresh token
}

// rotate is the sound Rules.Rotate: one atomic step in the store decides.
func (s *Server) rotate(ctx context.Context, text string, now time.Time, grace time.Duration) (Grant, error) {
	token, ok := ParseRefreshToken(text)
	if !ok {
		return Grant{}, invalidGrant("the refresh token is unknown")
	}
	next := NewRefreshToken()
	spend := store.Spend{
		Token: token.Hash(), Next: next.Hash(), Now: now, Grace: grace,
		Expires:        milli(now.Add(s.RefreshTTL)),
		SessionExpires: milli(now.Add(max(s.RefreshTTL, s.AccessTTL))),
	}
	if grace > 0 {
		spend.Sealed = token.seal(next[:])
	}
	r, err := s.Store.Rotate(ctx, spend)
	if err != nil {
		return Grant{}, err
	}
	if r.Outcome == store.Replayed {
		copy(next[:], token.seal(r.Sealed))
	}
	return Grant{Session: r.Session, Outcome: r.Outcome, RefreshToken: next.Text(), Expires: r.Expires}, s.outcomeError(r)
}

// outcomeError returns the error that the client gets. It may say why the token is dead:
// to present 256 random bits, the client must have held it once.
func (s *Server) outcomeError(r store.Rotation) error {
	switch r.Outcome {
	case store.Rotated, store.Replayed:
		if !s.Users.Has(r.Session.User) {
			return invalidGrant("the user is no more")
		}
		return nil
	case store.Reused:
		return invalidGrant("the refresh token was used before: the session is revoked")
	case store.Revoked:
		return invalidGrant("the session is revoked")
	case store.Expired:
		return invalidGrant("the refresh token has expired")
	default:
		return invalidGrant("the refresh token is unknown")
	}
}

// invalidGrant returns the error for a refresh token that gives no access token: the
// client must log in again.
func invalidGrant(why string) error {
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidGrant, Description: why}
}
