// Package cmd wires flags to the packages below it: one file a command, each
// with its options, its flags and a run function that knows nothing of Cobra.
package cli

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"jwt/internal/input"
	"jwt/internal/session"
)

// An Env is everything outside its arguments that a command may touch.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	StdinTTY, StdoutTTY, StderrTTY bool

	Width     int                         // columns of the terminal
	LookupEnv func(string) (string, bool) // the environment
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time // what waits for the next second
	HTTP      *http.Client                         // nil: one is made when the network is needed
	Secret    func(prompt string) ([]byte, error)  // asks on the terminal, without echo
	Keyring   session.Keyring                      // of the operating system; nil for none
	Version   string                               // of the program
	Exec      func(argv, environ []string) error   // becomes another program, or runs it and returns how it ended
}

// Getenv returns the environment variable, or "".
func (e *Env) Getenv(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}

const defaultWidth = 80

func Width(tty bool) int {
	if tty {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return defaultWidth
}

// Input returns the reader of this command line.
func (e *Env) Input() *input.Reader {
	return &input.Reader{Stdin: e.Stdin, StdinTTY: e.StdinTTY, LookupEnv: e.LookupEnv, Prompt: e.Secret}
}

// CacheDir returns the directory for what can be fetched again: $XDG_CACHE_HOME/jwt or
// ~/.cache/jwt. It is "" if neither variable is set.
func (e *Env) CacheDir() string { return e.userDir("XDG_CACHE_HOME", ".cache") }

// StateDir returns the directory for data that must outlive a reboot:
// $XDG_STATE_HOME/jwt or ~/.local/state/jwt, or "".
func (e *Env) StateDir() string { return e.userDir("XDG_STATE_HOME", ".local/state") }

// ConfigDir returns the directory of config.toml: $XDG_CONFIG_HOME/jwt or
// ~/.config/jwt, or "".
func (e *Env) ConfigDir() string { return e.userDir("XDG_CONFIG_HOME", ".config") }

// userDir returns jwt's directory in one of the user's XDG base directories, or "" if
// it is unknown.
func (e *Env) userDir(variable, usual string) string {
	if dir := e.Getenv(variable); filepath.IsAbs(dir) {
		return filepath.Join(dir, "jwt")
	}
	if home := e.Getenv("HOME"); home != "" {
		return filepath.Join(home, filepath.FromSlash(usual), "jwt")
	}
	return ""
}

// UserAgent returns the User-Agent of the program's requests.
func (e *Env) UserAgent() string { return "jwt/" + e.Version }
