// Package privatefile opens directories and files that only their owner may touch,
// and writes files whole or not at all.
package privatefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// Permission bits that a Dir may forbid to the group and to others.
const (
	NoAccess fs.FileMode = 0o077
	NoWrite  fs.FileMode = 0o022
)

// A Dir is a directory whose owner is the user, as are the files in it.
type Dir struct {
	Path   string
	Forbid fs.FileMode // the bits that the directory and its files must not have
	Sync   bool        // a committed file survives a power cut
}

// A Root is an open Dir.
type Root struct {
	*os.Root
	dir Dir
}

// Errors of files that are not used.
var (
	ErrNotRegular = errors.New("is not a regular file")
	ErrTooLarge   = errors.New("is too large")
)

// An AccessError reports a directory or a file that another user owns, or may access:
// an attacker could have read or planted what is in it.
type AccessError struct {
	Name       string      // of the file, or "." of the directory
	Mode       fs.FileMode // its permission bits
	OtherOwner bool
}

func (e *AccessError) Error() string {
	switch {
	case e.OtherOwner:
		return "belongs to another user"
	case e.Mode&NoWrite != 0:
		return fmt.Sprintf("others may write to it (mode %04o)", e.Mode)
	default:
		return fmt.Sprintf("others may read it (mode %04o)", e.Mode)
	}
}

// Open opens the directory. Its error is an *AccessError where other users may do what
// the Dir forbids.
func (d Dir) Open() (*Root, error) {
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil {
		err = d.check(".", info)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return &Root{root, d}, nil
}

// Make opens the directory, or creates it with mode 0700.
func (d Dir) Make() (*Root, error) {
	root, err := d.Open()
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return nil, err
	}
	return d.Open()
}

func (d Dir) check(name string, info fs.FileInfo) error {
	switch {
	case runtime.GOOS == "windows": // the bits mean nothing there; a profile's directories are the user's own
		return nil
	case !OwnedByUser(info):
		return &AccessError{Name: name, Mode: info.Mode().Perm(), OtherOwner: true}
	case info.Mode().Perm()&d.Forbid != 0:
		return &AccessError{Name: name, Mode: info.Mode().Perm()}
	default:
		return nil
	}
}

// Read returns the content of a file of at most limit bytes. Its error may be
// ErrNotRegular, ErrTooLarge or an *AccessError.
func (r *Root) Read(name string, limit int) ([]byte, error) {
	file, err := r.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err == nil {
		err = r.dir.check(name, info)
	}
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	data.Grow(int(min(info.Size(), int64(limit))) + bytes.MinRead) // one read, and one that finds the end
	_, err = data.ReadFrom(io.LimitReader(file, int64(limit)+1))
	if err == nil && data.Len() > limit {
		err = ErrTooLarge
	}
	return data.Bytes(), err
}

// Remove removes a file, durably if the Dir says Sync.
func (r *Root) Remove(name string) error {
	if err := r.Root.Remove(name); err != nil {
		return err
	}
	return r.sync()
}

// Overwrite replaces the content of a file in place, for a file that cannot be renamed or
// removed.
func (r *Root) Overwrite(name, content string) error {
	file, err := r.OpenFile(name, os.O_WRONLY|os.O_TRUNC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// RemoveTemporary removes the temporary files that killed writers of a file left. The
// caller knows that no other process is writing it. Failures are left to the next call.
func (r *Root) RemoveTemporary(name string) {
	entries, err := fs.ReadDir(r.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		random, ok := strings.CutPrefix(e.Name(), temporaryPrefix(name))
		if ok && strings.HasSuffix(random, temporarySuffix) && strings.Count(random, ".") == 1 {
			r.Root.Remove(e.Name())
		}
	}
}

// sync makes a rename or a removal durable.
func (r *Root) sync() error {
	if !r.dir.Sync || runtime.GOOS == "windows" { // a directory cannot be synced there
		return nil
	}
	dir, err := r.Root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Cause returns the reason of a file error, without the file's name.
func Cause(err error) error {
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
