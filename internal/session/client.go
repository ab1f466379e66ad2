package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// A Client uses one session. It may be used by several goroutines, and the session by
// several processes at once. Its fields must not change once it is in use.
type Client struct {
	Store     *Store
	Name      string
	Presets   func(name string) (presets.Preset, error)
	HTTP      *http.Client // gives the transport; nil for the default one
	UserAgent string
	Timeout   time.Duration // of one exchange; 0 means authclient.ExchangeTimeout
	Idle      time.Duration // how long an unused connection stays open; 0 means as long as httpclient keeps it
	Now       func() time.Time
	Notice    func(string) // reports what the user should know, other than errors
	Record    Recording    // of requests in the journal
	Trace     io.Writer    // gets whole lines about requests and answers, with secrets redacted; may be nil

	once      sync.Once
	transport http.RoundTripper
	certified atomic.Pointer[certified] // with the certificate of the session's client
	unsaved   atomic.Pointer[error]
}

// Unsaved returns why cookies that the server set were not saved, or nil.
func (c *Client) Unsaved() error {
	if err := c.unsaved.Load(); err != nil {
		return *err
	}
	return nil
}

// base returns the transport with our limits. It makes it on first use.
func (c *Client) base() http.RoundTripper {
	c.once.Do(func() {
		c.transport = c.recorded(c.limited())
		if c.Trace != nil {
			c.transport = &tracer{base: c.transport, out: c.Trace, now: c.Now, held: new(atomic.Pointer[Session])}
		}
	})
	return c.transport
}

// limited returns a new transport with our limits.
func (c *Client) limited() http.RoundTripper {
	const mostIdle = 64
	transport := httpclient.Transport(c.HTTP, 0)
	if t, ok := transport.(*http.Transport); ok && c.Idle > 0 {
		t.IdleConnTimeout, t.MaxIdleConnsPerHost = c.Idle, mostIdle
	}
	return transport
}

// recorded returns the transport with the journal of the session, if the client records.
func (c *Client) recorded(base http.RoundTripper) http.RoundTripper {
	if c.Record == RecordNothing {
		return base
	}
	return recorder{base, c}
}

// server returns a client for the session's server. It stores cookies that the server
// sets in s.
func (c *Client) server(s *Session) (*authclient.Client, error) {
	c.conceal(s)
	preset, err := c.preset(s)
	if err != nil {
		return nil, err
	}
	u, err := httpclient.ParseServer(s.Server)
	if err != nil {
		return nil, err
	}
	hold := withheld(preset, s)
	if s.RefreshCookie != "" && !preset.Tokens.IsRefreshCookie(s.RefreshCookie) { // found at the login
		preset.Tokens.Refresh = slices.Concat([]string{"cookie:" + s.RefreshCookie}, preset.Tokens.Refresh)
	}
	transport, err := c.transportFor(s)
	if err != nil {
		return nil, err
	}
	return &authclient.Client{
		URL: u, Preset: preset, OAuth: s.OAuth, Transport: transport, UserAgent: c.UserAgent, Now: c.Now, Timeout: c.Timeout,
		Jar: jar{session: s, withheld: hold, now: c.Now},
	}, nil
}

// preset returns the preset that the session was created with.
func (c *Client) preset(s *Session) (presets.Preset, error) {
	preset, err := c.Presets(s.Preset)
	if errors.Is(err, presets.ErrUnknown) {
		return preset, verdict.Errorf(verdict.Usage, "session %s: %w", s.Name, err).Hintf("is it gone from config.toml?")
	}
	return preset, err
}

// withheld returns a function that reports whether a cookie holds the refresh token. The
// jar does not store it, because it is sent only with a refresh or a logout.
func withheld(p presets.Preset, s *Session) func(name, value string) bool {
	return func(name, value string) bool {
		isToken := name == s.RefreshCookie || value != "" && value == s.RefreshToken
		return p.Tokens.IsRefreshCookie(name) || isToken && !s.isShared(name)
	}
}

