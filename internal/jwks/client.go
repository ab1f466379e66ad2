// Package jwks fetches key sets over the network (RFC 7517 §5), discovers them (OpenID
// Connect Discovery 1.0 §4, RFC 8414 §3), and caches them on disk (RFC 9111).
//
// It trusts the server that answers under an https name. It uses plain http only on
// loopback, never follows a redirect or jwks_uri from https to http, and sends no
// credentials or cookies. Every request is limited in time, size and redirects.
package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// Cooldown is the minimum time between two requests of a Client to a URL, and between two
// requests for an unknown kid of all processes that share the cache. So a flood of tokens
// with invented kids causes at most one conditional request in that time.
const Cooldown = 5 * time.Second

// A Client fetches and caches key sets. Several goroutines may use it at once. It must
// not be copied, and its fields must not change once it is in use. Within Cooldown it
// reuses the last result of a URL, including failures, whatever the headers say.
//
// It does not use a stale answer if the server cannot be reached: an attacker who can
// block the network could keep a revoked key valid. Only Offline uses it, with a warning.
type Client struct {
	// HTTP gives the transport. A *http.Transport is cloned and gets our limits. The
	// cookies, redirects and timeout of the client are not used.
	HTTP      *http.Client
	CacheDir  string           // made with mode 0700 when needed; "" for no cache on disk
	Offline   bool             // use the cache, stale or not, and make no requests
	Now       func() time.Time // the current time, not the instant tokens are checked at
	UserAgent string           // "jwt/1.2.3"
	Reload    bool             // request every URL once, however fresh the cache
	// Revalidate reports that the answers of a host are not used without a request. A
	// server under development changes its keys at each start. nil means none.
	Revalidate func(host string) bool

	Timeout        time.Duration // of one fetch, redirects included; 0 means 10 s
	ConnectTimeout time.Duration // of one connection and its TLS handshake; 0 means 5 s

	bounded sync.Once
	http    *http.Client

	mu    sync.Mutex
	known map[string]*memory
}

// Fetched is a key set and its origin.
type Fetched struct {
	Set       jwk.Set
	URL       string    // as requested; the Source of a key is the same without the values of the query
	Issuer    string    // as discovered, the expected "iss"; "" for a plain URL
	FromCache bool      // no request was made
	Checked   time.Time // when the server last sent or confirmed it
	Expires   time.Time
	Stale     bool     // offline, and past Expires: keys may have been revoked
	Warnings  []string // sentences for the user
}

// Load fetches the keys of a source, by discovery if it names an issuer.
func (c *Client) Load(ctx context.Context, s Source) (Fetched, error) {
	if s.URL != "" {
		return c.Keys(ctx, s.URL)
	}
	metadata, err := c.Discover(ctx, s.Issuer)
	if err != nil {
		return Fetched{}, err
	}
	if metadata.JWKSURI == "" {
		return Fetched{}, verdict.Errorf(verdict.FetchFailed, "%s: the metadata at %s has no jwks_uri", s.Issuer, metadata.URL).
			Hintf("give the key set's own URL or file: --key https://…")
	}
	fetched, err := c.Keys(ctx, metadata.JWKSURI)
	if err != nil {
		return Fetched{}, err
	}
	fetched.Issuer = metadata.Issuer
	fetched.Warnings = append(metadata.Warnings, fetched.Warnings...)
	return fetched, nil
}

// Keys returns the key set at the URL: from the cache while it is fresh, and otherwise
// from the server, with a conditional request if possible. Offline uses the cache at any
// age.
//
// Errors are *verdict.Error: fetch_refused for an address or answer that is not allowed,
// fetch_failed if the request fails, server_error for a status of 500 and more,
// interrupted if ctx is cancelled, and the errors of jwk.Parse.
func (c *Client) Keys(ctx context.Context, url string) (Fetched, error) {
	return c.keys(ctx, url, useFresh)
}

// Refresh requests the set again, because it has no key with the kid of a token. Within
// Cooldown, and offline, it returns the last set without a request. An error means that
// the key may exist but could not be looked up.
func (c *Client) Refresh(ctx context.Context, old Fetched) (Fetched, error) {
	fetched, err := c.keys(ctx, old.URL, revalidate)
	if err != nil {
		return Fetched{}, err
	}
	fetched.Issuer = old.Issuer
	return fetched, nil
}

func (c *Client) keys(ctx context.Context, text string, mode cacheMode) (Fetched, error) {
	u, err := parseAddress(text)
	if err != nil {
		return Fetched{}, err
	}
	var set jwk.Set
	found, err := c.load(ctx, u, mode, func(a *answer) error {
		set, err = parseSet(u, a.Body)
		a.secret = err == nil && holdsSecret(set)
		return err
	})
	if err != nil {
		return Fetched{}, err
	}
	if found.secret {
		found.warnings = append(found.warnings, httpclient.Show(u)+": the key set holds private or secret keys: everyone who can fetch it can sign; it is not cached")
	}
	return Fetched{
		Set: set, URL: text, FromCache: found.fromCache,
		Checked: found.Checked, Expires: found.Expires, Stale: found.stale, Warnings: found.warnings,
	}, nil
}

