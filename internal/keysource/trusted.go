package keysource

import (
	"path/filepath"
	"slices"
	"strings"

	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/trust"
)

// Trusted returns the trust entries of config.toml.
func Trusted(env *cli.Env) ([]trust.Entry, error) {
	c, err := env.ReadConfig()
	if err != nil {
		return nil, err
	}
	return trust.Entries(c)
}

// Trust replaces the sources by those of a trust entry. Paths in it are relative to the folder of
// config.toml.
func (o *Options) Trust(env *cli.Env, e trust.Entry) {
	place := func(sources []string) []string {
		placed := []string{}
		for _, s := range sources {
			placed = append(placed, InDir(env, env.ConfigDir(), s))
		}
		return placed
	}
	o.Keys, o.Secrets = place(e.KeySources()), place(e.Secrets)
	if len(o.Algs) == 0 {
		o.Algs = e.Algs
	}
}

// InDir returns a source whose path, if it is one, is made absolute: relative to dir, or with ~/ to
// the home directory.
func InDir(env *cli.Env, dir, source string) string {
	if scheme, inner, ok := strings.Cut(source, ":"); ok && slices.Contains([]string{"nextauth", "b64", "b64url", "hex"}, scheme) {
		return scheme + ":" + InDir(env, dir, inner)
	}
	mark, path := "", source
	for _, prefix := range []string{"@", "raw:", "dotenv:"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			mark, path = prefix, rest
			break
		}
	}
	if mark == "" && !isPath(source) {
		return source
	}
	home, inHome := strings.CutPrefix(path, "~/")
	switch {
	case inHome && env.Getenv("HOME") != "":
		return mark + filepath.Join(env.Getenv("HOME"), home)
	case filepath.IsAbs(path):
		return source
	}
	return mark + filepath.Join(dir, path)
}

// isPath reports whether the source of a key is a path without a mark.
func isPath(source string) bool {
	scheme, _, ok := strings.Cut(source, ":")
	named := ok && slices.Contains([]string{"env", "fd", "oidc", "agent", "alb", "https", "http"}, scheme)
	return !named && !input.IsStdin(source) && !input.IsKeyText(source)
}
