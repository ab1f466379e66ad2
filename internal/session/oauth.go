package session

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

// A readyLogin is a login that has what it needs from the user, and can ask for tokens.
type readyLogin struct {
	server *authclient.Client
	// ask fails with *authclient.Pending while the user has not decided.
	ask  func(context.Context) (authclient.Grant, error)
	wait time.Duration // before the first request
}

// ready does the part of a login that needs the user, before anything is locked: a person
// takes minutes, and other processes use the session meanwhile.
func (c *Client) ready(ctx context.Context, server *authclient.Client, l Login) (readyLogin, error) {
	if l.OAuth == nil {
		return readyLogin{server: server, ask: func(ctx context.Context) (authclient.Grant, error) {
			if err := c.mayLogIn(l); err != nil {
				return authclient.Grant{}, err
			}
			g, err := server.Login(ctx, l.User, l.Password)
			c.rememberLogin(l, err)
			return g, err
		}}, nil
	}
	if err := c.mayStore(ctx); err != nil {
		return readyLogin{}, err
	}
	credential := authclient.Credential{User: l.User, Password: l.Password, SubjectToken: l.SubjectToken, SubjectType: l.SubjectType}
	attempt, err := server.Begin(ctx, credential, l.Dialog)
	if err != nil {
		return readyLogin{}, err
	}
	ask := func(ctx context.Context) (authclient.Grant, error) { return server.Redeem(ctx, attempt) }
	return readyLogin{server, ask, attempt.Interval()}, nil
}

// Prepare completes a login at an OAuth 2.0 server from the metadata of the server. issuer is
// the server as the user spells it. With register it registers a client if the user named no client.
func (c *Client) Prepare(ctx context.Context, l *Login, issuer string, register bool) error {
	server, err := c.server(&Session{Name: c.Name, Server: l.Server.String(), Preset: cmp.Or(l.Preset, "oauth2"), OAuth: l.OAuth})
	if err != nil {
		return err
	}
	if err := server.Describe(ctx, issuer); err != nil {
		return err
	}
	if l.Preset == "" {
		l.Preset = authclient.PresetFor(l.OAuth.Server.Metadata)
		if server.Preset, err = c.Presets(l.Preset); err != nil {
			return err
		}
	}
	return server.Prepare(ctx, register)
}

// mayStore refuses a session that could not be saved, before the user is asked.
func (c *Client) mayStore(ctx context.Context) error {
	unlock, err := c.Store.lock(ctx, c.Name, lockTimeout)
	if err != nil {
		return err
	}
	defer unlock()
	w, err := c.Store.prepare(c.Name, reserve)
	if err != nil {
		return err
	}
	w.abandon()
	return nil
}

// reserve returns the disk space for the file of a new session. That of OAuth has the
// metadata of the server and an ID token.
func (s *Session) reserve() int {
	if s.OAuth != nil {
		return 4 * reserve
	}
	return reserve
}

// obtain asks for tokens as often as the server says that the user has not decided, and
// saves the session. Between two requests the session is not locked.
func (c *Client) obtain(ctx context.Context, s *Session, from readyLogin) (replaced *Session, err error) {
	for wait := from.wait; ; {
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
		replaced, err = c.obtainOnce(ctx, s, from)
		var pending *authclient.Pending
		if !errors.As(err, &pending) {
			return replaced, err
		}
		wait = pending.Wait
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
}

// authorize adds the access token to the header of a call.
func (c *Client) authorize(h http.Header, method string, u *url.URL, s *Session) error {
	if s.OAuth != nil {
		return s.OAuth.Authorize(h, method, u, s.AccessToken, c.Now())
	}
	h.Set("Authorization", "Bearer "+s.AccessToken)
	return nil
}

// keepNonce saves the DPoP-Nonce of an answer, for the next process.
func (c *Client) keepNonce(ctx context.Context, seen *Session, u *url.URL, h http.Header) error {
	if seen.OAuth == nil || !seen.OAuth.KeepNonce(u, h) {
		return nil
	}
	return c.change(ctx, seen, func(s *Session) bool { return s.OAuth != nil && s.OAuth.KeepNonce(u, h) })
}

// transportFor returns the transport for requests with the session's credentials. A client
// with a certificate shows it to every server that gets a token (RFC 8705 §3).
func (c *Client) transportFor(s *Session) (http.RoundTripper, error) {
	if s.OAuth == nil || s.OAuth.Certificate == "" {
		return c.base(), nil
	}
	if held := c.certified.Load(); held != nil && held.certificate == s.OAuth.Certificate && held.key == s.OAuth.TLSKey {
		return held.transport, nil
	}
	transport, err := httpclient.WithCertificate(c.limited(), s.OAuth.Certificate, s.OAuth.TLSKey)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the client's TLS certificate and key: %w", err).Hintf("--tls-cert FILE --tls-key FILE, both PEM")
	}
	transport = c.recorded(transport)
	if base, ok := c.base().(*tracer); ok {
		transport = base.around(transport)
	}
	c.certified.Store(&certified{s.OAuth.Certificate, s.OAuth.TLSKey, transport})
	return transport, nil
}

// A certified is a transport that shows a certificate to servers.
type certified struct {
	certificate, key string // PEM
	transport        http.RoundTripper
}

// RunnerToken fetches the ID token of a CI job from its runner.
func (c *Client) RunnerToken(ctx context.Context, u *url.URL, secret string) (string, error) {
	server := &authclient.Client{URL: u, Transport: c.base(), UserAgent: c.UserAgent, Now: c.Now, Timeout: c.Timeout}
	return server.RunnerToken(ctx, u, secret)
}
