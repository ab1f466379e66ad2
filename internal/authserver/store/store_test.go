package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"jwt/internal/authserver/store/redistest"
	"jwt/internal/verdict"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }

// epoch is the time at which the tests start.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// eachStore runs a test against every kind of store.
func eachStore(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, NewMemory()) })
	t.Run("file", func(t *testing.T) { test(t, openedFile(t, filepath.Join(t.TempDir(), "state.db"))) })
	t.Run("redis", func(t *testing.T) { test(t, openedRedis(t, redistest.Start(t))) })
	t.Run("cluster", func(t *testing.T) { test(t, openedRedis(t, redistest.Shared(t).URL)) })
}

func openedFile(t *testing.T, path string) Store {
	t.Helper()
	s, err := openBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A family is a session and its first token, as a login creates them.
type family struct {
	session Session
	token   TokenID
	refresh Refresh
}

func begin(t *testing.T, s Store, id string, token byte) family {
	t.Helper()
	f := family{
		session: Session{ID: id, User: "älice", Client: "native", Credential: "c", Grant: `{"scope":"openid"}`, Created: epoch, Expires: epoch.Add(time.Hour)},
		token:   TokenID{Hash{token}, id},
		refresh: Refresh{Session: id, Issued: epoch, Expires: epoch.Add(time.Hour)},
	}
	if err := s.Begin(t.Context(), f.session, f.token, f.refresh); err != nil {
		t.Fatal(err)
	}
	return f
}

// unnamed identifies a token that names no session, as those of earlier versions.
func unnamed(n byte) TokenID { return TokenID{Hash: Hash{n}} }

// exists reports whether the store has a record of the token, in Redis of the session s1.
func exists(t *testing.T, s Store, n byte) bool {
	t.Helper()
	switch s := s.(type) {
	case *memStore:
		_, ok := s.tokens[Hash{n}]
		return ok
	case *boltStore:
		err := s.read(func(tx *bolt.Tx) error { return get(tx, tokensBucket, []byte{n, 31: 0}, new(Refresh)) })
		return err == nil
	case *redisStore:
		_, err := s.hash(t.Context(), redisToken("s1", Hash{n}), "expires")
		return err == nil
	}
	panic("unknown store")
}

// spend returns a Spend of the family's token, so long after epoch. next is its successor.
func (f family) spend(next byte, after, grace time.Duration) Spend {
	now := epoch.Add(after)
	p := Spend{Token: f.token, Client: f.session.Client, Key: f.session.Key, Next: Hash{next}, Now: now, Grace: grace, Expires: now.Add(time.Hour), SessionExpires: now.Add(2 * time.Hour)}
	if grace > 0 {
		p.Sealed = []byte{next, 0, 0xff}
	}
	return p
}

func rotate(t *testing.T, s Store, p Spend) Rotation {
	t.Helper()
	r, err := s.Rotate(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestStoreKeepsWhatItIsGiven(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		refresh, session, err := s.Find(t.Context(), f.token)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "token", refresh, f.refresh)
		same(t, "session", session, f.session)
		session, err = s.Session(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "session by ID", session, f.session)

		if _, _, err := s.Find(t.Context(), unnamed(9)); !errors.Is(err, ErrNotFound) {
			t.Errorf("an unknown token: %v", err)
		}
		if _, err := s.Session(t.Context(), "s9"); !errors.Is(err, ErrNotFound) {
			t.Errorf("an unknown session: %v", err)
		}
		same(t, "spending an unknown token", rotate(t, s, Spend{Token: unnamed(9), Next: Hash{10}, Now: epoch}), Rotation{Outcome: Unknown})
		if _, _, err := s.Find(t.Context(), unnamed(10)); !errors.Is(err, ErrNotFound) {
			t.Errorf("it created a successor: %v", err)
		}
	})
}

