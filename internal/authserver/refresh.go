package authserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
	"jwt/internal/oauth"
)

// A refreshToken is 256 random bits. The store knows its hash.
type refreshToken [32]byte

func newRefreshToken() (t refreshToken) {
	rand.Read(t[:])
	return t
}

// parseRefreshToken reads the one spelling a token has.
func parseRefreshToken(s string) (t refreshToken, ok bool) {
	if len(s) != base64url43 {
		return t, false
	}
	b, err := base64url.Decode(s)
	if err != nil {
		return t, false
	}
	return refreshToken(b), true
}

const base64url43 = 43 // characters of 32 bytes

func (t refreshToken) text() string     { return base64url.Encode(t[:]) }
func (t refreshToken) hash() store.Hash { return sha256.Sum256(t[:]) }

// seal hides the successor of t from everybody who does not hold t: the store alone
// does not give it away. A token has one successor, so the pad is used once.
// Unsealing is sealing again.
func (t refreshToken) seal(successor []byte) []byte {
	pad := hmac.New(sha256.New, t[:])
	pad.Write([]byte("successor"))
	out := make([]byte, len(refreshToken{}))
	subtle.XORBytes(out, pad.Sum(nil), successor)
	return out
}

// A presented refresh token, and how it came: the answer goes back the same way.
type presented struct {
	text             string
	inCookie, inBody bool
}

// presentedToken finds the refresh token in a plain request: the JSON body, or the
// cookie. The body is what the client chose to say, so it comes first.
func (x *exchange) presentedToken(cookieToo bool) (presented, error) {
	body, err := x.read(jsonType)
	if err != nil {
		return presented{}, err
	}
	var p presented
	if len(body) > 0 {
		r, err := oauth.ParseRefresh(body)
		if err != nil {
			return presented{}, invalid(err.Error())
		}
		p.text, p.inBody = r.RefreshToken, r.RefreshToken != ""
	}
	if !cookieToo {
		return p, nil
	}
	cookie, err := x.cookie(oauth.RefreshCookie)
	if err != nil {
		return presented{}, err
	}
	if p.inCookie = cookie != ""; !p.inBody {
		p.text = cookie
	}
	return p, nil
}

// cookie returns the value of a cookie, "" where there is none. Two that differ
// are refused: one of them was planted by a neighbour.
func (x *exchange) cookie(name string) (string, error) {
	cookies := x.CookiesNamed(name)
	for _, c := range cookies {
		if c.Value != cookies[0].Value {
			return "", invalid("the cookie " + name + " is there twice")
		}
	}
	if len(cookies) == 0 {
		return "", nil
	}
	return cookies[0].Value, nil
}

// refresh answers POST /refresh: the token in the cookie or in a JSON body.
func (s *Server) refresh(x *exchange) error { return s.plainRefresh(x, true) }

// token answers POST /token: {"refreshToken"}, or the form of RFC 6749 §6.
func (s *Server) token(x *exchange) error {
	if x.mediaType() != formType {
		return s.plainRefresh(x, false)
	}
	body, err := x.read(formType)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return invalid("the body is no form")
	}
	for _, values := range form {
		if len(values) > 1 { // RFC 6749 §3.2
			return invalid("a parameter is there twice")
		}
	}
	switch grant := form.Get("grant_type"); grant {
	case "":
		return invalid("grant_type is wanted")
	case oauth.GrantRefreshToken:
	default:
		return &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UnsupportedGrantType, Description: "grant_type must be refresh_token"}
	}
	tokens, err := s.renew(x, form.Get("refresh_token"))
	if err != nil {
		var e *oauth.Error
		if errors.As(err, &e) && e.Code == oauth.InvalidGrant {
			e.Status = http.StatusBadRequest // RFC 6749 §5.2
		}
		return err
	}
	x.header.Set("Pragma", "no-cache") // RFC 6749 §5.1
	return x.json(http.StatusOK, tokens.OAuthJSON())
}

