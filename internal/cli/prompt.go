package cli

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/term"
)

// PromptSecret prompts on the controlling terminal, even if stdin is a pipe. Ctrl-C and
// Ctrl-\ restore the echo of the terminal and return context.Canceled.
func PromptSecret(prompt string) ([]byte, error) {
	in, out, err := openTerminal()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	defer out.Close()
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(interrupted)
	if _, err := out.WriteString(prompt); err != nil {
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
	defer out.WriteString("\n")
	select {
	case a := <-answered:
		return a.secret, a.err
	case <-interrupted:
		term.Restore(fd, before)
		return nil, context.Canceled
	}
}

// openTerminal opens the terminal of the process for reading and for writing, also where
// stdin and stdout are redirected.
func openTerminal() (in, out *os.File, err error) {
	read, write := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		read, write = "CONIN$", "CONOUT$"
	}
	if in, err = os.OpenFile(read, os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile(write, os.O_RDWR, 0); err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}
