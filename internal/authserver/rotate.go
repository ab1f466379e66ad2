package authserver

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// A Grant is the result of spending a refresh token. With an error it holds the known
// facts about the token, for the log.
type Grant struct {
	Session      store.Session
	Outcome      store.Outcome // for the log
	RefreshToken string        // the successor
	Expires      time.Time     // of the refresh token
}

// rotate is the standard Rules.Rotate. One atomic step of the store decides, so that two
// requests cannot both spend a token.
func (s *Server) rotate(ctx context.Context, r RotateRequest) (Grant, error) {
	token, ok := refreshtoken.Parse(r.Token)
	if !ok {
		return Grant{}, invalidGrant("the refresh token is unknown")
	}
	next := token.Successor()
	spend := store.Spend{
		Token: token.ID(), Client: r.Client, Key: r.Key, Next: next.ID().Hash, Now: r.Now, Grace: r.Grace,
		Expires:        milli(r.Now.Add(s.RefreshTTL)),
		SessionExpires: milli(r.Now.Add(max(s.RefreshTTL, s.AccessTTL))),
	}
	if r.Grace > 0 {
		spend.Sealed = token.Seal(next[:])
	}
	done, err := s.Store.Rotate(ctx, spend)
	if err != nil {
		return Grant{}, err
	}
	if done.Outcome == store.Replayed {
		copy(next[:], token.Seal(done.Sealed))
	}
	return Grant{Session: done.Session, Outcome: done.Outcome, RefreshToken: next.Text(), Expires: done.Expires}, s.outcomeError(done)
}

// outcomeError returns the error for a token that was not rotated. It may give the
// reason: a client that presents 256 random bits once owned the token.
func (s *Server) outcomeError(r store.Rotation) error {
	switch r.Outcome {
	case store.Rotated, store.Replayed:
		if why := s.whyOver(r.Session); why != "" {
			return invalidGrant(why)
		}
		return nil
	case store.Foreign:
		return invalidGrant("the refresh token belongs to another client, or is bound to a DPoP key that the request does not prove")
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

// invalidGrant returns the error for a refused refresh token. The client must log in
// again.
func invalidGrant(why string) error {
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidGrant, Description: why}
}
