package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"jwt/internal/config"
	"jwt/internal/verdict"
)

// ReadConfig returns the user's config.toml. Its text is nil if there is no such
// file. Each of its tables belongs to one package: authclient, recipe or trust.
func (e *Env) ReadConfig() (config.File, error) {
	dir := e.ConfigDir()
	if dir == "" {
		return config.File{Name: "config.toml"}, nil
	}
	name := filepath.Join(dir, "config.toml")
	text, err := ReadRegular(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return config.File{Name: name, Text: text}, err
}

// ReadRegular reads a regular file. It refuses devices and pipes, whose reads may
// block or never end.
func ReadRegular(path string) ([]byte, error) {
	const most = 1 << 20
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, verdict.Errorf(verdict.IO, "%s: is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = verdict.Errorf(verdict.TooLarge, "%s is larger than %d bytes", path, most)
	}
	return text, err
}
