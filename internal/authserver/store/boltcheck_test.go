package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"jwt/internal/verdict"
)

// aStore returns the bytes of a store with so many sessions, after a rotation.
func aStore(tb testing.TB, sessions int) []byte {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "state.db")
	s, err := openBolt(path)
	if err != nil {
		tb.Fatal(err)
	}
	f := s.(*boltStore)
	f.db.NoSync = true
	err = f.write(func(tx *bolt.Tx) error {
		for i := range sessions {
			id := fmt.Sprintf("session-%d", i)
			err := errors.Join(
				put(tx, sessionsBucket, []byte(id), Session{ID: id, User: "alice", Expires: epoch}, epoch),
				put(tx, tokensBucket, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 16), Refresh{Session: id, Expires: epoch}, epoch))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.ChangeKeys(tb.Context(), func([]SigningKey) []SigningKey { return nil }), s.Close()); err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// use opens a store and touches all of it.
func use(path string) error {
	s, err := openBolt(path)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Keys(context.Background())
	return errors.Join(err,
		s.Begin(context.Background(), Session{ID: "s1", Expires: epoch}, Hash{1}, Refresh{Session: "s1", Expires: epoch}),
		s.Purge(context.Background(), epoch.Add(100*24*time.Hour)))
}

// A file that lost its end, or a page of it, is refused by name, with what to do. A
// panic of bbolt's would end the tests.
func TestFileDamaged(t *testing.T) {
	whole := aStore(t, 100)
	page := os.Getpagesize()
	path := filepath.Join(t.TempDir(), "c.db")
	try := func(what string, b []byte) error {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		err := use(path)
		var e *verdict.Error
		if err != nil && (!errors.As(err, &e) || e.Class != verdict.IO || e.Hint == "" || !strings.HasPrefix(e.Error(), path+": ") || strings.ContainsRune(e.Error(), '\n')) {
			t.Errorf("%s: %v", what, err)
		}
		return err
	}
	if err := try("whole", whole); err != nil {
		t.Fatal(err)
	}
	for size := page; size < len(whole)-page; size += page {
		if err := try(fmt.Sprintf("cut to %d", size), whole[:size]); err == nil && size < len(whole)/2 {
			t.Errorf("cut to %d of %d bytes it is taken", size, len(whole))
		}
	}
	refused := 0
	for i := range len(whole) / page {
		for name, fill := range map[string][]byte{"zero": make([]byte, page), "noise": bytes.Repeat([]byte("\x93\x01noise\xff"), page/8), "another": whole[3*page : 4*page]} {
			b := slices.Clone(whole)
			copy(b[i*page:], fill)
			if try(fmt.Sprintf("page %d %s", i, name), b) != nil {
				refused++
			}
		}
	}
	if refused < 20 {
		t.Errorf("only %d damaged files are refused", refused)
	}
}

// A panic of bbolt's while the store is in use makes an error of this call and of all
// after it, and Close returns.
func TestPanicBreaksTheStore(t *testing.T) {
	s := openedFile(t, filepath.Join(t.TempDir(), "c.db")).(*boltStore)
	if err := s.read(func(*bolt.Tx) error { panic("assertion failed: Page expected") }); !errors.Is(err, ErrDamaged) {
		t.Fatalf("%v", err)
	}
	err := s.Begin(t.Context(), Session{ID: "s1", Expires: epoch}, Hash{1}, Refresh{Session: "s1", Expires: epoch})
	if verdict.ClassOf(err) != verdict.IO || !errors.Is(err, ErrDamaged) {
		t.Errorf("the next call: %v", err)
	}
	if _, err := s.Keys(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("reading: %v", err)
	}
}

// Whatever the check lets through, bbolt opens, reads and writes without a panic.
func FuzzFileDamaged(f *testing.F) {
	whole := aStore(f, 60)
	f.Add(uint32(0), []byte{})
	for at := uint32(0); at < uint32(len(whole)); at += 4096 {
		f.Add(at, []byte{0xff, 0, 1})
		f.Add(at+8, []byte{1, 0, 0xff})
		f.Add(at+16, []byte{3, 0, 0, 0, 0xff, 0xff})
	}
	path := filepath.Join(f.TempDir(), "c.db")
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := slices.Clone(whole)
		copy(b[int(at)%len(b):], patch)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(path); err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Fatalf("bbolt panicked, or met a fault: %v", err)
		}
	})
}

// A file of another version of the format is not called damaged, whether bbolt refuses
// it or, as a later release may, opens it.
func TestOtherVersion(t *testing.T) {
	b := aStore(t, 3)
	size := nativeEndian.Uint32(b[boltPageHeader+8:])
	for _, page := range []uint32{0, size} {
		meta := b[page+boltPageHeader:]
		nativeEndian.PutUint32(meta[4:], boltVersion+1)
		sum := fnv.New64a()
		sum.Write(meta[:56])
		nativeEndian.PutUint64(meta[56:], sum.Sum64())
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	err := use(path)
	if !errors.Is(err, bolterrors.ErrVersionMismatch) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "is not a store of this server") {
		t.Errorf("opening version %d: %v", boltVersion+1, err)
	}
	if err := checkBolt(path); !errors.Is(err, errUnknownFormat) {
		t.Errorf("checking version %d: %v", boltVersion+1, err)
	}
}
