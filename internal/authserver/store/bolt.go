package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"jwt/internal/verdict"
)

// A boltStore is a Store in one bbolt file. A commit is fsynced before its method
// returns; those of requests at the same time share one.
type boltStore struct {
	db   *bolt.DB
	path string

	queued  sync.Mutex
	queue   []*change  // those that wait for a commit
	writing sync.Mutex // whose holder commits what is in the queue

	broken atomic.Bool // bbolt panicked: its locks may be held for ever
}

// A change is one request's, and what became of it.
type change struct {
	make func(*bolt.Tx) error
	done chan error
}

var (
	tokensBucket   = []byte("tokens")   // hash → Refresh
	sessionsBucket = []byte("sessions") // ID → Session
	expiryBucket   = []byte("expiry")   // milliseconds, bucket's first letter, key → nothing
	keysBucket     = []byte("keys")     // "keys" → []SigningKey
)

const (
	lockTimeout = time.Second // how long to wait for another process to let go of the file
	purgeBatch  = 1000        // records forgotten in one transaction
)

// openBolt opens the bbolt file at path, or creates it, readable only by its owner. It
// refuses an existing file that others can read, because the file holds private keys.
func openBolt(path string) (Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, storeError(path, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, storeError(path, err)
	case !info.Mode().IsRegular():
		return nil, verdict.Errorf(verdict.IO, "%s: is not a regular file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, verdict.Errorf(verdict.IO, "%s: others may read the private keys in it", path).Hintf("chmod 600 %s", path)
	}
	if info != nil && info.Size() > 0 {
		if err := sound(path); err != nil {
			return nil, storeError(path, err)
		}
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout:        lockTimeout,
		NoFreelistSync: true, // rebuilt on open: half the pages to write at each commit
		FreelistType:   bolt.FreelistMapType,
	})
	if err != nil {
		return nil, storeError(path, err)
	}
	f := &boltStore{db: db, path: path}
	err = f.write(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{tokensBucket, sessionsBucket, expiryBucket, keysBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.Close()
		return nil, storeError(path, err)
	}
	return f, nil
}

// sound checks a file that is there, while no server writes to it: opened to be read
// only, bbolt locks it and looks at its first pages alone.
func sound(path string) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout, ReadOnly: true})
	switch {
	case err == nil:
	case errors.As(err, new(*fs.PathError)), errors.Is(err, bolterrors.ErrTimeout), errors.Is(err, bolterrors.ErrInvalid),
		errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return err
	default: // it is too short for its first two pages
		return damaged(path, err)
	}
	defer db.Close()
	err = checkBolt(path)
	if err == nil || errors.Is(err, errUnknownFormat) { // bbolt, which opened it, knows a later format
		return nil
	}
	return damaged(path, err)
}

// ErrDamaged is in every error that says a store cannot be used any more.
var ErrDamaged = errors.New("the file is damaged")

func damaged(path string, err error) error {
	return verdict.Errorf(verdict.IO, "%s: %w: %w", path, ErrDamaged, err).
		Hintf("mv %[1]s %[1]s.damaged makes room for a new one; the sessions and keys in it are lost", path)
}

func storeError(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return verdict.Errorf(verdict.IO, "%s: another server has it open", path).
			Hintf("stop that one, or give this one a --store of its own: a FILE, memory, or redis://HOST they both share")
	case errors.Is(err, ErrDamaged):
		return err
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return verdict.Errorf(verdict.IO, "%s: is not a store of this server: %w", path, err).Hintf("move it away, or name another --store FILE")
	}
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return verdict.Errorf(verdict.IO, "%s: %w", path, err)
}

// write commits what a change makes, which may be called more than once. Those that
// come while another is committed wait for the next commit, which is one for them all.
func (f *boltStore) write(do func(*bolt.Tx) error) error {
	c := &change{do, make(chan error, 1)}
	f.queued.Lock()
	f.queue = append(f.queue, c)
	f.queued.Unlock()

	f.writing.Lock()
	defer f.writing.Unlock()
	if len(c.done) == 0 {
		f.queued.Lock()
		batch := f.queue
		f.queue = nil
		f.queued.Unlock()
		f.commit(batch)
	}
	return <-c.done
}

// commit makes all changes in one transaction, but for those that fail.
func (f *boltStore) commit(batch []*change) {
	for len(batch) > 0 {
		failed := -1
		err := f.guard(func() error {
			return f.db.Update(func(tx *bolt.Tx) error {
				for i, c := range batch {
					if err := c.make(tx); err != nil {
						failed = i
						return err
					}
				}
				return nil
			})
		})
		if failed < 0 || f.broken.Load() {
			for _, c := range batch {
				c.done <- err
			}
			return
		}
		batch[failed].done <- err
		batch = slices.Delete(batch, failed, failed+1)
	}
}

func (f *boltStore) read(look func(*bolt.Tx) error) error {
	return f.guard(func() error { return f.db.View(look) })
}

// guard makes an error of a panic of bbolt's, and of a fault in its map of the file.
func (f *boltStore) guard(transaction func() error) (err error) {
	if f.broken.Load() {
		return damaged(f.path, errors.New("it was found so before"))
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			f.broken.Store(true)
			err = damaged(f.path, fmt.Errorf("%v", p))
		}
	}()
	return transaction()
}

func (f *boltStore) Begin(_ context.Context, s Session, token Hash, r Refresh) error {
	return f.write(func(tx *bolt.Tx) error {
		if tx.Bucket(sessionsBucket).Get([]byte(s.ID)) == nil {
			if err := put(tx, sessionsBucket, []byte(s.ID), s, s.Expires); err != nil {
				return err
			}
		}
		return put(tx, tokensBucket, token[:], r, r.Expires)
	})
}

