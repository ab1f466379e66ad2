package store

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSwap changes a record from many requests: each change has one winner.
func TestSwap(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		id, now := Hash{7}, time.Now()
		expires := now.Add(time.Hour)
		if _, err := s.Record(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("an unknown record: %v", err)
		}
		for _, step := range []struct{ old, new string }{{"", "one"}, {"one", "two\x00\xff"}} {
			var won atomic.Int32
			var done sync.WaitGroup
			for range 8 {
				done.Go(func() {
					var old []byte
					if step.old != "" {
						old = []byte(step.old)
					}
					swapped, err := s.Swap(t.Context(), id, old, []byte(step.new), now, expires)
					if err != nil {
						t.Error(err)
					}
					if swapped {
						won.Add(1)
					}
				})
			}
			done.Wait()
			if n := won.Load(); n != 1 {
				t.Errorf("%d requests made %q of %q", n, step.new, step.old)
			}
			if value, err := s.Record(t.Context(), id); err != nil || string(value) != step.new {
				t.Errorf("it is %q, %v, want %q", value, err, step.new)
			}
		}
		if swapped, err := s.Swap(t.Context(), id, []byte("one"), []byte("three"), now, expires); swapped || err != nil {
			t.Errorf("from a former value: %v, %v", swapped, err)
		}
		if _, err := s.Record(t.Context(), Hash{8}); !errors.Is(err, ErrNotFound) {
			t.Errorf("another record: %v", err)
		}
	})
}

// TestRecordsArePurged extends a record: it is kept until its last expiry.
func TestRecordsArePurged(t *testing.T) {
	for name, s := range map[string]Store{"memory": NewMemory(), "file": openedFile(t, filepath.Join(t.TempDir(), "state.db"))} {
		id, now := Hash{7}, time.Now()
		for _, step := range []struct {
			old, new string
			expires  time.Duration
		}{{"", "one", time.Minute}, {"one", "two", time.Hour}} {
			if ok, err := s.Swap(t.Context(), id, []byte(step.old), []byte(step.new), now, now.Add(step.expires)); !ok || err != nil {
				t.Fatalf("%s: %v, %v", name, ok, err)
			}
		}
		for _, step := range []struct {
			after time.Duration
			kept  bool
		}{{keepExpired + time.Minute + time.Second, true}, {keepExpired + time.Hour + time.Second, false}} {
			if err := s.Purge(t.Context(), now.Add(step.after)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Record(t.Context(), id); (err == nil) != step.kept {
				t.Errorf("%s: after %v: %v", name, step.after, err)
			}
		}
	}
}

// TestForeignSpends presents a token as another client, and without the key that it is bound
// to. The token stays as it is.
func TestForeignSpends(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		bound := family{
			session: Session{ID: "s2", User: "alice", Client: "native", Key: "jkt", Created: epoch, Expires: epoch.Add(time.Hour)},
			token:   TokenID{Hash{2}, "s2"},
			refresh: Refresh{Session: "s2", Issued: epoch, Expires: epoch.Add(time.Hour)},
		}
		if err := s.Begin(t.Context(), bound.session, bound.token, bound.refresh); err != nil {
			t.Fatal(err)
		}
		for name, foreign := range map[string]Spend{
			"another client": {Token: f.token, Client: "web", Next: Hash{9}, Now: epoch},
			"no client":      {Token: f.token, Next: Hash{9}, Now: epoch},
			"no key":         {Token: bound.token, Client: "native", Next: Hash{9}, Now: epoch},
			"another key":    {Token: bound.token, Client: "native", Key: "other", Next: Hash{9}, Now: epoch},
		} {
			if r := rotate(t, s, foreign); r.Outcome != Foreign || !r.Session.Revoked.IsZero() {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if r := rotate(t, s, bound.spend(3, 0, 0)); r.Outcome != Rotated || r.Session.Key != "jkt" {
			t.Errorf("with the key: %+v", r)
		}
		p := f.spend(4, 0, 0)
		p.Key = "any"
		if r := rotate(t, s, p); r.Outcome != Rotated {
			t.Errorf("a key, though none is needed: %+v", r)
		}
	})
}
