package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// A Client uses one session. Several goroutines and processes may use the same
// one at once. Its fields must not change once it is in use.
type Client struct {
	Store     *Store
	Name      string
	Presets   func(name string) (authclient.Preset, error)
	HTTP      *http.Client // gives the transport; nil for the usual one
	UserAgent string
	Timeout   time.Duration // of one exchange; 0 means authclient.ExchangeTimeout
	Now       func() time.Time
	Notice    func(string) // what the user should know of and is no failure
	Trace     io.Writer    // of requests and answers, secrets redacted, a line a write or more; nil for none

	once      sync.Once
	transport http.RoundTripper
	unsaved   atomic.Pointer[error]
}

// Unsaved returns why cookies that the server set were not kept, or nil.
func (c *Client) Unsaved() error {
	if err := c.unsaved.Load(); err != nil {
		return *err
	}
	return nil
}

// base returns the bounded transport, which is made when it is first needed.
func (c *Client) base() http.RoundTripper {
	c.once.Do(func() {
		c.transport = httpclient.Transport(c.HTTP, 0)
		if c.Trace != nil {
			c.transport = &tracer{base: c.transport, out: c.Trace, now: c.Now}
		}
	})
	return c.transport
}

// server returns how the session's server is spoken to. Cookies that it sets
// stand in s afterwards.
func (c *Client) server(s *Session) (*authclient.Client, error) {
	c.conceal(s)
	preset, err := c.preset(s)
	if err != nil {
		return nil, err
	}
	u, err := authclient.ParseServer(s.Server)
	if err != nil {
		return nil, err
	}
	return &authclient.Client{
		URL: u, Preset: preset, Transport: c.base(), UserAgent: c.UserAgent, Now: c.Now, Timeout: c.Timeout,
		Jar: jar{session: s, withheld: withheld(preset, s), now: c.Now},
	}, nil
}

// preset is the one that the session was made with.
func (c *Client) preset(s *Session) (authclient.Preset, error) {
	preset, err := c.Presets(s.Preset)
	if errors.Is(err, authclient.ErrNoPreset) {
		return preset, verdict.Errorf(verdict.Usage, "session %s: %w", s.Name, err).Hintf("is it gone from config.toml?")
	}
	return preset, err
}

// withheld tells the cookies that hold the refresh token: those are not the
// jar's. It goes to the server when it is to be refreshed or revoked, not with
// every request.
func withheld(p authclient.Preset, s *Session) func(name, value string) bool {
	cookie := p.Tokens.RefreshCookie()
	return func(name, value string) bool {
		return name == cookie && cookie != "" || value != "" && value == s.RefreshToken
	}
}

// A Login says who logs in where.
type Login struct {
	Server   *url.URL // as authclient.ParseServer gives it
	Preset   string
	User     string
	Password []byte
	Store    Mode
}

// Login authenticates and stores the session, in the place of an older one of
// that name. That it can be stored is known before the password leaves.
func (c *Client) Login(ctx context.Context, l Login) (*Session, error) {
	unlock, err := c.Store.lock(ctx, c.Name, lockTimeout)
	if err != nil {
		return nil, err
	}
	defer unlock()
	w, err := c.Store.prepare(c.Name, reserve)
	if err != nil {
		return nil, err
	}
	defer w.abandon()
	mode, why, err := c.Store.settle(c.Name, l.Store)
	if err != nil {
		return nil, err
	}
	s := &Session{
		Name: c.Name, ID: rand.Text(), Server: l.Server.String(), Preset: l.Preset, User: l.User,
		Store: mode, LoggedIn: c.Now().UTC(),
	}
	server, err := c.server(s)
	if err != nil {
		return nil, err
	}
	g, err := server.Login(ctx, l.User, l.Password)
	if err != nil {
		return nil, err
	}
	s.take(g)
	s.dropRefreshCookies()
	if err := w.finish(s); err != nil {
		return nil, err
	}
	if why != nil {
		c.Notice(fmt.Sprintf("%v: the tokens are in %s, which only you can read", why, c.Store.Path(c.Name)))
	}
	return s, nil
}