// findRefreshCookie takes the refresh token from a cookie that the preset does not name,
// if it can be only that one.
func (s *Session) findRefreshCookie(server *authclient.Client, now time.Time) {
	if s.RefreshToken != "" || !server.Preset.Refresh.RefreshCookie {
		return
	}
	refresh := *server.URL
	refresh.Path, refresh.RawPath = refresh.Path+server.Preset.Refresh.Path, ""
	var set []*http.Cookie
	for _, c := range s.Cookies {
		set = append(set, &http.Cookie{Name: c.Name, Value: c.raw(), Path: c.Path, Expires: c.Expires, HttpOnly: c.HTTPOnly})
	}
	if c := authclient.FindRefreshCookie(set, server.URL, &refresh, s.AccessToken, now); c != nil {
		s.setRefreshToken(authclient.Grant{RefreshToken: c.Value, RefreshCookie: c.Name, RefreshExpires: c.Expires})
	}
}

// isShared reports whether the cookie is one that was found to have the refresh token, but
// whose name does not say so. Calls may need it too, so it stays in the jar.
func (s *Session) isShared(name string) bool {
	return name == s.RefreshCookie && !strings.Contains(strings.ToLower(name), "refresh")
}

// A Login holds the parameters of Client.Login.
type Login struct {
	Server   *url.URL // from httpclient.ParseServer
	Preset   string
	User     string
	Password []byte
	Store    Storage

	OAuth        *authclient.OAuth // what to log in with at an OAuth 2.0 server; nil at another
	SubjectToken string            // of a token exchange
	SubjectType  string
	Dialog       authclient.Dialog
}

// Login logs in and saves the session, replacing an older one with this name. It reserves
// the file before it sends the password.
func (c *Client) Login(ctx context.Context, l Login) (*Session, error) {
	id := rand.Text()
	storage, why, err := c.Store.chooseStorage(id, l.Store)
	if err != nil {
		return nil, err
	}
	obsolete := &Session{ID: id, Store: storage} // whose key is not needed: this one, if the login fails, or else the one replaced
	defer func() { c.forgetKey(obsolete) }()
	s := &Session{
		Name: c.Name, ID: id, Server: l.Server.String(), Preset: l.Preset, User: l.User, OAuth: l.OAuth,
		Store: storage, LoggedIn: c.Now().UTC(),
	}
	server, err := c.server(s)
	if err != nil {
		return nil, err
	}
	from, err := c.ready(ctx, server, l)
	if err != nil {
		return nil, err
	}
	replaced, err := c.obtain(ctx, s, from)
	if err != nil {
		return nil, err
	}
	obsolete = replaced
	if why != nil {
		c.Notice(fmt.Sprintf("%v: the tokens are in %s, which only you can read", why, c.Store.Path(c.Name)))
	}
	return s, nil
}

// obtainOnce asks for tokens and saves the session. It returns the session that it replaces.
func (c *Client) obtainOnce(ctx context.Context, s *Session, from readyLogin) (replaced *Session, err error) {
	unlock, err := c.Store.lock(ctx, c.Name, lockTimeout)
	if err != nil {
		return nil, err
	}
	defer unlock()
	w, err := c.Store.prepare(c.Name, s.reserve())
	if err != nil {
		return nil, err
	}
	defer w.abandon()
	replaced, _ = c.Store.Peek(c.Name)
	g, err := from.ask(ctx)
	if err != nil {
		return nil, err
	}
	s.setTokens(g)
	s.findRefreshCookie(from.server, c.Now())
	s.dropRefreshCookies()
	return replaced, w.finish(s)
}

// forgetKey deletes the key of a session in the keyring, if it has one. s may be nil.
func (c *Client) forgetKey(s *Session) {
	if s == nil || s.Store != StoreKeyring {
		return
	}
	if err := c.Store.deleteKey(s.ID); err != nil {
		c.Notice("a key that is not needed is still in the keyring: " + err.Error())
	}
}

// dropRefreshCookies removes the refresh token from the jar. At a login its value is
// known only after the cookies were stored.
func (s *Session) dropRefreshCookies() {
	var kept []Cookie
	for _, c := range s.Cookies {
		if c.raw() != s.RefreshToken || s.isShared(c.Name) {
			kept = append(kept, c)
		}
	}
	s.Cookies = kept
}

// Fresh returns the session if its access token needs no refresh, or nil. It only reads
// the session's file.
func (c *Client) Fresh(minTTL time.Duration) (*Session, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, err
	}
	if now := c.Now(); s.Ended == nil && !s.stale(now) && s.lasts(now, minTTL) {
		c.noticeUnknownLifetime(s, minTTL)
		return s, nil
	}
	return nil, nil
}