func TestStoreBeginAddsATokenToASession(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		if err := s.Revoke(t.Context(), "s1", epoch); err != nil {
			t.Fatal(err)
		}
		f.session.User = "mallory"
		if err := s.Begin(t.Context(), f.session, TokenID{Hash{2}, "s1"}, f.refresh); err != nil {
			t.Fatal(err)
		}
		_, session, err := s.Find(t.Context(), TokenID{Hash{2}, "s1"})
		if err != nil {
			t.Fatal(err)
		}
		if session.User != "älice" || session.Revoked.IsZero() {
			t.Errorf("the session was replaced: %+v", session)
		}
	})
}

func TestStoreRotates(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		p := f.spend(2, time.Minute, 0)
		got := rotate(t, s, p)
		session := f.session
		session.Expires = p.SessionExpires
		same(t, "rotation", got, Rotation{Outcome: Rotated, Session: session, Expires: p.Expires})

		spent, _, err := s.Find(t.Context(), f.token)
		if err != nil {
			t.Fatal(err)
		}
		want := f.refresh
		want.Spent, want.Next = p.Now, p.Next
		same(t, "the spent token", spent, want)
		next, _, err := s.Find(t.Context(), TokenID{p.Next, "s1"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "its successor", next, Refresh{Session: "s1", Issued: p.Now, Expires: p.Expires})
	})
}

func TestStoreRevokesTheFamilyOfASpentToken(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		other := begin(t, s, "other", 50)
		rotate(t, s, f.spend(2, 0, 0))
		again := f.spend(3, time.Minute, 0)
		r := rotate(t, s, again)
		if r.Outcome != Reused || !r.Session.Revoked.Equal(again.Now) {
			t.Errorf("replay: %+v", r)
		}
		if exists(t, s, 3) {
			t.Error("the replay created a successor")
		}
		f.token.Hash = Hash{2}
		if r := rotate(t, s, f.spend(4, time.Minute, 0)); r.Outcome != Revoked {
			t.Errorf("the successor is %s, want revoked", r.Outcome)
		}
		f = other
		if r := rotate(t, s, f.spend(51, time.Minute, 0)); r.Outcome != Rotated {
			t.Errorf("another family: %s, want rotated", r.Outcome)
		}
	})
}

func TestStoreGraceGivesTheSameSuccessor(t *testing.T) {
	const grace = 10 * time.Second
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		first := f.spend(2, 0, grace)
		rotate(t, s, first)
		for _, after := range []time.Duration{0, time.Second, grace - time.Millisecond} {
			r := rotate(t, s, f.spend(3, after, grace))
			if r.Outcome != Replayed || !r.Session.Revoked.IsZero() || !r.Expires.Equal(first.Expires) {
				t.Errorf("after %s: %+v", after, r)
			}
			same(t, "successor", r.Sealed, first.Sealed)
		}
		f2 := f
		f2.token.Hash = Hash{2}
		if r := rotate(t, s, f2.spend(4, time.Second, grace)); r.Outcome != Rotated {
			t.Errorf("the successor is %s", r.Outcome)
		}
		if r := rotate(t, s, f.spend(5, grace, grace)); r.Outcome != Reused {
			t.Errorf("when the grace is over: %s, want reused", r.Outcome)
		}
	})
}

// A token that was spent without a grace period is not replayed, even if there is a grace
// period now.
func TestStoreGraceIsThatOfTheRotation(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		rotate(t, s, f.spend(2, 0, 0))
		if r := rotate(t, s, f.spend(3, 0, time.Hour)); r.Outcome != Reused {
			t.Errorf("got %s, want reused", r.Outcome)
		}
	})
}

func TestStoreSameSpendSameRotation(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Minute} {
		eachStore(t, func(t *testing.T, s Store) {
			f := begin(t, s, "s1", 1)
			p := f.spend(2, time.Second, grace)
			first := rotate(t, s, p)
			same(t, "sent again", rotate(t, s, p), first)
		})
	}
}

