package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// PromptSecret prompts on the controlling terminal, even if stdin is a pipe. Ctrl-C and
// Ctrl-\ restore the echo of the terminal and return context.Canceled.
func PromptSecret(prompt string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(interrupted)
	if _, err := tty.WriteString(prompt); err != nil {
		return nil, err
	}
	type answer struct {
		secret []byte
		err    error
	}
	answered := make(chan answer, 1)
	go func() { // ends with the line or, after Ctrl-C, with the process
		secret, err := term.ReadPassword(fd)
		answered <- answer{secret, err}
	}()
	defer tty.WriteString("\n")
	select {
	case a := <-answered:
		return a.secret, a.err
	case <-interrupted:
		term.Restore(fd, before)
		return nil, context.Canceled
	}
}