// noticeUnknownLifetime reports that minTTL could not be checked.
func (c *Client) noticeUnknownLifetime(s *Session, minTTL time.Duration) {
	if minTTL > 0 && s.AccessExpires.IsZero() {
		c.Notice(fmt.Sprintf("less than %s may be left: %s does not say how long its access tokens live", reltime.Span(minTTL), s.Server))
	}
}

// noticeNearLifetime reports that minTTL is so near to the lifetime of the tokens that
// nearly every call refreshes.
func (c *Client) noticeNearLifetime(s *Session, minTTL time.Duration) {
	if most := s.lifetime() * 9 / 10; s.lifetime() > 0 && minTTL > most {
		c.Notice(fmt.Sprintf("the access tokens live %s: asking for more than %s refreshes at nearly every call", reltime.Span(s.lifetime()), reltime.Typed(most)))
	}
}

// Token returns the session with an access token that is not stale and lasts at least
// minTTL. It refreshes only if necessary. If a refresh fails and minTTL is 0, it returns
// a stale token that is still valid.
func (c *Client) Token(ctx context.Context, minTTL time.Duration) (*Session, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, err
	}
	now := c.Now()
	switch {
	case s.Ended != nil:
		return nil, s.Ended.error(s)
	case !s.stale(now) && s.lasts(now, minTTL):
		c.noticeUnknownLifetime(s, minTTL)
		return s, nil
	case minTTL > s.lifetime() && s.isNew(now):
		return nil, tooShort(s, minTTL)
	}
	fresh, _, err := c.Refresh(ctx, s, lockWait(s, now))
	switch {
	case err == nil && !fresh.lasts(c.Now(), minTTL-time.Second): // allow a second for the request
		return nil, tooShort(fresh, minTTL)
	case err == nil:
		c.noticeUnknownLifetime(fresh, minTTL)
		c.noticeNearLifetime(fresh, minTTL)
		return fresh, nil
	case s.Alive(c.Now()) && !conclusive(err):
		valid := fmt.Sprintf("the access token is valid until %s", s.AccessExpires.UTC().Format(time.RFC3339))
		if minTTL > 0 {
			return nil, withHint(err, valid+": without --min-ttl it is used")
		}
		c.Notice(fmt.Sprintf("not refreshed: %v; %s", err, valid))
		return s, nil
	default:
		return nil, err
	}
}

// lockWait returns how long to wait for the refresh of another process. It does not
// exceed the life of an access token that can still be used.
func lockWait(s *Session, now time.Time) time.Duration {
	if left := s.AccessExpires.Sub(now) - spareLifetime; left >= spareLifetime {
		return min(left, lockTimeout)
	}
	return lockTimeout
}

// withHint returns a copy of the error with another hint.
func withHint(err error, hint string) error {
	var e *verdict.Error
	if !errors.As(err, &e) {
		return err
	}
	own := *e
	return own.Hintf("%s", hint)
}

// lasts reports whether the access token is valid for at least d, or its expiry is
// unknown.
func (s *Session) lasts(now time.Time, d time.Duration) bool {
	return d <= 0 || s.AccessExpires.IsZero() || s.AccessExpires.Sub(now) >= d
}

// isNew reports whether the access token is in the first 10 % of its life, so that a new
// one would hardly last longer. Later the server may have changed its lifetimes.
func (s *Session) isNew(now time.Time) bool {
	return !s.stale(now) && now.Sub(s.Obtained) < max(s.lifetime()/10, minFresh)
}

// conclusive reports whether the error forbids the use of an older access token: the
// session was revoked or removed, or the user interrupted the command.
func conclusive(err error) bool {
	switch verdict.ClassOf(err) {
	case verdict.SessionRevoked, verdict.NotLoggedIn, verdict.Interrupted:
		return true
	}
	return false
}

func tooShort(s *Session, minTTL time.Duration) error {
	return verdict.Errorf(verdict.Usage, "the access tokens of %s live %s, want at least %s", s.Server, reltime.Span(s.lifetime()), reltime.Span(minTTL)).
		Hintf("ask for less")
}