func TestStoreExpiry(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		if r := rotate(t, s, f.spend(2, time.Hour, 0)); r.Outcome != Expired {
			t.Errorf("at its expiry: %s", r.Outcome)
		}
		if r := rotate(t, s, f.spend(3, time.Hour-time.Millisecond, 0)); r.Outcome != Rotated {
			t.Errorf("a moment before: %s", r.Outcome)
		}
		if r := rotate(t, s, f.spend(4, time.Hour, 0)); r.Outcome != Expired || !r.Session.Revoked.IsZero() {
			t.Errorf("spent and expired: %+v", r)
		}
	})
}

func TestStoreRevoke(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		for _, after := range []time.Duration{time.Second, time.Minute} {
			if err := s.Revoke(t.Context(), "s1", epoch.Add(after)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Revoke(t.Context(), "never was", epoch); err != nil {
			t.Error(err)
		}
		if _, err := s.Session(t.Context(), "never was"); !errors.Is(err, ErrNotFound) {
			t.Errorf("revoking it created a session: %v", err)
		}
		want := f.session
		want.Revoked = epoch.Add(time.Second)
		session, err := s.Session(t.Context(), "s1")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "session", session, want)
		same(t, "rotation", rotate(t, s, f.spend(2, time.Hour/2, 0)), Rotation{Outcome: Revoked, Session: want, Expires: epoch.Add(time.Hour/2 + time.Hour)})
	})
}

