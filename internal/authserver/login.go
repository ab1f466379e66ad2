package authserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/oauth"
)

// login answers POST /login {"username"|"email","password"}.
func (s *Server) login(x *exchange) error {
	body, err := x.readJSON()
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
	session, token, expires, err := s.beginSession(x, request.Username)
	if err != nil {
		return err
	}
	tokens, err := s.tokens(x, session, token.Text(), expires)
	if err != nil {
		return err
	}
	x.setRefreshCookie(tokens)
	if x.fromBrowser() { // scripts of a page must not see the refresh token, so it is only in the cookie
		tokens.RefreshToken, tokens.RefreshExpiresIn = "", 0
	}
	return x.json(http.StatusOK, tokens.JSON())
}

// fromBrowser reports whether a web page sent the request. Browsers add one of these
// headers to every POST, and scripts cannot remove them.
func (x *exchange) fromBrowser() bool {
	return x.Request.Header.Get("Sec-Fetch-Site") != "" || x.Request.Header.Get("Origin") != ""
}

// authenticate checks the user and the password. The answer and its time do not reveal
// which of them is wrong, so that an attacker cannot find out user names.
func (s *Server) authenticate(x *exchange, l oauth.Login) error {
	if s.Users.Has(l.Username) {
		x.user = l.Username
	}
	if wait := s.limit.Wait(l.Username, address(x.Request), s.Now()); wait > 0 {
		return tooMany(wait)
	}
	if err := s.gate.Enter(x.Context()); err != nil {
		return &oauth.Error{Status: http.StatusServiceUnavailable, Code: oauth.TemporarilyUnavailable, Description: users.ErrBusy.Error(), RetryAfter: time.Second}
	}
	defer s.gate.Leave()
	// Check again: other logins may have failed while this one waited.
	if wait := s.limit.Try(l.Username, address(x.Request), s.Now()); wait > 0 {
		return tooMany(wait)
	}
	err := s.rules.CheckPassword(x.ctx, l.Username, l.Password)
	switch {
	case err == nil:
		s.limit.Succeeded(l.Username, address(x.Request), s.Now())
	case !errors.Is(err, ErrWrongPassword):
		s.limit.Undo(l.Username, address(x.Request), s.Now())
	}
	return err
}

// ErrWrongPassword answers a login with an unknown user or a wrong password.
var ErrWrongPassword = &oauth.Error{Status: http.StatusUnauthorized, Code: oauth.InvalidCredentials, Description: "user name or password is wrong"}

// checkPassword is the standard Rules.CheckPassword.
func (s *Server) checkPassword(_ context.Context, user, password string) error {
	if !s.Users.Matches(user, password) {
		return ErrWrongPassword
	}
	return nil
}

func tooMany(wait time.Duration) error {
	return &oauth.Error{Status: http.StatusTooManyRequests, Code: oauth.TooManyRequests, Description: "too many failed logins", RetryAfter: wait}
}

// beginSession stores a new session and its first refresh token.
func (s *Server) beginSession(x *exchange, user string) (store.Session, refreshtoken.Token, time.Time, error) {
	token, expires := refreshtoken.New(), milli(x.now.Add(s.RefreshTTL))
	session := store.Session{
		ID: token.Session(), User: user, Client: clients.Plain, Created: x.now,
		Expires: milli(x.now.Add(max(s.RefreshTTL, s.AccessTTL))), Credential: s.Users.Credential(user),
	}
	x.session = session.ID
	err := s.Store.Begin(x.ctx, session, token.ID(), store.Refresh{Session: session.ID, Issued: x.now, Expires: expires})
	return session, token, expires, err
}
