package cmd

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"jwt/internal/verdict"
)

// longLived expires in 2100.
const longLived = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.9aTEpZ-Rx8YiI7_Ipk3jFWDxj9lFBb0BWIFx_AlDbxY"

// Ctrl-C at the prompt for the secret of verify prints no report on the token, except in JSON,
// which has one for every failure.
func TestInterruptedVerify(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"verify", longLived, "--secret", "-"},
		{"verify", longLived, "--secret", "-", "--json"},
		{"verify", longLived, "--key", "../testdata/keys/p256.encrypted.pem"},
		{"decrypt", "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJlbmMiOiJBMTI4R0NNIiwicDJzIjoiYzJGc2RITmhiSFEiLCJwMmMiOjk5OX0.AAAA.AAAA.AAAA.AAAA", "--password", "-"},
	} {
		y := sit(t, exec.Command("jwt", args...))
		y.prompted(": ")
		y.hand.WriteString("\x03")
		y.Wait()
		y.screen.ReadFrom(y.hand)
		if got := y.ProcessState.ExitCode(); got != verdict.ExitInterrupted || !y.echoes() {
			t.Errorf("%v: exit status %d, echo %v", args, got, y.echoes())
		}
		if s := y.screen.String(); strings.Contains(s, "not valid") || strings.Contains(s, "shape") != slices.Contains(args, "--json") || !strings.HasSuffix(s, "jwt: interrupted\r\n") {
			t.Errorf("%v: %q", args, s)
		}
	}
}

// Ctrl-C ends a countdown and restores the cursor.
func TestInterruptedWatch(t *testing.T) {
	t.Parallel()
	c := exec.Command("jwt", "inspect", "--watch", longLived)
	c.Env = append(os.Environ(), "TERM=xterm")
	y := sit(t, c)
	y.see("expires in")
	y.hand.WriteString("\x03")
	y.Wait()
	y.screen.ReadFrom(y.hand)
	if got := y.ProcessState.ExitCode(); got != verdict.ExitInterrupted {
		t.Errorf("exit status %d", got)
	}
	if s := y.screen.String(); !strings.HasSuffix(s, "\x1b[?7h\x1b[?25h") || strings.Contains(s, "jwt:") {
		t.Errorf("%q", s)
	}
}

// An interrupt while the program waits for a server ends it at once by the signal, which a
// shell reports as 130.
func TestInterruptedFetch(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer server.Close()
	c := exec.Command("jwt", "verify", longLived, "--key", server.URL)
	c.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir())
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	if s := c.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGINT || said.Len() > 0 {
		t.Errorf("%v: %s", c.ProcessState, said.String())
	}
}

// Ctrl-C ends a batch with a summary, although the input gives no next line.
func TestInterruptedBatch(t *testing.T) {
	t.Parallel()
	c := exec.Command("jwt", "decode", "--batch")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	in.Write([]byte(longLived + "\nnonsense\n"))
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() {
			t.Fatal("no answer")
		}
	}
	c.Process.Signal(os.Interrupt)
	c.Wait()
	if c.ProcessState.ExitCode() != verdict.ExitInterrupted || stderr.String() != "jwt: interrupted: 1 of 2 lines failed, the first on line 2: malformed\n" {
		t.Errorf("exit status %d, %q", c.ProcessState.ExitCode(), stderr.String())
	}
}
