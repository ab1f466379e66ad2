package authserver

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/verdict"
)

const (
	accessType = "at+jwt" // RFC 9068 §2.1
	cartType   = "cart+jwt"
)

// randomID returns 128 random bits, for the ID of a token.
func randomID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return base64url.Encode(b)
}

// issueAccess returns an access token of the session (RFC 9068 §2.2), and its "jti".
func (s *Server) issueAccess(ctx context.Context, session store.Session, now time.Time) (token, id string, err error) {
	id = randomID()
	g := grantedOf(session)
	claims := object(append([]member{
		{"iss", jsonobject.Quote(s.Issuer)},
		{"sub", jsonobject.Quote(cmp.Or(session.User, session.Client))},
		{"aud", g.audience(s.Audience)},
		{"exp", jsonobject.Int(s.accessExpiry(ctx, session, now).Unix())},
		{"iat", jsonobject.Int(now.Unix())},
		{"jti", jsonobject.Quote(id)},
		{"client_id", jsonobject.Quote(session.Client)},
		{"sid", jsonobject.Quote(session.ID)},
	}, g.claims(session)...)...)
	token, err = s.keys.Sign(ctx, accessType, claims, now)
	return token, id, err
}

// A Refusal is the reason why a token is not accepted. It quotes nothing but the token.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// verify checks the signature, type, issuer, audience and expiry of a token that this
// server issued. It returns a Refusal for a token that is not accepted. Any other error
// is a failure of the store.
func (s *Server) verify(ctx context.Context, r VerifyRequest, typ, audience string) (jsonobject.Object, error) {
	token, err := jws.Parse(r.Token)
	if err != nil {
		return jsonobject.Object{}, Refusal(err.Error())
	}
	kid, _, err := token.KeyID()
	if err != nil {
		return jsonobject.Object{}, Refusal(err.Error())
	}
	keys, err := s.keys.Verifying(ctx, kid, r.Now)
	if err != nil {
		return jsonobject.Object{}, err
	}
	verified, _, err := token.Verify(keys, nil)
	if err != nil {
		return jsonobject.Object{}, Refusal(err.Error())
	}
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		return jsonobject.Object{}, Refusal(err.Error())
	}
	policy := jwt.Policy{Issuers: []string{s.Issuer}, Type: &typ, Require: []string{"exp"}, IgnoreExp: r.IgnoreExp}
	if !r.AnyAudience {
		policy.Audiences = []string{audience}
	}
	if failed := verdict.Gravest(policy.Check(claims, token.Header, r.Now)); failed != nil {
		return jsonobject.Object{}, Refusal(failed.Detail)
	}
	return claims.Object(), nil
}

// A Bearer holds the claims of an access token that the server uses.
type Bearer struct {
	Subject, Session string
	Client, Scope    string
	Key              string // thumbprint of the DPoP key that it is bound to, or empty
	ID               string // "jti"
	Expires          int64  // Unix seconds
}

// BearerOf reads the claims of an access token. A claim that is missing or of the wrong
// type is empty.
func BearerOf(claims jsonobject.Object) Bearer {
	text := func(path string) string {
		v, _ := claims.Lookup(path)
		s, _ := v.Text()
		return s
	}
	b := Bearer{Subject: text("sub"), Session: text("sid"), ID: text("jti"), Client: text("client_id"), Scope: text("scope"), Key: text("cnf.jkt")}
	if v, ok := claims.Get("exp"); ok {
		if d, ok := jwt.ParseNumericDate(v); ok {
			t, _ := d.Time()
			b.Expires = t.Unix()
		}
	}
	return b
}

// verifyAccess is the standard Rules.VerifyAccess.
func (s *Server) verifyAccess(ctx context.Context, r VerifyRequest) (Bearer, error) {
	claims, err := s.verify(ctx, r, accessType, s.Audience)
	if err != nil {
		return Bearer{}, err
	}
	return BearerOf(claims), nil
}

// checkSession is the standard Rules.CheckSession. It refuses an unexpired token of a
// session that was logged out, or whose user was removed or has another password.
func (s *Server) checkSession(ctx context.Context, b Bearer) error {
	session, err := s.Store.Session(ctx, b.Session)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Refusal("sid: the session is unknown")
	case err != nil:
		return err
	case !session.Revoked.IsZero():
		return Refusal("sid: the session has ended")
	}
	if why := s.whyOver(session); why != "" {
		return Refusal("sid: " + why)
	}
	return nil
}

// whyOver says why a session that is not revoked is over anyway, or returns "". A session
// without a user is one of a client.
func (s *Server) whyOver(session store.Session) string {
	if session.Client != clients.Plain {
		if _, known := s.Clients.Find(session.Client); !known {
			return "the client no longer exists"
		}
	}
	switch {
	case session.User == "":
		return ""
	case !s.Users.Has(session.User):
		return "the user no longer exists"
	case !s.Users.HasCredential(session.User, session.Credential):
		return "the password has changed since the login"
	}
	return ""
}
