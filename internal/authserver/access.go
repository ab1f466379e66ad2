package authserver

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/oauth"
)

const (
	accessType = "at+jwt" // RFC 9068 §2.1
	cartType   = "cart+jwt"

	maxReason = 200 // bytes of an error_description: a token may have much to say
)

// randomID returns 128 random bits: a session's or a token's.
func randomID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return base64url.Encode(b)
}

// issue makes an access token of the session (RFC 9068 §2.2) and returns it with
// its "jti".
func (s *Server) issue(ctx context.Context, session store.Session, now time.Time) (token, id string, err error) {
	id = randomID()
	claims := object(
		member{"iss", jsonobject.Quote(s.Issuer)},
		member{"sub", jsonobject.Quote(session.User)},
		member{"aud", jsonobject.Quote(s.Audience)},
		member{"exp", jsonobject.Int(now.Add(s.AccessTTL).Unix())},
		member{"iat", jsonobject.Int(now.Unix())},
		member{"jti", jsonobject.Quote(id)},
		member{"client_id", jsonobject.Quote(session.Client)},
		member{"sid", jsonobject.Quote(session.ID)},
	)
	token, err = s.sign(ctx, accessType, claims, now)
	return token, id, err
}

// sign makes a token of that type under the key that signs now. The key has shown
// when it was loaded that what it signs verifies: doing so with each token would
// take twice as long as signing it.
func (s *Server) sign(ctx context.Context, typ string, claims []byte, now time.Time) (string, error) {
	key, err := s.keys.signing(ctx, now)
	if err != nil {
		return "", err
	}
	token := base64url.AppendEncode(nil, s.keys.header(typ, key))
	token = append(token, '.')
	token = base64url.AppendEncode(token, claims)
	signature, err := s.keys.alg.Sign(string(token), key.Material(), false)
	if err != nil {
		return "", err
	}
	token = append(token, '.')
	return string(base64url.AppendEncode(token, signature)), nil
}

// A refusal says why a token is not taken, and quotes nothing but the token.
type refusal string

func (r refusal) Error() string { return string(r) }

// verify checks a token of ours: its signature, type, issuer and audience, and
// unless ignoreExp that it has not expired. A token that is not taken is a refusal;
// any other error is a failure of the store.
func (s *Server) verify(ctx context.Context, text, typ, audience string, now time.Time, ignoreExp bool) (jsonobject.Object, error) {
	token, err := jws.Parse(text)
	if err != nil {
		return jsonobject.Object{}, refusal(err.Error())
	}
	kid, _, err := token.KeyID()
	if err != nil {
		return jsonobject.Object{}, refusal(err.Error())
	}
	keys, err := s.keys.verifying(ctx, kid, now)
	if err != nil {
		return jsonobject.Object{}, err
	}
	verified, _, err := token.Verify(keys, nil)
	if err != nil {
		return jsonobject.Object{}, refusal(err.Error())
	}
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		return jsonobject.Object{}, refusal(err.Error())
	}
	policy := jwt.Policy{Issuers: []string{s.Issuer}, Audiences: []string{audience}, Type: &typ, Require: []string{"exp"}, IgnoreExp: ignoreExp}
	if failed := jwt.Gravest(policy.Check(claims, token.Header, now)); failed != nil {
		return jsonobject.Object{}, refusal(failed.Detail)
	}
	return claims.Object(), nil
}

// A bearer is who an access token speaks for.
type bearer struct {
	subject, session, id string
	expires              int64
}

func bearerOf(claims jsonobject.Object) bearer {
	text := func(name string) string {
		v, _ := claims.Get(name)
		s, _ := v.Text()
		return s
	}
	b := bearer{subject: text("sub"), session: text("sid"), id: text("jti")}
	if v, ok := claims.Get("exp"); ok {
		if d, ok := jwt.ParseNumericDate(v); ok {
			t, _ := d.Time()
			b.expires = t.Unix()
		}
	}
	return b
}

