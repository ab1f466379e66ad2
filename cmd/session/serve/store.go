package serve

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"jwt/internal/authserver/store"
	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// open opens the store of --store.
func (o *flags) open(ctx context.Context, env *cli.Env) (store.Store, error) {
	where, err := o.where(env)
	if err != nil {
		return nil, err
	}
	if where == "" {
		dir := env.StateDir()
		if dir == "" {
			return nil, verdict.Errorf(verdict.Usage, "--store: is required, because neither XDG_STATE_HOME nor HOME is set").
				Hintf("--store FILE, or --store memory")
		}
		where = filepath.Join(dir, "serve", "state.db")
	}
	if err := o.checkRedis(env, where); err != nil {
		return nil, err
	}
	o.checkDirectory(env, where)
	s, err := store.Open(ctx, where)
	var e *verdict.Error
	if errors.As(err, &e) && e.Class == verdict.Usage {
		e.Message = "--store: " + e.Message
	}
	return s, err
}

// where returns the value of --store, which may be in a variable or a file: the URL of a
// Redis may hold a password.
func (o *flags) where(env *cli.Env) (string, error) {
	const limit = 4096
	if !strings.HasPrefix(o.store, "env:") && !strings.HasPrefix(o.store, "@") {
		if store.HasPassword(o.store) {
			o.note(env, "a password in --store is visible to ps and in the shell's history; in env:NAME or @FILE it is not")
		}
		return o.store, nil
	}
	source, err := env.Input().Bytes(o.store, "the store", limit)
	if err != nil {
		return "", verdict.Errorf(verdict.Usage, "--store: %w", err)
	}
	where := strings.TrimSpace(string(source.Data))
	if where == "" || strings.ContainsAny(where, "\r\n") {
		return "", verdict.Errorf(verdict.Usage, "--store: %s must have one line, a FILE, memory or a redis:// URL", source.Name)
	}
	return where, nil
}

// checkRedis refuses a Redis to which the private keys would cross the network in clear.
func (o *flags) checkRedis(env *cli.Env, where string) error {
	if store.CrossesNetwork(where) && !o.allowRemote {
		return verdict.Errorf(verdict.Usage, "--store: the Redis is beyond loopback and without TLS: the private signing keys would cross the network unencrypted").
			Hintf("rediss://…, or --allow-remote if you trust the network")
	}
	if store.IsRedis(where) {
		o.note(env, "Redis holds the private signing keys unencrypted: its other users can sign tokens")
	}
	return nil
}

// checkDirectory notes a directory in which other users can replace the store.
func (o *flags) checkDirectory(env *cli.Env, where string) {
	if where == "memory" || store.IsRedis(where) {
		return
	}
	dir := filepath.Dir(where)
	info, err := os.Stat(dir)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
		o.note(env, dir+": other users can replace the store in this directory: chmod go-w "+dir)
	}
}
