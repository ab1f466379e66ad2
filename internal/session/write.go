package session

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"jwt/internal/verdict"
)

// A writing is the next file of a session, under a temporary name. Its blocks
// are there before a refresh leaves, so that a disk that fills up meanwhile does
// not lose what the server gives.
type writing struct {
	store *Store
	root  *os.Root
	file  *os.File
	name  string // of the session
	temp  string
}

// reserve is how much larger than its last a session's file may become without
// asking the disk for more.
const reserve = 16 << 10

// prepare makes the temporary file, size bytes of it. The caller holds the lock.
func (st *Store) prepare(name string, size int) (*writing, error) {
	root, err := st.make()
	if err != nil {
		return nil, err
	}
	w := &writing{store: st, root: root, name: name, temp: "." + name + "." + rand.Text() + ".tmp"}
	w.file, err = root.OpenFile(w.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil && size > 0 {
		_, err = w.file.Write(make([]byte, size))
	}
	if err != nil {
		w.abandon()
		return nil, st.failure(name, err)
	}
	return w, nil
}

// make opens the directory, which it makes where there is none.
func (st *Store) make() (*os.Root, error) {
	root, err := st.open()
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := os.MkdirAll(st.Dir, 0o700); err != nil {
		return nil, st.failure("", err)
	}
	return st.open()
}

// commit gives the session the content: on the disk whole, or not at all.
func (w *writing) commit(data []byte) error {
	defer w.abandon()
	_, err := w.file.WriteAt(data, 0)
	if err == nil {
		err = w.file.Truncate(int64(len(data)))
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err == nil {
		err = w.file.Close()
	}
	if err == nil {
		err = w.root.Rename(w.temp, w.name+".json")
	}
	if err == nil {
		err = syncDir(w.root)
	}
	if err != nil {
		return w.store.failure(w.name, err)
	}
	return nil
}

// abandon leaves nothing of the temporary file. After commit it does nothing.
func (w *writing) abandon() {
	if w.file != nil {
		w.file.Close()
		w.root.Remove(w.temp)
		w.file = nil
	}
	if w.root != nil {
		w.root.Close()
		w.root = nil
	}
}

// save writes a session. The caller holds the lock.
func (st *Store) save(s *Session) error {
	data, err := st.encode(s)
	if err != nil {
		return err
	}
	w, err := st.prepare(s.Name, 0)
	if err != nil {
		return err
	}
	return w.commit(data)
}

// finish writes a session into the place that was prepared for it.
func (w *writing) finish(s *Session) error {
	data, err := w.store.encode(s)
	if err != nil {
		w.abandon()
		return err
	}
	return w.commit(data)
}

// remove takes a session off the disk. The caller holds the lock, or could not
// get it. Where the directory does not let go of the file, it is wiped: err is
// then why it is still there.
func (st *Store) remove(name string) (wiped bool, err error) {
	root, err := st.open()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer root.Close()
	err = root.Remove(name + ".json")
	if err == nil {
		err = syncDir(root)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	err = verdict.Errorf(verdict.IO, "%s: could not be removed: %w", st.Path(name), cause(err)).Hintf("chmod 700 %s && rm %s", quoted(st.Dir), quoted(st.Path(name)))
	return wipe(root, name+".json") == nil, err
}

// wipe takes the tokens out of a file.
func wipe(root *os.Root, file string) error {
	f, err := root.OpenFile(file, os.O_WRONLY|os.O_TRUNC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(loggedOut)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes a rename last.
func syncDir(root *os.Root) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there
	}
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