// authorize returns whom the request's access token speaks for. ok is false
// where it has none.
func (s *Server) authorize(x *exchange) (b bearer, ok bool, err error) {
	text, ok, err := x.bearer()
	if err != nil || !ok {
		return bearer{}, false, err
	}
	if _, broken := s.faults.take(FaultBearerRefused, x.URL.Path); broken {
		return bearer{}, true, x.refuse(s, "the access token is refused")
	}
	if session, taken := s.takesRefresh(x, text); taken {
		return bearer{subject: session.User, session: session.ID, expires: session.Expires.Unix()}, true, nil
	}
	_, ignoreExp := s.faults.take(FaultExpired, x.URL.Path)
	claims, err := s.verify(x.ctx, text, accessType, s.Audience, x.now, ignoreExp)
	if err != nil {
		var taken bool
		if claims, taken = s.takesUnverified(x, text, ignoreExp); !taken {
			return bearer{}, true, x.refuseFor(s, err)
		}
	}
	b = bearerOf(claims)
	x.user, x.session = b.subject, b.session
	if s.faults.hits(b.id, x.URL.Path) && !ignoreExp {
		return bearer{}, true, x.refuse(s, "exp: the token has expired")
	}
	return b, true, s.alive(x, b)
}

// alive checks that the session has not been ended: a stateless verifier could not.
func (s *Server) alive(x *exchange, b bearer) error {
	if _, broken := s.faults.take(FaultAccessOutlives, x.URL.Path); broken {
		return nil
	}
	session, err := s.Store.Session(x.ctx, b.session)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return x.refuse(s, "sid: there is no such session")
	case err != nil:
		return err
	case !session.Revoked.IsZero():
		return x.refuse(s, "sid: the session has been ended")
	}
	return nil
}

// bearer returns the token of the Authorization header (RFC 6750 §2.1), and false
// where there is no such header.
func (x *exchange) bearer() (string, bool, error) {
	lines := x.Header.Values("Authorization")
	if len(lines) == 0 {
		return "", false, nil
	}
	scheme, token, _ := strings.Cut(lines[0], " ")
	if len(lines) > 1 || !strings.EqualFold(scheme, oauth.Bearer) || token == "" {
		return "", false, invalid("the Authorization header must be one, and Bearer TOKEN")
	}
	return token, true, nil
}

// refuseFor refuses the access token for what verify found wrong with it.
func (x *exchange) refuseFor(s *Server, err error) error {
	var r refusal
	if errors.As(err, &r) {
		return x.refuse(s, string(r))
	}
	return err
}

// refuse answers 401 to an access token (RFC 6750 §3.1). The reason quotes nothing
// but what the token says of itself.
func (x *exchange) refuse(s *Server, reason string) error {
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	x.header.Set("WWW-Authenticate", `Bearer realm="`+s.Issuer+`", error="invalid_token", error_description="`+quotable(reason)+`"`)
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: reason}
}

// quotable keeps what RFC 6750 §3 lets stand in an error_description.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, s)
}

// takesRefresh is FaultRefreshAsAccess.
func (s *Server) takesRefresh(x *exchange, text string) (store.Session, bool) {
	token, ok := parseRefreshToken(text)
	if !ok {
		return store.Session{}, false
	}
	if _, broken := s.faults.take(FaultRefreshAsAccess, x.URL.Path); !broken {
		return store.Session{}, false
	}
	r, session, err := s.Store.Find(x.ctx, token.hash())
	return session, err == nil && r.Live(session, x.now)
}

// takesUnverified is FaultTampered and FaultAlgNone: claims that nobody signed.
func (s *Server) takesUnverified(x *exchange, text string, ignoreExp bool) (jsonobject.Object, bool) {
	token, err := jws.Parse(text)
	if err != nil {
		return jsonobject.Object{}, false
	}
	fault := FaultTampered
	if alg, _ := token.Alg(); strings.EqualFold(alg, jwa.None) {
		fault = FaultAlgNone
	}
	if _, broken := s.faults.peek(fault, x.URL.Path); !broken {
		return jsonobject.Object{}, false
	}
	claims, err := jwt.ParseClaims(token.Payload)
	if err != nil || !ignoreExp && bearerOf(claims).expires <= x.now.Unix() {
		return jsonobject.Object{}, false
	}
	s.faults.take(fault, x.URL.Path)
	return claims, true
}

// me is the protected resource: who is logged in.
func (s *Server) me(x *exchange) error {
	b, ok, err := s.authorize(x)
	if err != nil {
		return err
	}
	if !ok {
		if _, broken := s.faults.take(FaultNoBearer, x.URL.Path); !broken { // RFC 6750 §3.1: no error code then
			return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidToken, Description: "an access token is wanted: Authorization: Bearer TOKEN"}
		}
		b.subject = "anonymous"
	}
	return x.json(http.StatusOK, object(
		member{"sub", jsonobject.Quote(b.subject)},
		member{"username", jsonobject.Quote(b.subject)},
		member{"sid", jsonobject.Quote(b.session)},
		member{"exp", jsonobject.Int(b.expires)},
	))
}