func (f *boltStore) Rotate(_ context.Context, p Spend) (Rotation, error) {
	var rotation Rotation
	err := f.write(func(tx *bolt.Tx) error {
		var r Refresh
		var s Session
		if err := find(tx, p.Token, &r, &s); err != nil {
			rotation = Rotation{Outcome: Unknown}
			return ignoreNotFound(err)
		}
		var changed bool
		rotation, changed = p.apply(&r, &s)
		switch {
		case rotation.Outcome == Replayed:
			var next Refresh
			err := get(tx, tokensBucket, r.Next[:], &next)
			rotation.Expires = next.Expires
			return ignoreNotFound(err)
		case !changed:
			return nil
		case rotation.Outcome == Rotated:
			if err := put(tx, tokensBucket, p.Next[:], p.successor(s.ID), p.Expires); err != nil {
				return err
			}
		}
		return errors.Join(
			put(tx, tokensBucket, p.Token[:], r, time.Time{}),
			put(tx, sessionsBucket, []byte(s.ID), s, time.Time{}),
		)
	})
	return rotation, err
}

func (f *boltStore) Find(_ context.Context, token Hash) (r Refresh, s Session, err error) {
	err = f.read(func(tx *bolt.Tx) error { return find(tx, token, &r, &s) })
	return r, s, err
}

func (f *boltStore) Session(_ context.Context, id string) (s Session, err error) {
	err = f.read(func(tx *bolt.Tx) error { return get(tx, sessionsBucket, []byte(id), &s) })
	return s, err
}

func (f *boltStore) Revoke(_ context.Context, id string, now time.Time) error {
	return f.write(func(tx *bolt.Tx) error {
		var s Session
		if err := get(tx, sessionsBucket, []byte(id), &s); err != nil || !s.Revoked.IsZero() {
			return ignoreNotFound(err)
		}
		s.Revoked = now
		return put(tx, sessionsBucket, []byte(id), s, time.Time{})
	})
}

func (f *boltStore) Keys(context.Context) (keys []SigningKey, err error) {
	err = f.read(func(tx *bolt.Tx) error { return ignoreNotFound(get(tx, keysBucket, keysBucket, &keys)) })
	if err != nil && !errors.Is(err, ErrDamaged) {
		err = damaged(f.path, err)
	}
	return keys, err
}

func (f *boltStore) ChangeKeys(_ context.Context, change func([]SigningKey) []SigningKey) error {
	return f.write(func(tx *bolt.Tx) error {
		var keys []SigningKey
		if err := ignoreNotFound(get(tx, keysBucket, keysBucket, &keys)); err != nil {
			return err
		}
		return put(tx, keysBucket, keysBucket, change(keys), time.Time{})
	})
}

// Close leaves a broken store open until the process ends, because closing would wait
// forever for its locks.
func (f *boltStore) Close() error {
	if f.broken.Load() {
		return nil
	}
	return f.db.Close()
}

// Purge walks the expiry index up to now. A session's entry is that of its first
// token: the session itself knows whether it lives on.
func (f *boltStore) Purge(ctx context.Context, now time.Time) error {
	until := expiryKey(now.Add(-keepExpired), nil, nil)
	for more := true; more && ctx.Err() == nil; {
		err := f.write(func(tx *bolt.Tx) error {
			due := dueKeys(tx, until)
			more = len(due) == purgeBatch
			for _, key := range due {
				if err := purge(tx, key, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func dueKeys(tx *bolt.Tx, until []byte) (due [][]byte) {
	c := tx.Bucket(expiryBucket).Cursor()
	for k, _ := c.First(); k != nil && bytes.Compare(k, until) < 0 && len(due) < purgeBatch; k, _ = c.Next() {
		due = append(due, bytes.Clone(k))
	}
	return due
}

func purge(tx *bolt.Tx, key []byte, now time.Time) error {
	if err := tx.Bucket(expiryBucket).Delete(key); err != nil {
		return err
	}
	bucket, id := tokensBucket, key[9:]
	if key[8] == sessionsBucket[0] {
		bucket = sessionsBucket
		var s Session
		err := get(tx, bucket, id, &s)
		if err == nil && !s.Expires.Before(now.Add(-keepExpired)) {
			return tx.Bucket(expiryBucket).Put(expiryKey(s.Expires, bucket, id), nil)
		}
	}
	return tx.Bucket(bucket).Delete(id)
}

// put writes a record, and an entry of the expiry index unless expires is zero.
func put(tx *bolt.Tx, bucket, key []byte, record any, expires time.Time) error {
	b, err := json.Marshal(record)
	if err != nil {
		return err
	}
	if err := tx.Bucket(bucket).Put(key, b); err != nil || expires.IsZero() {
		return err
	}
	return tx.Bucket(expiryBucket).Put(expiryKey(expires, bucket, key), nil)
}

func get(tx *bolt.Tx, bucket, key []byte, record any) error {
	b := tx.Bucket(bucket).Get(key)
	if b == nil {
		return ErrNotFound
	}
	return json.Unmarshal(b, record)
}

func find(tx *bolt.Tx, token Hash, r *Refresh, s *Session) error {
	if err := get(tx, tokensBucket, token[:], r); err != nil {
		return err
	}
	return get(tx, sessionsBucket, []byte(r.Session), s)
}

func expiryKey(t time.Time, bucket, key []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(t.UnixMilli()))
	if bucket == nil {
		return b
	}
	return append(append(b, bucket[0]), key...)
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
