package privatefile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of the files that Files makes.
const (
	Private fs.FileMode = 0o600
	Public  fs.FileMode = 0o644 // less the umask
)

// Files are files that are written together, in any directory: all of them whole, or
// none.
type Files struct {
	Force bool // replaces existing files
	files []newFile
}

type newFile struct {
	path, temporary string
	content         []byte
	mode            fs.FileMode
	replaces        bool
}

// Add adds a file. Without Force, Commit fails where the path exists.
func (w *Files) Add(path string, content []byte, mode fs.FileMode) {
	w.files = append(w.files, newFile{path: path, content: content, mode: mode})
}

// Replace adds a file that replaces the one at the path.
func (w *Files) Replace(path string, content []byte, mode fs.FileMode) {
	w.files = append(w.files, newFile{path: path, content: content, mode: mode, replaces: true})
}

// Commit writes the files under temporary names beside their own, then renames them.
// A failure leaves nothing behind, except that a crash between two renames leaves the
// first file. The error is a *fs.PathError that names the file.
func (w *Files) Commit() error {
	defer func() {
		for _, f := range w.files {
			if f.temporary != "" {
				os.Remove(f.temporary)
			}
		}
	}()
	for i := range w.files {
		f := &w.files[i]
		f.replaces = f.replaces || w.Force
		if err := f.prepare(); err != nil {
			return &fs.PathError{Op: "write", Path: f.path, Err: Cause(err)}
		}
	}
	for i := range w.files {
		if err := w.files[i].publish(); err != nil {
			for _, done := range w.files[:i] {
				if !done.replaces {
					os.Remove(done.path)
				}
			}
			return &fs.PathError{Op: "write", Path: w.files[i].path, Err: Cause(err)}
		}
	}
	return nil
}

// prepare writes the content to a temporary file in the directory of its path, unless
// publish writes it directly: to /dev/stdout, a pipe or another special file.
func (f *newFile) prepare() error {
	if target, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = target
	}
	switch info, err := os.Lstat(f.path); {
	case err == nil && info.IsDir():
		return errors.New("is a directory")
	case err == nil && info.Mode().IsRegular() && !f.replaces:
		return fs.ErrExist
	case err == nil && !info.Mode().IsRegular():
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temporary := filepath.Join(filepath.Dir(f.path), ".jwt-"+rand.Text())
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return err
	}
	f.temporary = temporary
	_, err = file.Write(f.content)
	return errors.Join(err, file.Sync(), file.Close())
}

// publish gives the file its name. A hard link fails where another process has taken
// the name meanwhile; a rename would replace its file.
func (f *newFile) publish() error {
	if f.temporary == "" {
		return f.writeDirectly()
	}
	if f.replaces {
		if err := os.Rename(f.temporary, f.path); err != nil {
			return err
		}
		f.temporary = ""
		return nil
	}
	err := os.Link(f.temporary, f.path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.claim() // a file system without hard links
}

// claim creates an empty file at the path, exclusively, and renames the whole one to it.
func (f *newFile) claim() error {
	empty, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return err
	}
	empty.Close()
	if err := os.Rename(f.temporary, f.path); err != nil {
		os.Remove(f.path)
		return err
	}
	f.temporary = ""
	return nil
}

func (f *newFile) writeDirectly() error {
	file, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(f.content)
	return errors.Join(err, file.Close())
}
