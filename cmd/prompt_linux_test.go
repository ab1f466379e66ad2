package cmd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"jwt/internal/verdict"
)

// A typist types into a pseudo-terminal on which a program runs.
type typist struct {
	*exec.Cmd
	t      *testing.T
	hand   *os.File // what is typed, and seen
	screen bytes.Buffer
}

// sit starts the command with a new terminal on its stdin, stdout and stderr.
func sit(t *testing.T, c *exec.Cmd) *typist {
	t.Helper()
	hand, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	var unlocked, number uint32
	control(t, hand, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(t, hand, syscall.TIOCGPTN, unsafe.Pointer(&number))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	c.Env = append(c.Environ(), "NO_COLOR=1")
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // the terminal that it asks on
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return &typist{Cmd: c, t: t, hand: hand}
}

// control is ioctl(2).
func control(t *testing.T, f *os.File, request uintptr, argument unsafe.Pointer) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, failed = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(argument))
	})
	if err != nil || failed != 0 {
		t.Fatal(err, failed)
	}
}

// echoes reports whether the terminal shows what is typed.
func (y *typist) echoes() bool {
	y.t.Helper()
	var state syscall.Termios
	control(y.t, y.hand, syscall.TCGETS, unsafe.Pointer(&state))
	return state.Lflag&syscall.ECHO != 0
}

// prompted waits until the program prompts and has turned the echo off.
func (y *typist) prompted(prompt string) {
	y.t.Helper()
	y.see(prompt)
	for began := time.Now(); y.echoes(); time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			y.t.Fatal("the terminal shows what is typed")
		}
	}
}

// see reads the screen until it shows the text.
func (y *typist) see(text string) {
	y.t.Helper()
	y.hand.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 1024)
	for !strings.Contains(y.screen.String(), text) {
		n, err := y.hand.Read(b)
		if y.screen.Write(b[:n]); err != nil {
			y.t.Fatalf("%v: the screen shows %q, not %q", err, y.screen.String(), text)
		}
	}
}

// mustEndInterrupted waits for the end after Ctrl-C, when the terminal must be restored.
func (y *typist) mustEndInterrupted() {
	y.t.Helper()
	y.Wait()
	y.screen.ReadFrom(y.hand) // until nobody has the terminal any more, which is an error here
	if got := y.ProcessState.ExitCode(); got != verdict.ExitInterrupted || !y.echoes() || !strings.HasSuffix(y.screen.String(), ": \r\njwt: interrupted\r\n") {
		y.t.Errorf("exit status %d, echo %v: %q", got, y.echoes(), y.screen.String())
	}
}

// A password is typed without echo. Ctrl-C at its prompt restores the terminal, sends nothing
// and keeps the existing session.
func TestPasswordPrompt(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	before := l.stored()
	ask := func() *typist {
		y := sit(t, l.command("login", l.server.url, "--user", "demo", "--store", "file"))
		y.prompted("Password for demo at " + l.server.url + ": ")
		return y
	}
	y := ask()
	y.hand.WriteString("\x03")
	y.mustEndInterrupted()
	if n := l.asked("POST /login", ""); n != 1 || l.stored().ID != before.ID {
		t.Errorf("%d logins were tried, and the session is %+v", n, l.stored())
	}

	y = ask()
	y.hand.WriteString(testPassword + "\n")
	err := y.Wait()
	y.screen.ReadFrom(y.hand)
	if err != nil || strings.Contains(y.screen.String(), "horse") {
		t.Errorf("%v: %q", err, y.screen.String())
	}
	if l.stored().ID == before.ID {
		t.Error("nobody has logged in")
	}
}

// Ctrl-C and Ctrl-\ do the same at every other prompt.
func TestOtherPrompts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asks string
		args []string
	}{
		{"Passphrase for ", []string{"key", "convert", "../testdata/keys/p256.encrypted.pem", "--to", "jwk"}},
		{"New passphrase: ", []string{"key", "generate", "P-256", "--encrypt"}},
		{"Secret: ", []string{"sign", "{}", "--secret", "-"}},
		{"assword", []string{"encrypt", "hello", "--password", "-"}},
	} {
		for _, typed := range []string{"\x03", "\x1c"} {
			y := sit(t, exec.Command("jwt", tt.args...))
			y.prompted(tt.asks)
			y.hand.WriteString(typed)
			y.mustEndInterrupted()
		}
	}
}
