package store

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A session that is refreshed for days has few records, and reuse of any token of it is
// detected. Redis drops by its own clock: see TestRedisForgets.
func TestSpentTokensAreDropped(t *testing.T) {
	for name, s := range map[string]Store{"memory": NewMemory(), "file": openedFile(t, filepath.Join(t.TempDir(), "state.db"))} {
		t.Run(name, func(t *testing.T) {
			f := begin(t, s, "s1", 1)
			other := begin(t, s, "other", 250)
			for i := range byte(200) {
				f.token.Hash = Hash{1 + i}
				p := f.spend(2+i, time.Duration(i)*5*time.Minute, 10*time.Second)
				if r := rotate(t, s, p); r.Outcome != Rotated {
					t.Fatalf("refresh %d: %s", i, r.Outcome)
				}
				if err := s.Purge(t.Context(), p.Now.Add(4*time.Minute)); err != nil {
					t.Fatal(err)
				}
				if exists(t, s, 1+i) {
					t.Fatalf("token %d is kept", i)
				}
			}
			if f, ok := s.(*boltStore); ok {
				same(t, "records of the file", records(t, f), map[string]int{"tokens": 1, "sessions": 1, "expiry": 2, "keys": 0, "records": 0})
			}
			now := 200 * 5 * time.Minute
			f.token.Hash = Hash{1}
			if r, _, err := s.Find(t.Context(), f.token); err != nil || r.Live(f.session, epoch) {
				t.Errorf("found %+v %v", r, err)
			}
			if r := rotate(t, s, f.spend(240, now, time.Hour)); r.Outcome != Reused || !r.Session.Revoked.Equal(epoch.Add(now)) || r.Sealed != nil {
				t.Errorf("the first token: %+v", r)
			}
			f.token.Hash = Hash{201}
			if r := rotate(t, s, f.spend(241, now, time.Hour)); r.Outcome != Revoked {
				t.Errorf("the last token: %+v", r)
			}
			if exists(t, s, 240) || exists(t, s, 241) {
				t.Error("a refused token has a successor")
			}
			if r := rotate(t, s, other.spend(251, 0, 0)); r.Outcome != Unknown {
				t.Errorf("a token of a session that is gone: %s", r.Outcome)
			}
		})
	}
}

// records counts the records of a file.
func records(t *testing.T, f *boltStore) map[string]int {
	t.Helper()
	n := map[string]int{}
	err := f.read(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			n[string(name)] = tx.Bucket(name).Stats().KeyN
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A token that names a session without being one of its tokens is what the store has left
// of a dropped one. It is never accepted.
func TestTokenWithoutRecord(t *testing.T) {
	for _, c := range []struct {
		name    string
		session string
		after   time.Duration
		revoked bool
		want    Outcome
		then    Outcome // of the session's own token
	}{
		{"of a living session", "s1", time.Minute, false, Reused, Revoked},
		{"of a revoked session", "s1", time.Minute, true, Revoked, Revoked},
		{"of an expired session", "s1", time.Hour, false, Expired, Expired},
		{"of no session", "s2", time.Minute, false, Unknown, Rotated},
		{"that names nothing", "", time.Minute, false, Unknown, Rotated},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, s Store) {
				f := begin(t, s, "s1", 1)
				if c.revoked {
					if err := s.Revoke(t.Context(), "s1", epoch); err != nil {
						t.Fatal(err)
					}
				}
				invented := f
				invented.token = TokenID{Hash{9}, c.session}
				p := invented.spend(10, c.after, time.Minute)
				first := rotate(t, s, p)
				if first.Outcome != c.want {
					t.Errorf("got %+v, want %s", first, c.want)
				}
				if again := rotate(t, s, p); again.Outcome == Rotated || again.Outcome == Replayed {
					t.Errorf("sent again: %+v", again)
				}
				if exists(t, s, 9) || exists(t, s, 10) {
					t.Error("it has a record now")
				}
				if r := rotate(t, s, f.spend(2, c.after, 0)); r.Outcome != c.then {
					t.Errorf("the session's own token: %s, want %s", r.Outcome, c.then)
				}
			})
		})
	}
}

