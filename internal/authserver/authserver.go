// Package authserver is the local server: an http.Handler that logs users in with
// a password, issues access tokens (RFC 9068) and refresh tokens that rotate (RFC
// 9700 §4.14.2), over a small Store in a file, in memory or in Redis.
package authserver

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/verdict"
)

// DefaultAlg signs unless Options name another algorithm.
const DefaultAlg = "ES256"

// Options say what server to make. Issuer, Store, Users and Now are wanted.
type Options struct {
	Issuer   string   // its own URL, without a path: "iss", and the Host it answers to
	Hosts    []string // further names, with port, that it answers to
	Audience string   // "aud" of access tokens; empty: the issuer
	Store    store.Store
	Users    *Users

	AccessTTL  time.Duration // whole seconds; 0: 5 minutes
	RefreshTTL time.Duration // of each refresh token, whole seconds; 0: a day
	ReuseGrace time.Duration // for how long a spent refresh token gives the same successor
	KeyPeriod  time.Duration // after which a new key signs; 0: 30 days
	Alg        string        // empty: DefaultAlg

	Replace   func(*Server, *Rules) // changes the rules of the new server; nil: they stay sound
	Endpoints []Endpoint            // beside the server's own; no rule concerns them

	Now func() time.Time
	Log io.Writer // one line a request, dropped where it blocks for long; nil: none
}

// clientID is the one client there is: whoever speaks the plain face (RFC 9068 §2.2
// wants the claim).
const clientID = "jwt-session"

// A Server is the local server. Close ends what it does in the background, and
// leaves the store open.
type Server struct {
	Options
	scheme string
	host   map[string]bool // as a Host header names it
	keys   *signingKeys
	rules  Rules
	limit  *limiter
	gate   *gate
	origin *http.CrossOriginProtection
	log    requestLog

	endpoints []Endpoint // its own

	timeouts timeouts

	stop   func()
	done   sync.WaitGroup
	broken chan error // why it cannot go on
}

// New makes a server. ctx is for reaching the store.
func New(ctx context.Context, o Options) (*Server, error) {
	o.Audience = cmp.Or(o.Audience, o.Issuer)
	o.AccessTTL = cmp.Or(o.AccessTTL, 5*time.Minute)
	o.RefreshTTL = cmp.Or(o.RefreshTTL, 24*time.Hour)
	o.KeyPeriod = cmp.Or(o.KeyPeriod, 30*24*time.Hour)
	o.Alg = cmp.Or(o.Alg, DefaultAlg)
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{Options: o, limit: newLimiter(), gate: newGate(), origin: http.NewCrossOriginProtection(), log: requestLog{w: o.Log}, timeouts: defaultTimeouts, broken: make(chan error, 1)}
	if err := s.nameHosts(); err != nil {
		return nil, err
	}
	s.endpoints, s.rules = s.ownEndpoints(), s.soundRules()
	var err error
	if s.keys, err = openSigningKeys(ctx, o.Store, o.Alg, max(o.AccessTTL, cartTTL), s.now()); err != nil {
		return nil, err
	}
	if o.Replace != nil {
		o.Replace(s, &s.rules)
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(func() { s.tend(ctx) })
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
		return verdict.Errorf(verdict.Usage, "access-ttl, refresh-ttl: must be whole seconds, as expiresIn is")
	}
	return nil
}

const maxLifetime = 10 * 365 * 24 * time.Hour

// nameHosts fills in the names under which the server answers.
func (s *Server) nameHosts() error {
	u, err := url.Parse(s.Issuer)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return verdict.Errorf(verdict.Usage, "issuer: %q is not scheme://host[:port]", s.Issuer)
	}
	s.scheme, s.host = u.Scheme, map[string]bool{}
	for _, name := range append([]string{u.Host}, s.Hosts...) {
		s.host[canonicalHost(name, s.scheme)] = true
	}
	return nil
}

// now returns the instant at which tokens are issued and checked.
func (s *Server) now() time.Time { return milli(s.rules.Now()) }

// RotateKey makes a new signing key, which signs at once.
func (s *Server) RotateKey(ctx context.Context) error { return s.keys.rotate(ctx, s.now()) }

const tendPeriod = time.Minute

// tend forgets what has expired and rotates the key, until ctx ends.
func (s *Server) tend(ctx context.Context) {
	ticks := time.NewTicker(tendPeriod)
	defer ticks.Stop()
	for {
		now := s.now()
		if err := s.Store.Purge(ctx, now); err != nil && ctx.Err() == nil {
			s.endIfDamaged(err)
			s.log.note("forgetting what expired: " + err.Error())
		}
		if err := s.keys.rotateIfOld(ctx, s.KeyPeriod, now); err != nil && ctx.Err() == nil {
			s.log.note("rotating the key: " + err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// endIfDamaged makes Serve end where the store is damaged.
func (s *Server) endIfDamaged(err error) {
	if errors.Is(err, store.ErrDamaged) {
		select {
		case s.broken <- err:
		default: // it is ending
		}
	}
}

// Close ends the background work and waits for it, and for a moment until the log is
// written.
func (s *Server) Close() error {
	s.stop()
	s.done.Wait()
	s.log.flush(logPatience)
	return nil
}

// milli truncates a time to the precision of every store.
func milli(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
