package session

import (
	"path/filepath"

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
	config, err := readConfig(env)
	if err != nil {
		return authclient.Preset{}, err
	}
	p, err := authclient.FindPreset(name, config)
	if err != nil {
		return p, err
	}
	return p, p.Ready()
}

// readConfig reads config.toml, if it exists.
func readConfig(env *cli.Env) (authclient.Config, error) {
	name, text, err := env.ReadConfig()
	return authclient.Config{Name: name, Text: text}, err
}
