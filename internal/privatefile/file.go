package privatefile

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
)

// A File is the next content of a file, under a temporary name until it is committed.
type File struct {
	root *Root
	file *os.File
	name string
	temp string
}

const temporarySuffix = ".tmp"

func temporaryPrefix(name string) string {
	return "." + strings.TrimSuffix(name, filepath.Ext(name)) + "."
}

// Create makes a temporary file for the next content of name. size bytes are taken from
// the disk now, so that a disk that fills up meanwhile does not fail the commit. The
// root must stay open until Commit or Abandon.
func (r *Root) Create(name string, size int) (*File, error) {
	f := &File{root: r, name: name, temp: temporaryPrefix(name) + rand.Text() + temporarySuffix}
	var err error
	if f.file, err = r.OpenFile(f.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, err
	}
	if _, err := f.file.Write(make([]byte, size)); err != nil {
		f.Abandon()
		return nil, err
	}
	return f, nil
}

// Commit gives the file its content and its name: whole, or not at all.
func (f *File) Commit(data []byte) error {
	defer f.Abandon()
	_, err := f.file.WriteAt(data, 0)
	if err == nil {
		err = f.file.Truncate(int64(len(data)))
	}
	if err == nil && f.root.dir.Sync {
		err = f.file.Sync()
	}
	if err == nil {
		err = f.file.Close()
	}
	if err == nil {
		err = f.root.rename(f.temp, f.name)
	}
	if err == nil {
		err = f.root.sync()
	}
	return err
}

// Abandon removes the temporary file. After Commit it does nothing.
func (f *File) Abandon() {
	if f.file != nil {
		f.file.Close()
		f.root.Root.Remove(f.temp)
		f.file = nil
	}
}
