// Package cli has what all commands share: the environment they run in, arguments and
// flags, output formats, errors and exit statuses.
package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/term"

	"jwt/internal/input"
	"jwt/internal/session"
)

// An Env is everything that a command may use besides its arguments.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	StdinTTY, StdoutTTY, StderrTTY bool

	Width     int                         // columns of the terminal
	Mask      bool                        // a model reads the output: text has no signature
	LookupEnv func(string) (string, bool) // the environment
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time // waits in a loop
	HTTP      *http.Client                         // nil: made when it is needed
	Secret    func(prompt string) ([]byte, error)  // prompts on the terminal, without echo
	Keyring   session.Keyring                      // of the system; nil for none
	Version   string                               // of the program
	Exec      func(argv, environ []string) error   // replaces the process by another program, or runs it
	Browse    func(url string) error               // opens an address in the user's browser; nil for none
	// Pipe runs a command line in the shell with input on its stdin, and returns its stdout.
	Pipe func(ctx context.Context, commandLine string, input []byte, stderr io.Writer) ([]byte, error)
}

// Getenv returns the environment variable, or "".
func (e *Env) Getenv(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}

const defaultWidth = 80

// Width returns the columns of the terminal on stdout, or 80 without one.
func Width(tty bool) int {
	if tty {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return defaultWidth
}

// Input returns the reader of the arguments of one command line.
func (e *Env) Input() *input.Reader {
	return &input.Reader{Stdin: e.Stdin, StdinTTY: e.StdinTTY, LookupEnv: e.LookupEnv, Prompt: e.Secret}
}

// CacheDir returns the directory for what can be fetched again: $XDG_CACHE_HOME/jwt,
// ~/.cache/jwt, or %LocalAppData%\jwt\cache. It is "" if no variable is set.
func (e *Env) CacheDir() string {
	return e.userDir(runtime.GOOS, "XDG_CACHE_HOME", ".cache", "LocalAppData", "cache")
}

// StateDir returns the directory for data that must outlive a reboot:
// $XDG_STATE_HOME/jwt, ~/.local/state/jwt, %LocalAppData%\jwt\state, or "".
func (e *Env) StateDir() string {
	return e.userDir(runtime.GOOS, "XDG_STATE_HOME", ".local/state", "LocalAppData", "state")
}

// ConfigDir returns the directory of config.toml: $XDG_CONFIG_HOME/jwt, ~/.config/jwt,
// %AppData%\jwt, or "".
func (e *Env) ConfigDir() string {
	return e.userDir(runtime.GOOS, "XDG_CONFIG_HOME", ".config", "AppData", "")
}

// userDir returns jwt's directory in one of the user's base directories, or "" if it is
// unknown: that of XDG, the usual one below the home directory, or on Windows, where
// os.UserConfigDir and os.UserCacheDir read the same variables, a directory of the profile.
func (e *Env) userDir(system, variable, usual, profile, below string) string {
	if dir := e.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "jwt")
	}
	if home := e.Getenv("HOME"); home != "" && system != "windows" { // a HOME of Git Bash or Cygwin is not the profile
		return filepath.Join(home, filepath.FromSlash(usual), "jwt")
	}
	if dir := e.Getenv(profile); dir != "" && system == "windows" {
		return filepath.Join(dir, "jwt", below)
	}
	return ""
}

// UserAgent returns the User-Agent of the program's requests.
func (e *Env) UserAgent() string { return "jwt/" + e.Version }
