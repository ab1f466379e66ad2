package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/verdict"
)

// A LogoutResult is the result of a logout.
type LogoutResult struct {
	Server, User string
	Revoked      bool  // the server revoked the session
	Unknown      bool  // the server does not have the session any more
	OnlyExpires  bool  // the server has nothing to revoke: the access token ends when it expires
	Err          error // why neither is known

	Access         AccessState // of the access token after the logout
	AccessExpires  time.Time
	HasRefresh     bool      // there was a refresh token
	RefreshExpires time.Time // when one that was not revoked expires

	// LoginPage is the address at which the user ends the login in the browser, where it may
	// live on; else "".
	LoginPage string

	Kept error // why the session's file still exists; nil if it was removed
}

// An AccessState says whether the server still accepts an access token.
type AccessState string

// Values of AccessState.
const (
	AccessUnknown  AccessState = "unknown"  // the server could not be asked
	AccessAccepted AccessState = "accepted" //
	AccessRefused  AccessState = "refused"  //
	AccessExpired  AccessState = "expired"
)

// Logout asks the server to revoke the session, and removes its file whatever the answer
// is. An error means that there was no session.
func (c *Client) Logout(ctx context.Context) (LogoutResult, error) {
	defer c.noticeOnCancel(ctx, "the logout that has begun is finished first")()
	ctx = context.WithoutCancel(ctx)
	if _, err := c.Store.Peek(c.Name); verdict.ClassOf(err) == verdict.NotLoggedIn || verdict.ClassOf(err) == verdict.Usage {
		return LogoutResult{}, err
	}
	if unlock, err := c.Store.lock(ctx, c.Name, lockTimeout); err == nil { // a logout goes on without the lock
		defer unlock()
	}
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return c.removeUnreadable(err)
	}
	f := LogoutResult{Server: s.Server, User: s.Who(), AccessExpires: s.AccessExpires, HasRefresh: s.RefreshToken != "", RefreshExpires: s.RefreshExpires}
	f.Access = AccessUnknown
	tokens := s.tokens()
	if !s.Alive(c.Now()) {
		f.Access = AccessExpired
		tokens.AccessToken = "" // the server might refuse the logout because of it
	}
	known := false
	server, err := c.server(s)
	if err == nil {
		known, err = server.Logout(ctx, tokens)
	}
	f.OnlyExpires = errors.Is(err, authclient.ErrOnlyExpires)
	if !f.OnlyExpires {
		f.Err = err
	}
	f.Kept = c.removeAll(s)
	if server != nil && f.Err == nil {
		f.LoginPage = endSession(ctx, server)
	}
	if f.Err == nil && f.Access == AccessUnknown {
		f.Access = accessState(ctx, server, s)
	}
	f.conclude(s, known, c.Now())
	return f, nil
}

// conclude sets Revoked, Unknown or Err from an answer. A 401 means that the session is
// gone or that the request was refused for another reason. It is taken to mean that the
// session is gone only if something else confirms it.
func (f *LogoutResult) conclude(s *Session, known bool, now time.Time) {
	switch {
	case f.Err != nil, f.OnlyExpires:
	case known:
		f.Revoked = true
	case f.Access == AccessRefused, s.Ended != nil, f.Access == AccessExpired && !s.Refreshable(now):
		f.Unknown = true
	case f.Access == AccessAccepted:
		f.Err = verdict.Errorf(verdict.FetchFailed, "%s: the server answered the logout with 401 Unauthorized, and still accepts the access token", f.Server)
	default:
		f.Err = verdict.Errorf(verdict.FetchFailed, "%s: the server answered the logout with 401 Unauthorized, and nothing else shows that the session is gone", f.Server)
	}
}

// removeAll removes the session's file and its key in the keyring.
func (c *Client) removeAll(s *Session) error {
	kept := c.removeFile()
	if s.Store == StoreKeyring {
		if err := c.Store.deleteKey(s.ID); err != nil {
			c.Notice("the session's key is still in the keyring: " + err.Error())
		}
	}
	return kept
}

// removeFile removes the session's file, or overwrites it.
func (c *Client) removeFile() error {
	wiped, err := c.Store.remove(c.Name)
	if wiped {
		c.Notice(fmt.Sprintf("%v; its content was overwritten", err))
		return nil
	}
	return err
}

// removeUnreadable removes a session whose secrets cannot be read.
func (c *Client) removeUnreadable(why error) (LogoutResult, error) {
	if verdict.ClassOf(why) == verdict.NotLoggedIn {
		return LogoutResult{}, why // another process removed it first
	}
	return LogoutResult{Err: why, Kept: c.removeFile()}, nil
}

// endSession asks the server to end the login of the browser. It waits only a short time.
func endSession(ctx context.Context, server *authclient.Client) (page string) {
	const timeout = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return server.EndSession(ctx)
}

// accessState asks the server whether it still accepts the token. It waits only a short
// time.
func accessState(ctx context.Context, server *authclient.Client, s *Session) AccessState {
	const timeout = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch accepts, known := server.Accepts(ctx, s.tokens()); {
	case !known:
		return AccessUnknown
	case accepts:
		return AccessAccepted
	default:
		return AccessRefused
	}
}
