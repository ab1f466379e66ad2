//go:build !unix

package cli

import (
	"os"
	"os/exec"
	"os/signal"
)

// Execute runs the program and waits for it. The console sends Ctrl-C to the program
// too, so jwt ignores it.
func Execute(argv, environ []string) error {
	signal.Ignore(os.Interrupt)
	c := exec.Command(argv[0], argv[1:]...)
	c.Env, c.Stdin, c.Stdout, c.Stderr = environ, os.Stdin, os.Stdout, os.Stderr
	return c.Run()
}