func (s *Server) plainRefresh(x *exchange, cookieToo bool) error {
	p, err := x.presentedToken(cookieToo)
	if err != nil {
		return err
	}
	tokens, err := s.renew(x, p.text)
	if err != nil {
		var e *oauth.Error
		if p.inCookie && !p.inBody && errors.As(err, &e) && e.Code == oauth.InvalidGrant {
			s.clearCookie(x, oauth.RefreshCookie)
		}
		return err
	}
	if p.inCookie {
		s.setRefreshCookie(x, tokens)
	}
	if !p.inBody {
		tokens.RefreshToken, tokens.RefreshExpiresIn = "", 0
	}
	return x.json(http.StatusOK, tokens.JSON())
}

// renew spends a refresh token and returns what it buys.
func (s *Server) renew(x *exchange, text string) (oauth.Tokens, error) {
	if text == "" {
		return oauth.Tokens{}, s.dead("there is no refresh token")
	}
	if _, broken := s.faults.take(FaultRefreshBroken, x.URL.Path); broken {
		return oauth.Tokens{}, s.dead("the refresh token is refused")
	}
	token, ok := parseRefreshToken(text)
	if !ok {
		return s.renewByAccess(x, text)
	}
	session, next, expires, err := s.rotate(x, token)
	if err != nil {
		return oauth.Tokens{}, err
	}
	tokens, id, err := s.tokens(x, session, next, expires)
	if _, broken := s.faults.take(FaultRetryRefused, x.URL.Path); broken {
		s.faults.expire(id)
	}
	return tokens, err
}

// rotate is the rule: one atomic step in the store decides.
func (s *Server) rotate(x *exchange, token refreshToken) (store.Session, refreshToken, time.Time, error) {
	if session, next, expires, err, broken := s.rotateWrongly(x, token); broken {
		return session, next, expires, err
	}
	next := newRefreshToken()
	spend := store.Spend{
		Token: token.hash(), Next: next.hash(), Now: x.now, Grace: s.grace(x),
		Expires:        milli(x.now.Add(s.RefreshTTL)),
		SessionExpires: milli(x.now.Add(max(s.RefreshTTL, s.AccessTTL))),
	}
	if spend.Grace > 0 {
		spend.Sealed = token.seal(next[:])
	}
	r, err := s.Store.Rotate(x.ctx, spend)
	if err != nil {
		return store.Session{}, next, time.Time{}, err
	}
	x.committed = r.Outcome == store.Rotated || r.Outcome == store.Reused
	x.user, x.session, x.note = r.Session.User, r.Session.ID, string(r.Outcome)
	if r.Outcome == store.Replayed {
		copy(next[:], token.seal(r.Sealed))
	}
	return r.Session, next, r.Expires, s.outcomeError(r)
}

// grace is how long a spent token gives its successor.
func (s *Server) grace(x *exchange) time.Duration {
	if f, ok := s.faults.take(FaultGrace, x.URL.Path); ok {
		return f.Value
	}
	return s.ReuseGrace
}

// outcomeError is what the client is told. Whoever presents a token of 256 bits
// held it once: why it is dead is no secret to them.
func (s *Server) outcomeError(r store.Rotation) error {
	switch r.Outcome {
	case store.Rotated, store.Replayed:
		if !s.Users.has(r.Session.User) {
			return s.dead("the user is no more")
		}
		return nil
	case store.Reused:
		return s.dead("the refresh token was used before: the session is revoked")
	case store.Revoked:
		return s.dead("the session is revoked")
	case store.Expired:
		return s.dead("the refresh token has expired")
	default:
		return s.dead("the refresh token is unknown")
	}
}

// dead says that no access token is to be had: log in again.
func (s *Server) dead(why string) error {
	return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidGrant, Description: why}
}

// tokens makes the answer to a login or a refresh.
func (s *Server) tokens(x *exchange, session store.Session, refresh refreshToken, expires time.Time) (oauth.Tokens, string, error) {
	access, id, err := s.issue(x.ctx, session, x.now)
	return oauth.Tokens{
		AccessToken:      access,
		RefreshToken:     refresh.text(),
		TokenType:        oauth.Bearer,
		ExpiresIn:        int64(s.AccessTTL / time.Second),
		RefreshExpiresIn: int64(expires.Sub(x.now) / time.Second),
	}, id, err
}
