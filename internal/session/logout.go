package session

import (
	"context"
	"time"

	"jwt/internal/issuer"
	"jwt/internal/verdict"
)

// A Farewell says what came of a logout. The session is gone here in any case.
type Farewell struct {
	Server, User string
	// Revoked: the server took the logout. Unknown: it said that it has no such
	// session any more. Err: neither, and why.
	Revoked, Unknown bool
	Err              error
	// Access is the fate of the access token, AccessExpires when it ends anyway.
	Access        Fate
	AccessExpires time.Time
	// RefreshExpires is when a refresh token ends that was not revoked.
	RefreshExpires time.Time
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
// server says. An error means that it could not be removed, or was not there.
func (c *Client) Logout(ctx context.Context) (Farewell, error) {
	ctx = context.WithoutCancel(ctx)
	if _, err := c.Store.Peek(c.Name); verdict.ClassOf(err) == verdict.NotLoggedIn || verdict.ClassOf(err) == verdict.Usage {
		return Farewell{}, err
	}
	unlock, err := c.Store.lock(ctx, c.Name)
	if err == nil {
		defer unlock()
	} else if verdict.ClassOf(err) != verdict.SessionBusy {
		return Farewell{}, err
	}
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return c.wipeUnread(err)
	}
	f := Farewell{Server: s.Server, User: s.User, AccessExpires: s.AccessExpires, RefreshExpires: s.RefreshExpires}
	server, err := c.server(s)
	if err != nil {
		f.Err = err
	} else {
		known, err := server.Logout(ctx, held(s))
		f.Revoked, f.Unknown, f.Err = err == nil && known, err == nil && !known, err
	}
	if err := c.wipe(s); err != nil {
		return f, err
	}
	f.Access = FateUnknown
	if !s.Alive(c.Now()) {
		f.Access = FateExpired
	} else if f.Err == nil {
		f.Access = c.fate(ctx, server, s)
	}
	return f, nil
}

// wipe removes the session here, and the key it was sealed under.
func (c *Client) wipe(s *Session) error {
	if err := c.Store.remove(c.Name); err != nil {
		return err
	}
	if s.Store == Keyring {
		if err := c.Store.forget(c.Name); err != nil {
			c.Notice("the session's key is still in the keyring, and opens nothing any more: " + err.Error())
		}
	}
	return nil
}

// wipeUnread removes a session whose secrets cannot be read.
func (c *Client) wipeUnread(why error) (Farewell, error) {
	if verdict.ClassOf(why) == verdict.NotLoggedIn {
		return Farewell{}, why // another process was first
	}
	if err := c.Store.remove(c.Name); err != nil {
		return Farewell{}, err
	}
	return Farewell{Err: why}, nil
}

// fate asks once more with the access token, for a moment only.
func (c *Client) fate(ctx context.Context, server *issuer.Server, s *Session) Fate {
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
