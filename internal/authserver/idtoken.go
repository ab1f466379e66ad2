package authserver

import (
	"context"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
)

const idTokenTTL = time.Hour

// idToken returns the ID token of a session (OpenID Connect Core §2 and §3.1.3.6), which goes
// with an access token.
func (s *Server) idToken(ctx context.Context, session store.Session, access string, now time.Time) (string, error) {
	g := grantedOf(session)
	var claims jsonobject.Object
	for _, c := range []struct{ name, value string }{
		{"iss", s.Issuer}, {"sub", session.User}, {"aud", session.Client}, {"sid", session.ID}, {"nonce", g.Nonce},
	} {
		if c.value != "" {
			claims.Set(c.name, jsonobject.Quote(c.value))
		}
	}
	claims.Set("iat", jsonobject.Int(now.Unix()))
	claims.Set("exp", jsonobject.Int(now.Add(idTokenTTL).Unix()))
	for _, m := range g.authentication() {
		claims.Set(m.name, m.value)
	}
	half, err := s.keys.AtHash(ctx, access, now)
	if err != nil {
		return "", err
	}
	if half != "" {
		claims.Set("at_hash", jsonobject.Quote(half))
	}
	return s.rules.IssueID(ctx, claims, now)
}

// issueID is the standard Rules.IssueID.
func (s *Server) issueID(ctx context.Context, claims jsonobject.Object, now time.Time) (string, error) {
	return s.keys.Sign(ctx, "JWT", claims.Bytes(), now)
}
