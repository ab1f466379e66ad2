package store

import (
	"bytes"
	"context"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A boltStore is a Store in one bbolt file. Each change is on disk before its method
// returns. Concurrent changes share one commit.
type boltStore struct {
	db   *bolt.DB
	path string

	queued  sync.Mutex
	queue   []*change  // the changes that wait for a commit
	writing sync.Mutex // its holder commits the queue

	broken atomic.Bool // set after a panic in bbolt, which may never release its locks
}

// A change is what one request writes. The result is sent on done.
type change struct {
	make func(*bolt.Tx) error
	done chan error
}

var (
	tokensBucket   = []byte("tokens")   // hash → Refresh, binary
	sessionsBucket = []byte("sessions") // ID → Session, JSON
	expiryBucket   = []byte("expiry")   // milliseconds, first letter of the bucket, key → empty; keepExpired later it is due
	keysBucket     = []byte("keys")     // "keys" → []SigningKey, JSON
	recordsBucket  = []byte("records")  // hash → record, JSON

	buckets = [][]byte{tokensBucket, sessionsBucket, expiryBucket, keysBucket, recordsBucket}
)

const (
	lockTimeout = time.Second // how long to wait for another process to release the file
	purgeBatch  = 1000        // records deleted in one transaction
)

// write runs do in a transaction and commits it. It may call do more than once. Changes
// that arrive during a commit wait, and then share the next one.
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

// commit makes all changes in one transaction, except those that fail.
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

// guard turns a panic in bbolt, or a fault in its memory map of the file, into an error.
func (f *boltStore) guard(transaction func() error) (err error) {
	if f.broken.Load() {
		return damaged(f.path, errors.New("an earlier request found this"))
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

func (f *boltStore) Begin(_ context.Context, s Session, token TokenID, r Refresh) error {
	return f.write(func(tx *bolt.Tx) error {
		if tx.Bucket(sessionsBucket).Get([]byte(s.ID)) == nil {
			if err := put(tx, sessionsBucket, []byte(s.ID), s, s.Expires); err != nil {
				return err
			}
		}
		return put(tx, tokensBucket, token.Hash[:], r, r.Expires)
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
			if err := errors.Join(p.putSpent(tx, r), put(tx, tokensBucket, p.Next[:], p.successor(s.ID), p.Expires)); err != nil {
				return err
			}
		}
		return put(tx, sessionsBucket, []byte(s.ID), s, time.Time{})
	})
	return rotation, err
}

// putSpent writes the record of the token that is spent, and when it is due.
func (p Spend) putSpent(tx *bolt.Tx, r Refresh) error {
	token := p.Token.Hash[:]
	if p.Token.Session != r.Session {
		return put(tx, tokensBucket, token, r, time.Time{})
	}
	return errors.Join(
		tx.Bucket(expiryBucket).Delete(expiryKey(r.Expires, tokensBucket, token)),
		put(tx, tokensBucket, token, r, p.Now.Add(p.kept()-keepExpired)),
	)
}

func (f *boltStore) Find(_ context.Context, token TokenID) (r Refresh, s Session, err error) {
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

// Once keeps used IDs among the tokens: they expire like them, and cannot be mistaken for
// one, because both are SHA-256 of different texts.
func (f *boltStore) Once(_ context.Context, id Hash, now, expires time.Time) (first bool, err error) {
	err = f.write(func(tx *bolt.Tx) error {
		if first = tx.Bucket(tokensBucket).Get(id[:]) == nil; !first {
			return nil
		}
		return put(tx, tokensBucket, id[:], Refresh{Spent: now, Issued: now, Expires: expires}, expires)
	})
	return first, err
}

func (f *boltStore) Used(_ context.Context, id Hash) (used bool, err error) {
	err = f.read(func(tx *bolt.Tx) error {
		used = tx.Bucket(tokensBucket).Get(id[:]) != nil
		return nil
	})
	return used, err
}

func (f *boltStore) Record(_ context.Context, id Hash) ([]byte, error) {
	var r record
	err := f.read(func(tx *bolt.Tx) error { return get(tx, recordsBucket, id[:], &r) })
	return r.Value, err
}

func (f *boltStore) Swap(_ context.Context, id Hash, old, new []byte, _, expires time.Time) (swapped bool, err error) {
	err = f.write(func(tx *bolt.Tx) error {
		var r record
		if err := ignoreNotFound(get(tx, recordsBucket, id[:], &r)); err != nil {
			return err
		}
		if swapped = bytes.Equal(r.Value, old); !swapped {
			return nil
		}
		return put(tx, recordsBucket, id[:], record{new, expires}, expires)
	})
	return swapped, err
}

// Close leaves a broken store open until the process ends, because closing would wait
// forever for its locks.
func (f *boltStore) Close() error {
	if f.broken.Load() {
		return nil
	}
	return f.db.Close()
}

// Purge walks the expiry index.
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

// purge deletes the record of an entry of the expiry index, or moves the entry.
func purge(tx *bolt.Tx, key []byte, now time.Time) error {
	if err := tx.Bucket(expiryBucket).Delete(key); err != nil {
		return err
	}
	bucket, id := tokensBucket, key[9:]
	for _, b := range [][]byte{sessionsBucket, recordsBucket} {
		if key[8] == b[0] {
			bucket = b
		}
	}
	until := expiryOf(tx, bucket, id)
	if until.Before(now.Add(-keepExpired)) {
		return tx.Bucket(bucket).Delete(id)
	}
	return tx.Bucket(expiryBucket).Put(expiryKey(until, bucket, id), nil)
}

// expiryOf returns when a record expires, or the session of a token, because they are
// extended. A token that is not spent is kept as long: without its record it would count as spent. The
// zero time is returned for a spent token.
func expiryOf(tx *bolt.Tx, bucket, id []byte) time.Time {
	if bucket[0] == recordsBucket[0] {
		var r record
		if err := get(tx, bucket, id, &r); err != nil {
			return time.Time{}
		}
		return r.Expires
	}
	session := id
	if bucket[0] == tokensBucket[0] {
		var r Refresh
		if err := get(tx, bucket, id, &r); err != nil || !r.Spent.IsZero() {
			return time.Time{}
		}
		session = []byte(r.Session)
	}
	var s Session
	if err := get(tx, sessionsBucket, session, &s); err != nil {
		return time.Time{}
	}
	return s.Expires
}

// put writes a record. It also adds an entry to the expiry index, unless expires is zero.
func put(tx *bolt.Tx, bucket, key []byte, record any, expires time.Time) error {
	b, err := marshal(record)
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
	if r, ok := record.(encoding.BinaryUnmarshaler); ok {
		return r.UnmarshalBinary(b)
	}
	return json.Unmarshal(b, record)
}

func marshal(record any) ([]byte, error) {
	if r, ok := record.(encoding.BinaryMarshaler); ok {
		return r.MarshalBinary()
	}
	return json.Marshal(record)
}

func find(tx *bolt.Tx, token TokenID, r *Refresh, s *Session) error {
	err := get(tx, tokensBucket, token.Hash[:], r)
	switch {
	case err == nil:
		return get(tx, sessionsBucket, []byte(r.Session), s)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	err = get(tx, sessionsBucket, []byte(token.Session), s)
	*r = dropped(*s)
	return err
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
