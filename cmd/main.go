package cmd

import (
	"context"
	"io"
	"log"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"jwt/internal/cli"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// Main runs the program in the environment of the process and returns its exit status.
func Main(args []string) int {
	if len(args) == 1 && args[0] == "--version" { // scripts call this in loops, so nothing is built first
		if _, err := os.Stdout.WriteString(versionLine()); err == nil {
			return verdict.ExitOK
		}
	}
	log.SetOutput(io.Discard) // net/http would quote an answer that nobody asked for, with the tokens in it
	cli.ShowColours(os.Stderr)
	// Ctrl-C is left to the system, which ends the process at once. Commands that must finish
	// something handle it themselves.
	return Run(context.Background(), processEnv(), args)
}

// processEnv returns the environment of the process.
func processEnv() *cli.Env {
	stdoutTTY := writesToTerminal(os.Stdout)
	return &cli.Env{
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		StdinTTY:  isatty.IsTerminal(os.Stdin.Fd()),
		StdoutTTY: stdoutTTY,
		StderrTTY: writesToTerminal(os.Stderr),
		Width:     cli.Width(stdoutTTY),
		LookupEnv: os.LookupEnv,
		Now:       time.Now,
		After:     time.After,
		Secret:    cli.PromptSecret,
		Keyring:   session.OSKeyring{LookupEnv: os.LookupEnv},
		Exec:      cli.Execute,
		Pipe:      cli.Pipe,
		Browse:    cli.Browse,
	}
}

// writesToTerminal reports whether a person reads the stream. The terminal of Git Bash and
// Cygwin is a pipe for programs of Windows; a secret cannot be asked for in it.
func writesToTerminal(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}
