package session

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"jwt/internal/phrase"
	"jwt/internal/privatefile"
	"jwt/internal/verdict"
)

// A Store stores sessions in a directory, one file each, and their keys in a keyring.
type Store struct {
	Dir     string        // created with mode 0700 if necessary
	Keyring Keyring       // nil without a keyring
	Answer  time.Duration // time limit for an answer of the keyring; 0 means 3 s
	keys    keyCache
	commits atomic.Uint64 // counts the files that this process has written
}

// maxFile limits the size of a session's file.
const maxFile = 1 << 20

// loggedOut is the content of a file that a logout could not remove.
const loggedOut = `{"logged_out":true}` + "\n"

// Load reads a session with its secrets. The error for an absent session has the class
// not_logged_in.
func (st *Store) Load(name string) (*Session, error) {
	s, r, err := st.read(name)
	if err != nil {
		return nil, err
	}
	if r.Secret != nil {
		s.setSecret(*r.Secret)
		return s, nil
	}
	x, err := st.unseal(name, r)
	if err != nil {
		return nil, err
	}
	s.setSecret(x)
	return s, nil
}

// Peek reads a session without its secrets and without the keyring.
func (st *Store) Peek(name string) (*Session, error) {
	s, _, err := st.read(name)
	return s, err
}

// List returns the names of all sessions, sorted.
func (st *Store) List() ([]string, error) {
	root, err := st.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, st.failure("", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && CheckName(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Path returns the file of a session.
func (st *Store) Path(name string) string { return filepath.Join(st.Dir, fileName(name)) }

func (st *Store) read(name string) (*Session, record, error) {
	if err := CheckName(name); err != nil {
		return nil, record{}, err
	}
	root, err := st.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, record{}, notLoggedIn(name)
	}
	if err != nil {
		return nil, record{}, err
	}
	defer root.Close()
	data, err := st.readFile(root, name)
	if err != nil {
		return nil, record{}, err
	}
	r, err := parseRecord(data)
	if err != nil {
		return nil, record{}, st.unreadable(name, err)
	}
	s, err := r.session(name)
	if err != nil {
		return nil, record{}, st.unreadable(name, err)
	}
	return s, r, nil
}

// unreadable returns the error for a file that is not a session.
func (st *Store) unreadable(name string, err error) error {
	return verdict.Errorf(verdict.IO, "%s: is not a session file: %w", st.Path(name), err).
		Hintf("jwt session logout --session %s removes it, jwt session login replaces it", name)
}

func (st *Store) readFile(root *privatefile.Root, name string) ([]byte, error) {
	data, err := root.Read(fileName(name), maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist), string(data) == loggedOut:
		return nil, notLoggedIn(name)
	case errors.Is(err, privatefile.ErrTooLarge):
		return nil, st.unreadable(name, err)
	case err != nil:
		return nil, st.failure(name, err)
	}
	return data, nil
}

func fileName(session string) string { return session + ".json" }

// open opens the directory. Its error is fs.ErrNotExist if it does not exist.
func (st *Store) open() (*privatefile.Root, error) { return st.root(privatefile.Dir.Open) }

// make opens the directory, and creates it if necessary.
func (st *Store) make() (*privatefile.Root, error) { return st.root(privatefile.Dir.Make) }

func (st *Store) root(open func(privatefile.Dir) (*privatefile.Root, error)) (*privatefile.Root, error) {
	if st.Dir == "" {
		return nil, verdict.Errorf(verdict.IO, "no directory for sessions: neither XDG_STATE_HOME nor HOME is set")
	}
	root, err := open(privatefile.Dir{Path: st.Dir, Forbid: privatefile.NoAccess, Sync: true})
	if err != nil {
		return nil, st.failure("", err)
	}
	return root, nil
}

// failure adds the name of the file or directory to an error, unless it has it.
func (st *Store) failure(name string, err error) error {
	var known *verdict.Error
	if errors.As(err, &known) {
		return known
	}
	path, mode := st.Dir, "700"
	if name != "" {
		path, mode = st.Path(name), "600"
	}
	var access *privatefile.AccessError
	switch {
	case !errors.As(err, &access):
		return verdict.Errorf(verdict.IO, "%s: %w", path, privatefile.Cause(err))
	case access.OtherOwner:
		return verdict.Errorf(verdict.IO, "%s: belongs to another user, its sessions are not used", path)
	default:
		return verdict.Errorf(verdict.IO, "%s: others may read or write it (mode %04o), it is not used", path, access.Mode).
			Hintf("chmod %s %s, and log in again if another user may have read it", mode, path)
	}
}

// encode returns the content of a session's file.
func (st *Store) encode(s *Session) ([]byte, error) {
	r, x, err := s.record()
	if err != nil {
		return nil, st.failure(s.Name, err)
	}
	if s.Store == StoreKeyring {
		sealed, err := st.seal(s.Name, r, x)
		if err != nil {
			return nil, err
		}
		r.Sealed = sealed
	} else {
		r.Secret = &x
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err == nil && len(data) >= maxFile {
		err = errors.New("it would be too large")
	}
	if err != nil {
		return nil, st.failure(s.Name, err)
	}
	return append(data, '\n'), nil
}

// sizeOf returns the size of a session's file, or 0 if it cannot be encoded.
func (st *Store) sizeOf(s *Session) int {
	data, err := st.encode(s)
	if err != nil {
		return 0
	}
	return len(data)
}

// A writing is the next file of a session. Its disk space is reserved before a request is
// sent, so that a disk that fills up meanwhile does not lose the tokens of the answer.
type writing struct {
	store *Store
	root  *privatefile.Root
	file  *privatefile.File
}

// reserve is the number of bytes by which a session's file may grow within the reserved
// space.
const reserve = 16 << 10

// prepare creates the temporary file with size bytes. The caller holds the lock.
func (st *Store) prepare(name string, size int) (*writing, error) {
	root, err := st.make()
	if err != nil {
		return nil, err
	}
	f, err := root.Create(fileName(name), size)
	if err != nil {
		root.Close()
		return nil, st.failure(name, err)
	}
	return &writing{st, root, f}, nil
}

// finish writes the session to the prepared file.
func (w *writing) finish(s *Session) error {
	defer w.abandon()
	data, err := w.store.encode(s)
	if err != nil {
		return err
	}
	if err := w.file.Commit(data); err != nil {
		return w.store.failure(s.Name, err)
	}
	w.store.commits.Add(1)
	return nil
}

// abandon removes the temporary file. After finish it does nothing.
func (w *writing) abandon() {
	w.file.Abandon()
	w.root.Close()
}

// save writes a session. The caller holds the lock.
func (st *Store) save(s *Session) error {
	w, err := st.prepare(s.Name, 0)
	if err != nil {
		return err
	}
	return w.finish(s)
}

// remove removes the file of a session. If that fails it overwrites the file: wiped
// reports that, and err is the reason why the file still exists. The caller holds the
// lock, or could not get it.
func (st *Store) remove(name string) (wiped bool, err error) {
	root, err := st.open()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer root.Close()
	err = root.Remove(fileName(name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	err = verdict.Errorf(verdict.IO, "%s: could not be removed: %w", st.Path(name), privatefile.Cause(err)).Hintf("chmod 700 %s && rm %s", phrase.ShellWord(st.Dir), phrase.ShellWord(st.Path(name)))
	return root.Overwrite(fileName(name), loggedOut) == nil, err
}
