//go:build !unix

package cmd

import (
	"os"
	"os/exec"
	"os/signal"
)

// execute runs the program to its end. What Ctrl-C tells us, the console tells it
// too.
func execute(argv, environ []string) error {
	signal.Ignore(os.Interrupt)
	c := exec.Command(argv[0], argv[1:]...)
	c.Env, c.Stdin, c.Stdout, c.Stderr = environ, os.Stdin, os.Stdout, os.Stderr
	return c.Run()
}
