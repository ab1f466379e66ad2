// Package cmd wires flags to the packages below it: one file a command, each
// with its options, its flags and a run function that knows nothing of Cobra.
package cmd

import (
	"context"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

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
	Keyring   session.Ring                         // of the operating system; nil for none
	Exec      func(argv, environ []string) error   // becomes another program, or runs it and returns how it ended
}

// Getenv returns the environment variable, or "".
func (e *Env) Getenv(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}

// Main runs the program in the real world and returns its exit status.
func Main(args []string) int {
	if len(args) == 1 && args[0] == "--version" { // scripts ask in loops: answered before anything is built
		if _, err := os.Stdout.WriteString(versionLine()); err == nil {
			return exitOK
		}
	}
	stdinTTY := isatty.IsTerminal(os.Stdin.Fd())
	stdoutTTY := isatty.IsTerminal(os.Stdout.Fd())
	env := &Env{
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		StdinTTY:  stdinTTY,
		StdoutTTY: stdoutTTY,
		StderrTTY: isatty.IsTerminal(os.Stderr.Fd()),
		Width:     width(stdoutTTY),
		LookupEnv: os.LookupEnv,
		Now:       time.Now,
		After:     time.After,
		Secret:    promptSecret,
		Keyring:   session.OSRing{LookupEnv: os.LookupEnv},
		Exec:      execute,
	}
	// Ctrl-C is left to the operating system: nothing here has to be finished
	// before the process may end, and a shell sees status 130.
	return Run(context.Background(), env, args)
}

const defaultWidth = 80

func width(tty bool) int {
	if tty {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return defaultWidth
}
