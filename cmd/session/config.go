package session

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// sessions returns the store of the sessions.
func sessions(env *cli.Env) *session.Store {
	st := &session.Store{Keyring: env.Keyring}
	if state := env.StateDir(); state != "" {
		st.Dir = filepath.Join(state, "sessions")
	}
	return st
}

// preset returns the preset of that name, with the user's changes in config.toml.
func preset(env *cli.Env, name string) (authclient.Preset, error) {
	config, err := readConfig(env)
	if err != nil {
		return authclient.Preset{}, err
	}
	return authclient.FindPreset(name, config)
}

// readConfig reads config.toml, if it exists.
func readConfig(env *cli.Env) (c authclient.Config, err error) {
	c = authclient.Config{Name: "config.toml"}
	dir := env.ConfigDir()
	if dir == "" {
		return c, nil
	}
	c.Name = filepath.Join(dir, "config.toml")
	c.Text, err = readRegular(c.Name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return c, err
}

// readRegular reads a regular file. It refuses devices and pipes, whose reads may
// block or never end.
func readRegular(path string) ([]byte, error) {
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
