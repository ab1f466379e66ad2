package authserver

import (
	"errors"
	"net/http"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
)

// login answers POST /login {"username"|"email","password"}.
func (s *Server) login(x *exchange) error {
	body, err := x.read(jsonType)
	if err != nil {
		return err
	}
	request, err := oauth.ParseLogin(body)
	if err != nil {
		return invalid(err.Error())
	}
	if err := s.authenticate(x, request); err != nil {
		return err
	}
	session, token, expires, err := s.begin(x, request.Username)
	if err != nil {
		return err
	}
	tokens, _, err := s.tokens(x, session, token, expires)
	if err != nil {
		return err
	}
	s.setRefreshCookie(x, tokens)
	if x.fromBrowser() { // a page's script never sees the refresh token: the cookie has it
		tokens.RefreshToken, tokens.RefreshExpiresIn = "", 0
	}
	return x.json(http.StatusOK, tokens.JSON())
}

// fromBrowser says whether a page asks: every browser of today sends one of these
// headers with a POST, and no script can leave them out.
func (x *exchange) fromBrowser() bool {
	return x.Header.Get("Sec-Fetch-Site") != "" || x.Header.Get("Origin") != ""
}

// authenticate checks name and password. Whatever is wrong of the two, the answer
// is the same and takes the same time.
func (s *Server) authenticate(x *exchange, l oauth.Login) error {
	if s.Users.has(l.Username) {
		x.user = l.Username
	}
	if err := s.limited(x, l.Username); err != nil {
		return err
	}
	if err := s.gate.enter(x.Context()); err != nil {
		return &oauth.Error{Status: http.StatusServiceUnavailable, Code: oauth.TemporarilyUnavailable, Description: errBusy.Error(), RetryAfter: time.Second}
	}
	defer s.gate.leave()
	// Again, for those who waited while others failed.
	if wait := s.limit.try(l.Username, x.address(), s.Now()); wait > 0 {
		return tooMany(wait)
	}
	if err := s.oddLogin(x, l); !errors.Is(err, errNoFault) {
		s.limit.undo(l.Username, x.address(), s.Now())
		return err
	}
	if !s.Users.matches(l.Username, l.Password) {
		return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidCredentials, Description: "user name or password is wrong"}
	}
	s.limit.succeeded(l.Username, x.address(), s.Now())
	return nil
}

func (s *Server) limited(x *exchange, user string) error {
	if wait := s.limit.wait(user, x.address(), s.Now()); wait > 0 {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error {
	return &oauth.Error{Status: http.StatusTooManyRequests, Code: oauth.TooManyRequests, Description: "too many failed logins", RetryAfter: wait}
}

var errNoFault = errors.New("no fault concerns this login")

// oddLogin carries out the faults of logging in.
func (s *Server) oddLogin(x *exchange, l oauth.Login) error {
	path := x.URL.Path
	if _, broken := s.faults.take(FaultLoginBroken, path); broken {
		return &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidCredentials, Description: "user name or password is wrong"}
	}
	if s.Users.has(l.Username) {
		if _, broken := s.faults.take(FaultAnyPassword, path); broken {
			return nil
		}
	} else if _, broken := s.faults.take(FaultErrorsDiffer, path); broken {
		return &oauth.Error{Status: http.StatusNotFound, Code: "unknown_user", Description: "there is no such user"}
	}
	return errNoFault
}

// begin starts a session.
func (s *Server) begin(x *exchange, user string) (store.Session, refreshToken, time.Time, error) {
	token, expires := newRefreshToken(), milli(x.now.Add(s.RefreshTTL))
	session := store.Session{
		ID: randomID(), User: user, Client: clientID, Created: x.now,
		Expires: milli(x.now.Add(max(s.RefreshTTL, s.AccessTTL))),
	}
	x.session = session.ID
	err := s.Store.Begin(x.ctx, session, token.hash(), store.Refresh{Session: session.ID, Issued: x.now, Expires: expires})
	x.committed = err == nil
	return session, token, expires, err
}

// logout answers POST /logout: it ends the session of the refresh token, in the
// cookie or the body, and that of the access token. As in RFC 7009 §2.2, a token
// that is unknown is no error: its session is as ended as can be.
func (s *Server) logout(x *exchange) error {
	p, err := x.presentedToken(true)
	if err != nil {
		return err
	}
	if _, broken := s.faults.take(FaultLogoutBroken, x.URL.Path); broken {
		return &oauth.Error{Status: http.StatusInternalServerError, Code: oauth.ServerError, Description: "a fault on demand"}
	}
	sessions, err := s.named(x, p)
	if err != nil {
		return err
	}
	if _, broken := s.faults.take(FaultLogoutKeeps, x.URL.Path); broken {
		sessions = nil
	}
	for _, id := range sessions {
		if err := s.Store.Revoke(x.ctx, id, x.now); err != nil {
			return err
		}
		x.session, x.committed, x.note = id, true, "revoked"
	}
	if _, broken := s.faults.take(FaultCookieStays, x.URL.Path); !broken {
		s.clearCookie(x, oauth.RefreshCookie)
	}
	x.status = http.StatusNoContent
	return nil
}

// named are the sessions of the tokens in a request. An access token that has
// expired still names its own.
func (s *Server) named(x *exchange, p presented) ([]string, error) {
	var ids []string
	if token, ok := parseRefreshToken(p.text); ok {
		_, session, err := s.Store.Find(x.ctx, token.hash())
		switch {
		case err == nil:
			ids = append(ids, session.ID)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if text, ok, err := x.bearer(); err == nil && ok {
		if claims, err := s.verify(x.ctx, text, accessType, s.Audience, x.now, true); err == nil {
			ids = append(ids, bearerOf(claims).session)
		}
	}
	return ids, nil
}