// When many requests spend one token at the same time, one gets a successor. Within the
// grace period, all get the same one.
func TestStoreRace(t *testing.T) {
	const racers = 50
	for _, grace := range []time.Duration{0, time.Minute} {
		t.Run("grace="+grace.String(), func(t *testing.T) {
			eachStore(t, func(t *testing.T, s Store) {
				f := begin(t, s, "s1", 1)
				var group sync.WaitGroup
				rotations := make([]Rotation, racers)
				for i := range racers {
					group.Go(func() {
						var err error
						if rotations[i], err = s.Rotate(context.Background(), f.spend(byte(100+i), time.Second, grace)); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
				outcomes := map[Outcome]int{}
				successors := map[string]int{}
				for _, r := range rotations {
					outcomes[r.Outcome]++
					successors[string(r.Sealed)]++
				}
				want := map[Outcome]int{Rotated: 1, Reused: 1, Revoked: racers - 2}
				if grace > 0 {
					want = map[Outcome]int{Rotated: 1, Replayed: racers - 1}
				}
				same(t, "outcomes", outcomes, want)
				if grace > 0 && len(successors) != 1 {
					t.Errorf("%d successors, want 1", len(successors))
				}
				live := 0
				for i := range racers {
					if r, _, err := s.Find(t.Context(), TokenID{Hash{byte(100 + i)}, "s1"}); err == nil && r.Spent.IsZero() {
						live++
					}
				}
				if live != 1 {
					t.Errorf("%d successors are in the store, want 1", live)
				}
			})
		})
	}
}

func TestStoreKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		if keys, err := s.Keys(t.Context()); err != nil || len(keys) != 0 {
			t.Fatalf("at first: %v, %v", keys, err)
		}
		const racers = 10
		var group sync.WaitGroup
		for i := range racers {
			group.Go(func() {
				err := s.ChangeKeys(context.Background(), func(keys []SigningKey) []SigningKey {
					return append(keys, SigningKey{JWK: fmt.Appendf(nil, `{"kid":"%d"}`, i), Created: epoch, From: epoch.Add(time.Minute)})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		keys, err := s.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, k := range keys {
			seen[string(k.JWK)] = true
			if !k.Created.Equal(epoch) || !k.From.Equal(epoch.Add(time.Minute)) || !k.Until.IsZero() {
				t.Errorf("its times changed: %+v", k)
			}
		}
		if len(keys) != racers || len(seen) != racers {
			t.Errorf("%d keys, %d of them different, want %d", len(keys), len(seen), racers)
		}
	})
}

// Redis purges by its own clock: see TestRedisForgets.
func TestStorePurge(t *testing.T) {
	for name, s := range map[string]Store{"memory": NewMemory(), "file": openedFile(t, filepath.Join(t.TempDir(), "state.db"))} {
		t.Run(name, func(t *testing.T) {
			extended := begin(t, s, "extended", 1)
			begin(t, s, "short", 2)
			rotate(t, s, extended.spend(3, 50*time.Minute, 0))
			kept := func(id string, tokens ...byte) (found []any) {
				if _, err := s.Session(t.Context(), id); err == nil {
					found = append(found, id)
				}
				for _, n := range tokens {
					if exists(t, s, n) {
						found = append(found, n)
					}
				}
				return found
			}
			purge := func(after time.Duration) {
				t.Helper()
				if err := s.Purge(t.Context(), epoch.Add(after)); err != nil {
					t.Fatal(err)
				}
			}
			purge(2 * time.Hour)
			same(t, "expired an hour ago", kept("short", 2), []any{"short", byte(2)})
			purge(2*time.Hour + time.Second)
			same(t, "expired longer ago", kept("short", 2), []any(nil))
			same(t, "extended", kept("extended", 1, 3), []any{"extended", byte(3)})
			purge(3*time.Hour + 50*time.Minute + time.Second)
			same(t, "extended and expired", kept("extended", 1, 3), []any(nil))
		})
	}
}

func TestFileOutlivesItsServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "state.db")
	s := openedFile(t, path)
	f := begin(t, s, "s1", 1)
	rotate(t, s, f.spend(2, 0, 0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	s = openedFile(t, path)
	if r := rotate(t, s, f.spend(3, 0, 0)); r.Outcome != Reused {
		t.Errorf("a token spent before: %s, want reused", r.Outcome)
	}
}

// Changes that arrive during a commit share the next one. A change that fails does not
// make others fail.
func TestFileCommits(t *testing.T) {
	s := openedFile(t, filepath.Join(t.TempDir(), "state.db")).(*boltStore)
	const requests = 60
	before, refused := s.commits(t), errors.New("no")
	var group sync.WaitGroup
	s.writing.Lock() // as during a commit
	for i := range requests {
		group.Go(func() {
			if err := s.Begin(context.Background(), Session{ID: "s1"}, unnamed(byte(100+i)), Refresh{Session: "s1"}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Go(func() {
		if err := s.write(func(*bolt.Tx) error { return refused }); err != refused {
			t.Errorf("a change that fails: %v", err)
		}
	})
	for queued := 0; queued <= requests; {
		s.queued.Lock()
		queued = len(s.queue)
		s.queued.Unlock()
		runtime.Gosched()
	}
	s.writing.Unlock()
	group.Wait()
	if n := s.commits(t) - before; n != 1 {
		t.Errorf("%d commits for %d requests", n, requests)
	}
	for i := range requests {
		if _, _, err := s.Find(context.Background(), unnamed(byte(100+i))); err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	}
}

// commits returns the number of commits since the file was created.
func (f *boltStore) commits(t *testing.T) (n int) {
	t.Helper()
	if err := f.db.View(func(tx *bolt.Tx) error { n = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFileRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(dir, "foreign")
	db, err := bolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("recipes")); return err })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	held := filepath.Join(dir, "held")
	openedFile(t, held)
	for _, c := range []struct{ name, path, want string }{
		{"held by another server", held, "another server has it open"},
		{"others may read it", write("open", 0o644, ""), "others may read the private keys in it"},
		{"text", write("text", 0o600, "this is no store at all, but a text that somebody keeps here"), "is not a store of this server"},
		{"another program's database", foreign, "is not a store of this server"},
		{"a directory", dir, "is not a regular file"},
		{"below a file", filepath.Join(write("file", 0o600, ""), "state.db"), "not a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openBolt(c.path)
			var e *verdict.Error
			if !errors.As(err, &e) || e.Class != verdict.IO {
				t.Fatalf("got %v, want an io_error", err)
			}
			if got := e.Message; !strings.Contains(got, c.want) || !strings.Contains(got, c.path[:len(dir)]) {
				t.Errorf("says %q, want %q", got, c.want)
			}
		})
	}
}
