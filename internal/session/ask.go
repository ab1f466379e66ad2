package session

import (
	"context"

	"jwt/internal/authclient"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// Whoami returns what the server says about the user of the session. If the server refuses
// the access token, it is refreshed once.
func (c *Client) Whoami(ctx context.Context) (jsonobject.Object, error) {
	s, err := c.Token(ctx, 0)
	if err != nil {
		return jsonobject.Object{}, err
	}
	server, err := c.server(s)
	if err != nil {
		return jsonobject.Object{}, err
	}
	answer, err := server.Whoami(ctx, s.tokens())
	if authclient.IsUnauthorized(err) && s.Refreshable(c.Now()) {
		if s, _, err = c.Refresh(ctx, s, 0); err != nil {
			return jsonobject.Object{}, err
		}
		if server, err = c.server(s); err == nil {
			answer, err = server.Whoami(ctx, s.tokens())
		}
	}
	return answer, c.keepNonces(ctx, s, err)
}

// Introspect returns what the server says about the access token or the refresh token. It
// refreshes nothing.
func (c *Client) Introspect(ctx context.Context, refresh bool) (jsonobject.Object, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return jsonobject.Object{}, err
	}
	server, err := c.server(s)
	if err != nil {
		return jsonobject.Object{}, err
	}
	if refresh && s.RefreshToken == "" {
		return jsonobject.Object{}, verdict.Errorf(verdict.Usage, "session %s: the server gave no refresh token", c.Name)
	}
	answer, err := server.Introspect(ctx, s.tokens(), refresh)
	return answer, c.keepNonces(ctx, s, err)
}

// keepNonces saves the DPoP nonces that the requests of s were given, and returns err or why
// they were not saved.
func (c *Client) keepNonces(ctx context.Context, s *Session, err error) error {
	if s.OAuth == nil || len(s.OAuth.Nonces) == 0 {
		return err
	}
	saveErr := c.change(ctx, s, func(stored *Session) bool { return stored.OAuth != nil && stored.OAuth.TakeNonces(s.OAuth) })
	if err == nil {
		err = saveErr
	}
	return err
}
