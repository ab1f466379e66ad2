package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"jwt/internal/verdict"
)

// A Store is the directory of the sessions, and the keyring that may hold the
// keys they are sealed under.
type Store struct {
	Dir     string        // made with 0700 when needed
	Keyring Ring          // nil where there is none
	Answer  time.Duration // how long the keyring is waited for; 0 means 3 s
	keys    keyring       // the keys that were asked for
}

// maxFile bounds the file of a session.
const maxFile = 1 << 20

// loggedOut is what stands in a file that a logout could not remove.
const loggedOut = `{"logged_out":true}` + "\n"

// Load reads a session with its secrets. Where there is none it is not_logged_in.
func (st *Store) Load(name string) (*Session, error) {
	s, r, err := st.read(name)
	if err != nil {
		return nil, err
	}
	if r.Secret != nil {
		s.reveal(*r.Secret)
		return s, nil
	}
	x, err := st.unseal(name, r)
	if err != nil {
		return nil, err
	}
	s.reveal(x)
	return s, nil
}

// Peek reads a session without its secrets, and asks no keyring.
func (st *Store) Peek(name string) (*Session, error) {
	s, _, err := st.read(name)
	return s, err
}

// List returns the names of the sessions there are, sorted.
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
func (st *Store) Path(name string) string { return filepath.Join(st.Dir, name+".json") }

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
	return r.open(name), r, nil
}

var errTooLarge = errors.New("it is too large")

// unreadable is the error of a file that holds no session.
func (st *Store) unreadable(name string, err error) error {
	return verdict.Errorf(verdict.IO, "%s: is not the file of a session: %w", st.Path(name), err).
		Hintf("jwt session logout --session %s removes it, jwt session login replaces it", name)
}

func (st *Store) readFile(root *os.Root, name string) ([]byte, error) {
	file, err := root.OpenFile(name+".json", os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for its writer
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notLoggedIn(name)
	}
	if err != nil {
		return nil, st.failure(name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, st.failure(name, err)
	case !info.Mode().IsRegular():
		return nil, verdict.Errorf(verdict.IO, "%s: is not a regular file", st.Path(name))
	case !private(info):
		return nil, notPrivate(st.Path(name), info, "600")
	}
	var data bytes.Buffer
	data.Grow(int(min(info.Size(), maxFile)) + bytes.MinRead) // one read, and one that finds the end
	_, err = data.ReadFrom(io.LimitReader(file, maxFile+1))
	if err == nil && data.Len() > maxFile {
		return nil, st.unreadable(name, errTooLarge)
	}
	if err != nil {
		return nil, st.failure(name, err)
	}
	if data.String() == loggedOut {
		return nil, notLoggedIn(name)
	}
	return data.Bytes(), nil
}

// open opens the directory, which must be its owner's alone.
func (st *Store) open() (*os.Root, error) {
	if st.Dir == "" {
		return nil, verdict.Errorf(verdict.IO, "there is no place for sessions: neither XDG_STATE_HOME nor HOME is set")
	}
	root, err := os.OpenRoot(st.Dir)
	if err != nil {
		return nil, st.failure("", err)
	}
	info, err := root.Stat(".")
	if err == nil && !private(info) {
		err = notPrivate(st.Dir, info, "700")
	}
	if err != nil {
		root.Close()
		return nil, st.failure("", err)
	}
	return root, nil
}

// private holds for what nobody but its owner, who is us, may touch.
func private(info fs.FileInfo) bool {
	if runtime.GOOS == "windows" {
		return true // the bits mean nothing there; a profile's directories are the user's own
	}
	return info.Mode().Perm()&0o077 == 0 && ownedByUs(info)
}

func notPrivate(path string, info fs.FileInfo, mode string) error {
	if !ownedByUs(info) {
		return verdict.Errorf(verdict.IO, "%s: belongs to another user, its sessions are not used", path)
	}
	return verdict.Errorf(verdict.IO, "%s: others may read or write it (mode %04o), it is not used", path, info.Mode().Perm()).
		Hintf("chmod %s %s, and log in again if somebody may have read it", mode, path)
}

// failure names the file, or the directory, once.
func (st *Store) failure(name string, err error) error {
	var known *verdict.Error
	if errors.As(err, &known) {
		return known
	}
	path := st.Dir
	if name != "" {
		path = st.Path(name)
	}
	return verdict.Errorf(verdict.IO, "%s: %w", path, cause(err))
}

// cause is what went wrong, without the file it went wrong with.
func cause(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	default:
		return err
	}
}

// encode returns the file of a session, its secret sealed where it is to be.
func (st *Store) encode(s *Session) ([]byte, error) {
	r, x := s.record()
	if s.Store == Keyring {
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
