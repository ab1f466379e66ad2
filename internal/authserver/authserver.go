// Package authserver is a small authorization server: an http.Handler that logs users in
// with a password and issues access tokens (RFC 9068) and rotating refresh tokens (RFC
// 9700 §4.14.2). Its decisions are the Rules, its state is in a store.Store.
package authserver

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/limit"
	"jwt/internal/authserver/requestlog"
	"jwt/internal/authserver/signing"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/verdict"
)

// DefaultAlg is the signature algorithm if Options name none.
const DefaultAlg = "ES256"

// Options configure a server. Issuer, Store, Users and Now are required.
type Options struct {
	Issuer   string   // URL of the server, without a path: "iss", and the expected Host
	Hosts    []string // other accepted values of Host; a name without a port is accepted with any
	Origins  []string // of pages whose scripts may call the server, with its cookies
	Audience string   // "aud" of access tokens; empty: the issuer
	Store    store.Store
	Users    *users.Set
	Clients  *clients.Registry // OAuth clients beside clients.Native; nil: none

	AccessTTL     time.Duration // whole seconds; 0: 5 minutes
	RefreshTTL    time.Duration // of each refresh token, whole seconds; 0: 24 hours
	ReuseGrace    time.Duration // how long a spent refresh token still returns its successor
	Registration  bool          // clients may register
	PasswordGrant bool          // accept the password grant
	ProofNonce    bool          // DPoP proofs need a nonce of the server

	KeyPeriod time.Duration // how long a key signs before the next one; 0: 30 days
	Alg       string        // empty: DefaultAlg

	Replace   func(*Server, *Rules) // replaces rules of the new server; nil: none
	Endpoints []Endpoint            // additional endpoints, which bypass Rules.Handle

	Now func() time.Time
	Log io.Writer // one line per request, dropped if it blocks for long; nil: no log
}

// A Server is an authorization server. Close stops its background work and leaves the
// store open.
type Server struct {
	Options
	scheme string
	hosts  map[string]bool // accepted values of Host, canonical
	keys   *signing.Keys
	rules  Rules
	limit  *limit.Failures // counted by Options.Now: no fault advances its clock
	gate   *users.Gate
	nonces *nonces
	quota  *limit.Quota
	origin *http.CrossOriginProtection // of the endpoints for programs: Origins may send requests
	forms  *http.CrossOriginProtection // of the pages: only they may
	log    *requestlog.Log

	endpoints []Endpoint // without Options.Endpoints
	timeouts  timeouts

	stop  func()
	done  sync.WaitGroup
	fatal chan error // makes Serve return
}

// New returns a server. ctx limits only the first access to the store.
func New(ctx context.Context, o Options) (*Server, error) {
	o.Audience = cmp.Or(o.Audience, o.Issuer)
	o.AccessTTL = cmp.Or(o.AccessTTL, 5*time.Minute)
	o.RefreshTTL = cmp.Or(o.RefreshTTL, 24*time.Hour)
	o.KeyPeriod = cmp.Or(o.KeyPeriod, 30*24*time.Hour)
	o.Alg = cmp.Or(o.Alg, DefaultAlg)
	o.Clients = cmp.Or(o.Clients, &clients.Registry{})
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{Options: o, limit: limit.NewFailures(), quota: &limit.Quota{Most: maxUnasked, Period: deviceTTL}, gate: users.NewGate(), nonces: newNonces(), origin: http.NewCrossOriginProtection(), forms: http.NewCrossOriginProtection(), log: requestlog.New(o.Log), timeouts: defaultTimeouts, fatal: make(chan error, 1)}
	if err := cmp.Or(s.setHosts(), s.setOrigins(), o.Clients.Check(o.Users.Has)); err != nil {
		return nil, err
	}
	s.endpoints, s.rules = s.ownEndpoints(), s.standardRules()
	var err error
	if s.keys, err = signing.Open(ctx, o.Store, o.Alg, max(o.AccessTTL, cartTTL), s.now()); err != nil {
		return nil, err
	}
	if o.Replace != nil {
		o.Replace(s, &s.rules)
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(func() { s.maintain(ctx) })
	return s, nil
}

func (o Options) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"access-ttl", o.AccessTTL, time.Second},
		{"refresh-ttl", o.RefreshTTL, time.Second},
		{"reuse-grace", o.ReuseGrace, 0},
		{"key-period", o.KeyPeriod, time.Minute},
	} {
		if d.value < d.least || d.value > maxLifetime {
			return verdict.Errorf(verdict.Usage, "%s: is %s, must be %s to %s", d.name, d.value, d.least, maxLifetime)
		}
	}
	if o.AccessTTL%time.Second != 0 || o.RefreshTTL%time.Second != 0 {
		return verdict.Errorf(verdict.Usage, "access-ttl and refresh-ttl must be whole seconds, because expiresIn is")
	}
	return nil
}

const maxLifetime = 10 * 365 * 24 * time.Hour

// setHosts sets the accepted values of Host.
func (s *Server) setHosts() error {
	u, err := url.Parse(s.Issuer)
	if err != nil || !isOrigin(u) {
		return verdict.Errorf(verdict.Usage, "issuer: %q is not scheme://host[:port]", s.Issuer)
	}
	s.scheme, s.hosts = u.Scheme, map[string]bool{canonicalHost(u.Host, u.Scheme): true}
	for _, host := range s.Hosts {
		u, err := url.Parse("//" + host)
		if err != nil || u.Host != host || u.Hostname() == "" {
			return verdict.Errorf(verdict.Usage, "host: %q is not HOST or HOST:PORT", host).Hintf("localhost:5173")
		}
		if u.Port() == "" {
			host = u.Hostname()
		}
		s.hosts[strings.ToLower(host)] = true
	}
	return nil
}

// isOrigin reports whether a URL has a scheme and a host, and nothing else.
func isOrigin(u *url.URL) bool {
	isHTTP := u.Scheme == "http" || u.Scheme == "https"
	return isHTTP && u.Host != "" && u.User == nil && u.Path+u.RawQuery+u.Fragment == ""
}

// now returns the instant at which tokens are issued and checked.
func (s *Server) now() time.Time { return milli(s.rules.Now()) }

// RotateKey adds a signing key and signs with it from now on.
func (s *Server) RotateKey(ctx context.Context) error { return s.keys.Rotate(ctx, s.now()) }

const maintenancePeriod = time.Minute

// maintain removes expired records and rotates the signing key, until ctx ends.
func (s *Server) maintain(ctx context.Context) {
	ticks := time.NewTicker(maintenancePeriod)
	defer ticks.Stop()
	for {
		now := s.now()
		if err := s.Store.Purge(ctx, now); err != nil && ctx.Err() == nil {
			s.stopIfDamaged(err)
			s.log.Note("removing expired records: " + err.Error())
		}
		if err := s.keys.RotateIfOld(ctx, s.KeyPeriod, now); err != nil && ctx.Err() == nil {
			s.log.Note("rotating the signing key: " + err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// stopIfDamaged makes Serve return if err says that the store is damaged.
func (s *Server) stopIfDamaged(err error) {
	if errors.Is(err, store.ErrDamaged) {
		select {
		case s.fatal <- err:
		default: // already stopping
		}
	}
}

const logPatience = time.Second // time limit for the last lines of the log

// Close stops the background work, waits for it, and allows a short time to write the
// log.
func (s *Server) Close() error {
	s.stop()
	s.done.Wait()
	s.log.Flush(logPatience)
	return nil
}

// milli truncates a time to the precision of all stores.
func milli(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
