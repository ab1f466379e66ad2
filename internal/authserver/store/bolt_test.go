package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
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

// aStore returns the bytes of a file store with that many sessions.
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

// use opens a store, reads from it and writes to it.
func use(path string) error {
	s, err := openBolt(path)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Keys(context.Background())
	return errors.Join(err,
		s.Begin(context.Background(), Session{ID: "s1", Expires: epoch}, TokenID{Hash{1}, "s1"}, Refresh{Session: "s1", Expires: epoch}),
		s.Purge(context.Background(), epoch.Add(100*24*time.Hour)))
}

// The error for a file that lost its end or a page names the file and has a hint.
func TestFileDamaged(t *testing.T) {
	whole := aStore(t, 150)
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
			t.Errorf("cut to %d of %d bytes it is accepted", size, len(whole))
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
	if refused < 60 {
		t.Errorf("only %d damaged files are refused", refused)
	}
}

// After a panic in bbolt, this call and all later ones return an error, and Close does
// not hang.
func TestPanicBreaksTheStore(t *testing.T) {
	s := openedFile(t, filepath.Join(t.TempDir(), "c.db")).(*boltStore)
	if err := s.read(func(*bolt.Tx) error { panic("assertion failed: Page expected") }); !errors.Is(err, ErrDamaged) {
		t.Fatalf("%v", err)
	}
	err := s.Begin(t.Context(), Session{ID: "s1", Expires: epoch}, TokenID{Hash{1}, "s1"}, Refresh{Session: "s1", Expires: epoch})
	if verdict.ClassOf(err) != verdict.IO || !errors.Is(err, ErrDamaged) {
		t.Errorf("the next call: %v", err)
	}
	if _, err := s.Keys(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("reading: %v", err)
	}
}

// A file that is cut off, or whose sectors are zeroed or hold noise, does not end the
// process.
func FuzzFileDamaged(f *testing.F) {
	const sector = 512
	whole := aStore(f, 60)
	for i := range uint32(len(whole) / sector) {
		f.Add(i, uint8(1), uint64(0), false)
		f.Add(i, uint8(1), uint64(i), false)
		f.Add(i, uint8(0), uint64(0), true)
	}
	path := filepath.Join(f.TempDir(), "c.db")
	f.Fuzz(func(t *testing.T, first uint32, sectors uint8, seed uint64, cut bool) {
		b := slices.Clone(whole)
		at := int(first) % (len(b) / sector) * sector
		hit := b[at:min(at+int(sectors)*sector, len(b))]
		clear(hit)
		if seed != 0 {
			for i, noise := 0, rand.New(rand.NewPCG(seed, 0)); i < len(hit); i++ {
				hit[i] = byte(noise.Uint32())
			}
		}
		if cut {
			b = b[:at]
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(path); err != nil && verdict.ClassOf(err) != verdict.IO {
			t.Fatal(err)
		}
	})
}

// A file of another version of the format is called that, not damaged.
func TestOtherVersion(t *testing.T) {
	const metaPage, metaSum, version = 16, 56, 4 // offsets of the record in its page, of its members in it
	b := aStore(t, 3)
	for _, page := range []int{0, os.Getpagesize()} {
		meta := b[page+metaPage:]
		binary.NativeEndian.PutUint32(meta[version:], 3)
		sum := fnv.New64a()
		sum.Write(meta[:metaSum])
		binary.NativeEndian.PutUint64(meta[metaSum:], sum.Sum64())
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	err := use(path)
	if !errors.Is(err, bolterrors.ErrVersionMismatch) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "is not a store of this server") {
		t.Errorf("opening version 3: %v", err)
	}
}
