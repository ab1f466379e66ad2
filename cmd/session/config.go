package session

import (
	"path/filepath"
	"sync"

	"jwt/internal/cli"
	"jwt/internal/presets"
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
func preset(env *cli.Env, name string) (presets.Preset, error) {
	config, err := env.ReadConfig()
	if err != nil {
		return presets.Preset{}, err
	}
	p, err := presets.Find(name, config)
	if err != nil {
		return p, err
	}
	return p, p.Ready()
}

// remembered returns find with its results kept: the presets are parsed once in a process.
func remembered(find func(string) (presets.Preset, error)) func(string) (presets.Preset, error) {
	var found sync.Map
	return func(name string) (presets.Preset, error) {
		if p, ok := found.Load(name); ok {
			return p.(presets.Preset), nil
		}
		p, err := find(name)
		if err == nil {
			found.Store(name, p)
		}
		return p, err
	}
}
