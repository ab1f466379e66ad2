// Package faulty creates an authorization server with selected faults, to test clients
// and the rules of `session flow`. A fault is a row of the table and a function that
// replaces rules of the standard server, which it may call.
package faulty

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/store"
)

// New returns a server with these faults. With control, its endpoint /faults sets and
// clears faults while it runs.
func New(ctx context.Context, o authserver.Options, faults []Fault, control bool) (*authserver.Server, error) {
	if len(faults) == 0 && !control {
		return authserver.New(ctx, o)
	}
	s, _, err := open(ctx, o, faults, control)
	return s, err
}

func open(ctx context.Context, o authserver.Options, faults []Fault, control bool) (*authserver.Server, *active, error) {
	f := &active{}
	for _, fault := range faults {
		if fault.Name != rotateKey {
			f.set(fault)
		}
	}
	o.Store = changeRecorder{o.Store}
	o.Replace = f.replace
	if control {
		o.Endpoints = append(o.Endpoints, f.endpoints()...)
	}
	s, err := authserver.New(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	for _, fault := range faults {
		if fault.Name == rotateKey {
			if err := s.RotateKey(ctx); err != nil {
				s.Close()
				return nil, nil, err
			}
		}
	}
	return s, f, nil
}

// replace replaces rules by every fault of the table. A fault that is not active calls
// the rule that it replaced.
func (f *active) replace(s *authserver.Server, r *authserver.Rules) {
	f.server = s
	for _, k := range table() {
		if k.apply != nil {
			k.apply(toggle{k.Name, f}, r)
		}
	}
	handle := r.Handle
	r.Handle = func(a *authserver.Answer, q *http.Request) {
		handle(a, q.WithContext(context.WithValue(q.Context(), requestKey{}, &request{path: q.URL.Path})))
	}
}

// A request is the information of the faults about one request, stored in its context.
type request struct {
	path      string
	committed bool // the store has changed
	rotated   bool // a refresh token was spent
	kept      bool // a refresh token was kept, and is not sent again
	long      bool // its access token lives for a day, which the token and the answer say
}

type requestKey struct{}

// requestOf returns the request of a context, or an empty one.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// A toggle lets the function of a fault ask whether the fault is active.
type toggle struct {
	name string
	*active
}

// take returns the fault if it is active for the request of ctx, and counts one of its
// times.
func (t toggle) take(ctx context.Context) (Fault, bool) {
	return t.active.take(t.name, requestOf(ctx).path)
}

// on is take for a fault without a value.
func (t toggle) on(ctx context.Context) bool {
	_, ok := t.take(ctx)
	return ok
}

// peek returns the fault that take would return, and counts nothing.
func (t toggle) peek(ctx context.Context) (Fault, bool) {
	return t.active.peek(t.name, requestOf(ctx).path)
}

// A changeRecorder is a Store that records which requests changed it.
type changeRecorder struct{ store.Store }

func (c changeRecorder) Begin(ctx context.Context, s store.Session, token store.TokenID, r store.Refresh) error {
	err := c.Store.Begin(ctx, s, token, r)
	if err == nil {
		requestOf(ctx).committed = true
	}
	return err
}

func (c changeRecorder) Rotate(ctx context.Context, p store.Spend) (store.Rotation, error) {
	r, err := c.Store.Rotate(ctx, p)
	if r.Outcome == store.Rotated || r.Outcome == store.Reused {
		requestOf(ctx).committed = true
	}
	return r, err
}

func (c changeRecorder) Once(ctx context.Context, id store.Hash, now, expires time.Time) (bool, error) {
	first, err := c.Store.Once(ctx, id, now, expires)
	if first {
		requestOf(ctx).committed = true
	}
	return first, err
}

func (c changeRecorder) Swap(ctx context.Context, id store.Hash, old, new []byte, now, expires time.Time) (bool, error) {
	swapped, err := c.Store.Swap(ctx, id, old, new, now, expires)
	if swapped {
		requestOf(ctx).committed = true
	}
	return swapped, err
}

func (c changeRecorder) Revoke(ctx context.Context, id string, now time.Time) error {
	err := c.Store.Revoke(ctx, id, now)
	if err == nil {
		requestOf(ctx).committed = true
	}
	return err
}