// dropRefreshCookies takes a refresh token out of the jar: at a login its value
// is known only after the cookies came.
func (s *Session) dropRefreshCookies() {
	var kept []Cookie
	for _, c := range s.Cookies {
		if c.Value != s.RefreshToken {
			kept = append(kept, c)
		}
	}
	s.Cookies = kept
}

// Fresh returns the session if its access token needs no refresh, else nil: it
// reads the session's file and does nothing else.
func (c *Client) Fresh(minTTL time.Duration) (*Session, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, err
	}
	if now := c.Now(); s.Ended == nil && !s.stale(now) && s.lives(now, minTTL) {
		c.vouch(s, minTTL)
		return s, nil
	}
	return nil, nil
}

// vouch says so where nobody knows whether the access token lives that long.
func (c *Client) vouch(s *Session, minTTL time.Duration) {
	if minTTL > 0 && s.AccessExpires.IsZero() {
		c.Notice(fmt.Sprintf("--min-ttl %s: %s does not say how long its access tokens live", reltime.Span(minTTL), s.Server))
	}
}

// Token returns the session with an access token that is not stale, and lives at
// least minTTL. It is refreshed only if it must be; while a refresh is not to be
// had, a token that is still valid serves.
func (c *Client) Token(ctx context.Context, minTTL time.Duration) (*Session, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, err
	}
	now := c.Now()
	switch {
	case s.Ended != nil:
		return nil, s.Ended.error(s)
	case !s.stale(now) && s.lives(now, minTTL):
		c.vouch(s, minTTL)
		return s, nil
	case minTTL > s.lifetime() && s.isNew(now):
		return nil, tooShort(s, minTTL)
	}
	fresh, _, err := c.refresh(ctx, s, whileAlive(s, now))
	switch {
	case err == nil && !fresh.lives(c.Now(), minTTL-time.Second): // a second for the way
		return nil, tooShort(fresh, minTTL)
	case err == nil:
		c.vouch(fresh, minTTL)
		return fresh, nil
	case s.Alive(c.Now()) && !conclusive(err):
		valid := fmt.Sprintf("the access token is valid until %s", s.AccessExpires.UTC().Format(time.RFC3339))
		if minTTL > 0 {
			return nil, orElse(err, valid+": without --min-ttl it serves")
		}
		c.Notice(fmt.Sprintf("not refreshed: %v; %s", err, valid))
		return s, nil
	default:
		return nil, err
	}
}

// whileAlive is how long another process that refreshes is waited for: where the access
// token is good for something meanwhile, until it has little left.
func whileAlive(s *Session, now time.Time) time.Duration {
	if left := s.AccessExpires.Sub(now) - leftOver; left >= leftOver {
		return min(left, lockTimeout)
	}
	return lockTimeout
}

// orElse is the error, whose hint says what there is instead.
func orElse(err error, instead string) error {
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	own := *e
	return own.Hintf("%s", instead)
}

// lives reports whether the access token lives that long, as far as is known.
func (s *Session) lives(now time.Time, d time.Duration) bool {
	return d <= 0 || s.AccessExpires.IsZero() || s.AccessExpires.Sub(now) >= d
}

// isNew reports whether the access token is in the first 10 % of its life: another
// would live hardly longer. One that is older may have come from a server that
// gives others by now.
func (s *Session) isNew(now time.Time) bool {
	return !s.stale(now) && now.Sub(s.Obtained) < max(s.lifetime()/10, minFresh)
}

// conclusive holds for errors after which an older access token is not to be
// used: the session was revoked or is gone, or the user wants to stop.
func conclusive(err error) bool {
	switch verdict.ClassOf(err) {
	case verdict.SessionRevoked, verdict.NotLoggedIn, verdict.Interrupted:
		return true
	}
	return false
}

func tooShort(s *Session, minTTL time.Duration) error {
	return verdict.Errorf(verdict.Usage, "--min-ttl %s: the access tokens of %s live %s", reltime.Span(minTTL), s.Server, reltime.Span(s.lifetime())).
		Hintf("ask for less")
}
