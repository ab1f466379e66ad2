package session

import (
	"context"
	"fmt"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/verdict"
)

// A Farewell says what came of a logout.
type Farewell struct {
	Server, User string
	// Revoked: the server took the logout. Unknown: it has no such session any more.
	// Err: neither, and why.
	Revoked, Unknown bool
	Err              error
	// Access is the fate of the access token, AccessExpires when it ends anyway.
	Access        Fate
	AccessExpires time.Time
	// RefreshExpires is when a refresh token ends that was not revoked.
	RefreshExpires time.Time
	// Kept is why the session is still here; nil where it is gone, as it mostly is.
	Kept error
}

// A Fate is what becomes of an access token after logout.
type Fate string

// The fates.
const (
	FateUnknown  Fate = "unknown"  // nobody could be asked
	FateAccepted Fate = "accepted" // the server still takes it
	FateRefused  Fate = "refused"  // the server takes it no more
	FateExpired  Fate = "expired"
)

// Logout asks the server to revoke the session and removes it here, whatever the
// server says. An error means that there was no session, or none that could be
// read and removed.
func (c *Client) Logout(ctx context.Context) (Farewell, error) {
	defer c.finishing(ctx, "the logout that has begun is finished first")()
	ctx = context.WithoutCancel(ctx)
	if _, err := c.Store.Peek(c.Name); verdict.ClassOf(err) == verdict.NotLoggedIn || verdict.ClassOf(err) == verdict.Usage {
		return Farewell{}, err
	}
	if unlock, err := c.Store.lock(ctx, c.Name, lockTimeout); err == nil { // who cannot have it, logs out all the same
		defer unlock()
	}
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return c.wipeUnread(err)
	}
	f := Farewell{Server: s.Server, User: s.User, AccessExpires: s.AccessExpires, RefreshExpires: s.RefreshExpires}
	f.Access = FateUnknown
	h := held(s)
	if !s.Alive(c.Now()) {
		f.Access = FateExpired
		h.AccessToken = "" // a server that refuses it might refuse the logout with it
	}
	known := false
	server, err := c.server(s)
	if err == nil {
		known, err = server.Logout(ctx, h)
	}
	f.Err = err
	f.Kept = c.wipe(s)
	if f.Err == nil && f.Access == FateUnknown {
		f.Access = c.fate(ctx, server, s)
	}
	f.judge(s, known, c.Now())
	return f, nil
}

// judge says what an answer to the logout was worth. A 401 says that the session
// is gone, or that the server did not like how it was asked: the first is believed
// only where something else says so too.
func (f *Farewell) judge(s *Session, known bool, now time.Time) {
	switch {
	case f.Err != nil:
	case known:
		f.Revoked = true
	case f.Access == FateRefused, s.Ended != nil, f.Access == FateExpired && !s.Refreshable(now):
		f.Unknown = true
	case f.Access == FateAccepted:
		f.Err = verdict.Errorf(verdict.FetchFailed, "%s: the server answered the logout with 401 Unauthorized, and still takes the access token", f.Server)
	default:
		f.Err = verdict.Errorf(verdict.FetchFailed, "%s: the server answered the logout with 401 Unauthorized, and nothing says that the session is gone", f.Server)
	}
}

// wipe removes the session here, and the key it was sealed under.
func (c *Client) wipe(s *Session) error {
	kept := c.forget()
	if s.Store == Keyring {
		if err := c.Store.forget(c.Name); err != nil {
			c.Notice("the session's key is still in the keyring: " + err.Error())
		}
	}
	return kept
}

// forget removes the session's file. One that cannot be removed is overwritten.
func (c *Client) forget() error {
	wiped, err := c.Store.remove(c.Name)
	if wiped {
		c.Notice(fmt.Sprintf("%v; nothing of the session is in it any more", err))
		return nil
	}
	return err
}

// wipeUnread removes a session whose secrets cannot be read.
func (c *Client) wipeUnread(why error) (Farewell, error) {
	if verdict.ClassOf(why) == verdict.NotLoggedIn {
		return Farewell{}, why // another process was first
	}
	return Farewell{Err: why, Kept: c.forget()}, nil
}

// fate asks once more with the access token, for a moment only.
func (c *Client) fate(ctx context.Context, server *authclient.Client, s *Session) Fate {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch accepts, known := server.Accepts(ctx, held(s)); {
	case !known:
		return FateUnknown
	case accepts:
		return FateAccepted
	default:
		return FateRefused
	}
}
