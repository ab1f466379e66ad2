package cmd

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"jwt/internal/verdict"
)

// Modes of the files that are made. A private one is its owner's alone; of the
// other, the umask takes its part.
const (
	privateFile fs.FileMode = 0o600
	publicFile  fs.FileMode = 0o644
)

// newFiles are the files that one command writes: all of them whole, or none.
type newFiles struct {
	force bool // replaces what is there
	files []newFile
}

type newFile struct {
	path, temporary string
	content         []byte
	mode            fs.FileMode
	replaces        bool // this one may, without force
}

func (w *newFiles) add(path string, content []byte, mode fs.FileMode) {
	w.files = append(w.files, newFile{path: path, content: content, mode: mode})
}

// replace adds a file that takes the place of the one it was made from.
func (w *newFiles) replace(path string, content []byte, mode fs.FileMode) {
	w.files = append(w.files, newFile{path: path, content: content, mode: mode, replaces: true})
}

// commit writes the files under temporary names beside their own, then gives
// them those. What fails on the way leaves nothing behind but, between two
// names, the first file of two.
func (w *newFiles) commit() (err error) {
	defer func() {
		for _, f := range w.files {
			if f.temporary != "" {
				os.Remove(f.temporary)
			}
		}
	}()
	for i := range w.files {
		f := &w.files[i]
		f.replaces = f.replaces || w.force
		if err := f.prepare(); err != nil {
			return fileFailure(f.path, err)
		}
	}
	for i := range w.files {
		if err := w.files[i].publish(); err != nil {
			for _, done := range w.files[:i] {
				if !done.replaces {
					os.Remove(done.path)
				}
			}
			return fileFailure(w.files[i].path, err)
		}
	}
	return nil
}

// prepare writes the content to a temporary file in the directory of its path.
// What is not a regular file, /dev/stdout or a pipe, is written directly.
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

// publish gives the file its name. Without force the name must be free still,
// which the link tells for certain.
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

// claim takes the name with an empty file and puts the whole one in its place.
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

func fileFailure(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return verdict.Errorf(verdict.IO, "%s: exists already, and is not overwritten", path).
			Hintf("choose another name, or --force")
	}
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		err = l.Err
	}
	return verdict.Errorf(verdict.IO, "%s: %w", path, err)
}
