package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"jwt/internal/privatefile"
	"jwt/internal/verdict"
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
	case !privatefile.OwnedByUser(info): // its owner knows the signing keys
		return nil, verdict.Errorf(verdict.IO, "%s: belongs to another user, who knows the private keys in it", path).
			Hintf("move it away, or name another --store FILE")
	}
	f := &boltStore{path: path}
	if info == nil || info.Size() == 0 {
		err = createBolt(path)
	} else {
		err = f.check()
	}
	if err == nil {
		err = f.open()
	}
	if err != nil {
		return nil, storeError(path, err)
	}
	return f, nil
}

// open opens the file for writing, and adds the buckets that a file of an earlier version
// does not have.
func (f *boltStore) open() (err error) {
	f.db, err = bolt.Open(f.path, 0o600, &bolt.Options{
		Timeout:        lockTimeout,
		NoFreelistSync: true, // a commit does not write the list of free pages, which is long after a purge
		FreelistType:   bolt.FreelistMapType,
	})
	if err != nil {
		return err
	}
	err = f.write(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.Close()
	}
	return err
}

// createBolt creates a store under a temporary name and renames it after its first commit,
// so that a start that is killed, or that finds the disk full, leaves no file that a later
// start refuses.
func createBolt(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+unfinished+"*")
	if err != nil {
		return err
	}
	temporary := file.Name()
	defer os.Remove(temporary)
	removeUnfinished(path, file)
	if err := file.Close(); err != nil {
		return err
	}
	f := &boltStore{path: temporary}
	if err := f.open(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.Size() == 0 { // an empty file that the user made
		return os.Rename(temporary, path)
	}
	err = os.Link(temporary, path) // fails if another server has created its own meanwhile
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(temporary, path) // a file system without hard links
}

// unfinished is in the names of stores that have had no commit yet.
const unfinished = ".unfinished-"

// removeUnfinished removes what killed starts left, but not what another start is writing:
// such a file is about as old as the new one.
func removeUnfinished(path string, newest *os.File) {
	const old = time.Minute
	now, err := newest.Stat()
	if err != nil {
		return
	}
	left, _ := filepath.Glob(globQuote(path) + unfinished + "*")
	for _, name := range left {
		if info, err := os.Lstat(name); err == nil && now.ModTime().Sub(info.ModTime()) > old {
			os.Remove(name)
		}
	}
}

func globQuote(path string) string {
	if runtime.GOOS == "windows" { // where a backslash separates
		return path
	}
	return strings.NewReplacer("\\", "\\\\", "*", "\\*", "?", "\\?", "[", "\\[").Replace(path)
}

// check reads every record of an existing file. It comes before bbolt opens the file for
// writing: bbolt then scans all pages in a goroutine of its own, and a panic there cannot
// be recovered. A crafted file, such as one whose pages form a cycle, can still end the
// process with a panic message.
func (f *boltStore) check() error {
	return f.guard(func() error {
		db, err := bolt.Open(f.path, 0o600, &bolt.Options{Timeout: lockTimeout, ReadOnly: true})
		switch {
		case err == nil:
		case errors.As(err, new(*fs.PathError)), errors.Is(err, bolterrors.ErrTimeout), errors.Is(err, bolterrors.ErrInvalid),
			errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
			return err
		default: // the file is shorter than its first two pages
			return damaged(f.path, err)
		}
		defer db.Close()
		err = db.View(checkRecords)
		if err == nil || errors.Is(err, bolterrors.ErrInvalid) {
			return err
		}
		return damaged(f.path, err)
	})
}

// checkRecords compares the file's size with that of its pages, and reads every record.
func checkRecords(tx *bolt.Tx) error {
	info, err := os.Stat(tx.DB().Path())
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("it has %d bytes of %d", info.Size(), tx.Size())
	}
	tx.Cursor().Bucket().Stats() // recursive: a cycle overflows the stack here, where a cursor would fill the memory
	return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
		if !slices.ContainsFunc(buckets, func(known []byte) bool { return bytes.Equal(name, known) }) {
			return fmt.Errorf("%w: it has a bucket %q", bolterrors.ErrInvalid, name)
		}
		if b == nil {
			return fmt.Errorf("bucket %q is not found", name)
		}
		return checkBucket(name, b)
	})
}

func checkBucket(name []byte, b *bolt.Bucket) error {
	valid := json.Valid
	if bytes.Equal(name, tokensBucket) {
		valid = func(value []byte) bool { return new(Refresh).UnmarshalBinary(value) == nil }
	}
	var last []byte
	return b.ForEach(func(key, value []byte) error {
		ordered := last == nil || bytes.Compare(last, key) < 0
		last = key
		// The scan panics if a key is not where a search expects it.
		if !ordered || b.Get(key) == nil || len(value) > 0 && !valid(value) {
			return fmt.Errorf("a record in bucket %q is damaged", name)
		}
		return nil
	})
}

// ErrDamaged is wrapped by every error after which the store cannot be used.
var ErrDamaged = errors.New("the file is damaged")

func damaged(path string, err error) error {
	return verdict.Errorf(verdict.IO, "%s: %w: %w", path, ErrDamaged, err).
		Hintf("mv %[1]s %[1]s.damaged makes room for a new one; the sessions and keys in it are lost", path)
}

func storeError(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return verdict.Errorf(verdict.IO, "%s: another server has it open", path).
			Hintf("stop the other server, or give this one another --store: a FILE, memory, or redis://HOST, which servers can share")
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
