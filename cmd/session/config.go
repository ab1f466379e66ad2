package session

import (
	"path/filepath"
	"sync"

	"jwt/internal/authclient"
	"jwt/internal/cli"
	"jwt/internal/session"
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
	config, err := env.ReadConfig()
	if err != nil {
		return authclient.Preset{}, err
	}
	p, err := authclient.FindPreset(name, config)
	if err != nil {
		return p, err
	}
	return p, p.Ready()
}

// remembered returns find with its results kept: the presets are parsed once in a process.
func remembered(find func(string) (authclient.Preset, error)) func(string) (authclient.Preset, error) {
	var found sync.Map
	return func(name string) (authclient.Preset, error) {
		if p, ok := found.Load(name); ok {
			return p.(authclient.Preset), nil
		}
		p, err := find(name)
		if err == nil {
			found.Store(name, p)
		}
		return p, err
	}
}