// Tokens of earlier versions name no session, so they are kept until they expire.
func TestUnnamedTokens(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		f := begin(t, s, "s1", 1)
		f.token = unnamed(2)
		if err := s.Begin(t.Context(), f.session, f.token, f.refresh); err != nil {
			t.Fatal(err)
		}
		p := f.spend(3, 0, time.Second)
		if r := rotate(t, s, p); r.Outcome != Rotated {
			t.Fatalf("spending it: %s", r.Outcome)
		}
		same(t, "sent again", rotate(t, s, p).Outcome, Rotated)
		if err := s.Purge(t.Context(), epoch.Add(50*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if !exists(t, s, 2) {
			t.Error("it is dropped")
		}
		next := f
		next.token = unnamed(3)
		if r, session, err := s.Find(t.Context(), next.token); err != nil || !r.Live(session, epoch) {
			t.Errorf("its successor: %+v %v", r, err)
		}
		if r := rotate(t, s, f.spend(4, 50*time.Minute, time.Second)); r.Outcome != Reused {
			t.Errorf("reuse: %s", r.Outcome)
		}
		if r := rotate(t, s, next.spend(5, 50*time.Minute, time.Second)); r.Outcome != Revoked {
			t.Errorf("the successor afterwards: %s", r.Outcome)
		}
	})
}

// A file of an earlier version has hashes as arrays of numbers.
func TestFileOfAnEarlierVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	f := openedFile(t, path).(*boltStore)
	numbers := "[2" + strings.Repeat(",0", 31) + "]"
	err := f.write(func(tx *bolt.Tx) error {
		spent, live := []byte{1, 31: 0}, []byte{2, 31: 0}
		return errors.Join(
			tx.Bucket(sessionsBucket).Put([]byte("s1"), []byte(`{"id":"s1","user":"alice","client":"native","created":"2026-01-02T03:04:05Z","expires":"2026-01-03T03:04:05Z"}`)),
			tx.Bucket(tokensBucket).Put(spent, []byte(`{"session":"s1","issued":"2026-01-02T03:04:05Z","expires":"2026-01-03T03:04:05Z","spent":"2026-01-02T03:09:05Z","next":`+numbers+`,"sealed":"AgD/"}`)),
			tx.Bucket(tokensBucket).Put(live, []byte(`{"session":"s1","issued":"2026-01-02T03:09:05Z","expires":"2026-01-03T03:04:05Z"}`)),
		)
	})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	s := openedFile(t, path)
	now := time.Date(2026, 1, 2, 3, 10, 0, 0, time.UTC)
	spend := func(token, next byte, now time.Time) Rotation {
		return rotate(t, s, Spend{Client: "native", Token: TokenID{Hash{token}, "a session that it does not have"}, Next: Hash{next}, Now: now, Grace: time.Minute, Sealed: []byte{next}, Expires: now.Add(time.Hour), SessionExpires: now.Add(time.Hour)})
	}
	if r := spend(1, 3, now); r.Outcome != Replayed || string(r.Sealed) != "\x02\x00\xff" || r.Expires.IsZero() {
		t.Errorf("the spent token in its grace: %+v", r)
	}
	if r := spend(2, 4, now); r.Outcome != Rotated {
		t.Errorf("the live token: %+v", r)
	}
	if r := spend(1, 5, now.Add(time.Hour)); r.Outcome != Reused {
		t.Errorf("the spent token: %+v", r)
	}
}

// A record is either refused or gives the same record when it is written again.
func FuzzRecord(f *testing.F) {
	for _, r := range []Refresh{{}, {Session: "s1", Issued: epoch, Expires: epoch.Add(time.Hour)}, {Session: "s1", Issued: epoch, Expires: epoch, Spent: epoch, Next: Hash{2}, Sealed: []byte{0, 1}}} {
		b, err := r.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		var read Refresh
		if err := read.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(read, r) {
			f.Fatalf("wrote %+v, read %+v %v", r, read, err)
		}
		for i := range b {
			if new(Refresh).UnmarshalBinary(b[:i]) == nil {
				f.Errorf("%d of %d bytes are a record", i, len(b))
			}
		}
		f.Add(b)
	}
	f.Add([]byte(`{"session":"s1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again Refresh
		if r.UnmarshalBinary(b) != nil || b[0] == '{' {
			return
		}
		written, err := r.MarshalBinary()
		if err := errors.Join(err, again.UnmarshalBinary(written)); err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("%x: %+v is read as %+v (%v)", b, r, again, err)
		}
	})
}