// A cacheMode says when a cached answer is used without a request.
type cacheMode int

const (
	useFresh   cacheMode = iota // while it is fresh
	revalidate                  // never
	onlyFresh                   // while it is fresh; otherwise load returns errNotKnown without a request
)

var errNotKnown = errors.New("not in the cache")

// A memory is the state of a Client for one URL.
type memory struct {
	lock   chan struct{} // protects the other fields; full while a goroutine holds it
	answer *answer
	asked  time.Time // when this Client last sent a request
	err    error     // the result of that request
}

// found is an accepted answer and its origin.
type found struct {
	answer
	fromCache bool
	stale     bool
	warnings  []string
}

// load returns the answer of the URL, from memory, disk or server. accept checks its body
// and marks secrets. An answer that it refuses is neither used nor stored.
func (c *Client) load(ctx context.Context, u *url.URL, mode cacheMode, accept func(*answer) error) (found, error) {
	m := c.memoryOf(u.String())
	select {
	case m.lock <- struct{}{}:
		defer func() { <-m.lock }()
	case <-ctx.Done():
		return found{}, c.failure(ctx, u, ctx.Err())
	}

	if m.answer == nil {
		m.answer = diskAt(c.CacheDir).read(u.String())
	}
	if m.answer != nil && accept(m.answer) != nil {
		m.answer = nil
	}
	now := c.Now()
	switch {
	case c.Offline:
		return offline(u, m.answer, now)
	case m.answer != nil && c.suffices(u, m, mode, now):
		return found{answer: *m.answer, fromCache: true}, nil
	case mode == onlyFresh:
		return found{}, errNotKnown
	case m.err != nil && within(Cooldown, m.asked, now):
		return found{}, m.err
	}
	return c.ask(ctx, u, m, mode, accept)
}

// suffices reports whether the answer in memory is used without asking the server.
func (c *Client) suffices(u *url.URL, m *memory, mode cacheMode, now time.Time) bool {
	asked := within(Cooldown, m.asked, now)
	switch {
	case asked && m.err == nil:
		return true
	case c.reloads(u):
		return false
	case mode == revalidate:
		return !asked && within(Cooldown, m.answer.Refreshed, now)
	}
	return m.answer.fresh(now)
}

// reloads reports whether the cache on disk is not enough for the URL.
func (c *Client) reloads(u *url.URL) bool {
	return c.Reload || c.Revalidate != nil && c.Revalidate(u.Hostname())
}

func (c *Client) memoryOf(url string) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.known[url]
	if !ok {
		if c.known == nil {
			c.known = map[string]*memory{}
		}
		m = &memory{lock: make(chan struct{}, 1)}
		c.known[url] = m
	}
	return m
}

// within reports whether now is less than d after t. It is false for a t in the future:
// the clock was set back.
func within(d time.Duration, t, now time.Time) bool {
	return !t.IsZero() && !t.After(now) && now.Sub(t) < d
}

func offline(u *url.URL, a *answer, now time.Time) (found, error) {
	if a == nil {
		return found{}, notCached(httpclient.Show(u))
	}
	f := found{answer: *a, fromCache: true, stale: !a.fresh(now)}
	if f.stale {
		f.warnings = []string{fmt.Sprintf("%s: offline: using the copy of %s, stale since %s: keys may have been revoked",
			httpclient.Show(u), a.Checked.UTC().Format(time.RFC3339), a.Expires.UTC().Format(time.RFC3339))}
	}
	return f, nil
}

func notCached(what string) error {
	return failedf(errNotKnown, "%s: is %w, and offline no requests are made", what, errNotKnown).
		Hintf("run it once without --offline")
}

// orOffline adds the hint that --offline uses the stale answer.
func orOffline(err error, a *answer) error {
	var e *verdict.Error
	if errors.As(err, &e) && (e.Class == verdict.FetchFailed || e.Class == verdict.ServerError) {
		e.Hintf("to use the copy of %s anyway: --offline", a.Checked.UTC().Format(time.RFC3339))
	}
	return err
}

// ask requests the answer from the server and stores the result in memory.
func (c *Client) ask(ctx context.Context, u *url.URL, m *memory, mode cacheMode, accept func(*answer) error) (found, error) {
	now := c.Now()
	a, err := c.get(ctx, u, m.answer, mode == revalidate || c.Reload)
	if err == nil {
		err = accept(a)
	} else if m.answer != nil && mode == useFresh {
		err = orOffline(err, m.answer)
	}
	if ctx.Err() != nil && err != nil {
		return found{}, err // cancelled by the caller; the server may work
	}
	m.asked, m.err = now, err
	if err != nil {
		if m.answer != nil && mode == revalidate {
			m.answer.Refreshed = now
			c.keep(m.answer)
		}
		return found{}, err
	}
	switch {
	case mode == revalidate:
		a.Refreshed = now
	case m.answer != nil:
		a.Refreshed = m.answer.Refreshed
	}
	m.answer = a
	return found{answer: *a, warnings: c.keep(a)}, nil
}
