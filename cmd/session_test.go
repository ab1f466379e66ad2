package cmd

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// authserver [NAME] FLAGS…: `jwt session serve` on a free port at $NAME
// ($SERVER), with a user demo whose password is $PASSWORD. Its log is NAME.log.
func cmdAuthserver(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: authserver [NAME] FLAGS…")
	}
	name := "SERVER"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	log, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	c, url, err := startAuthserver(log, ts.Getenv("WORK"), append([]string{"--user", "demo:" + ts.Getenv("PASSWORD")}, args...))
	ts.Check(err)
	ts.Setenv(name, url)
	ts.Defer(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
		log.Close()
	})
}

// startAuthserver starts the local server and waits for its address.
func startAuthserver(log *os.File, dir string, flags []string) (*exec.Cmd, string, error) {
	c := exec.Command("jwt", append([]string{"session", "serve", "--listen", "127.0.0.1:0", "--store", "memory"}, flags...)...)
	c.Dir, c.Stderr = dir, log
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := c.Start(); err != nil {
		return nil, "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.Process.Kill()
		c.Wait()
		return nil, "", err
	}
	return c, strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), nil
}

const testPassword = "correct horse"

// A login is a session at a server of its own, as a shell has it.
type login struct {
	t    *testing.T
	url  string
	log  string
	home string
}

// newLogin starts a server and logs in.
func newLogin(t *testing.T, flags ...string) *login {
	t.Helper()
	l := &login{t: t, home: t.TempDir()}
	l.log = filepath.Join(l.home, "server.log")
	log, err := os.Create(l.log)
	if err != nil {
		t.Fatal(err)
	}
	server, url, err := startAuthserver(log, l.home, append([]string{"--user", "demo:" + testPassword}, flags...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(os.Interrupt)
		server.Wait()
		log.Close()
	})
	l.url = url
	l.must("login", url, "--user", "demo", "--password-env", "PASSWORD")
	return l
}

// command is `jwt session ARGS`, not started.
func (l *login) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), "jwt", append([]string{"session"}, args...)...)
	c.Env = append(os.Environ(), "XDG_STATE_HOME="+l.home, "XDG_CONFIG_HOME="+l.home, "DBUS_SESSION_BUS_ADDRESS=", "PASSWORD="+testPassword)
	c.Dir = l.home
	return c
}

// must runs a command that must succeed, and returns its output.
func (l *login) must(args ...string) string {
	l.t.Helper()
	c := l.command(args...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		l.t.Fatalf("jwt session %v: %v %s%s", args, err, out, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// asked counts the requests to a path that were answered with that status.
func (l *login) asked(request, status string) int {
	l.t.Helper()
	b, err := os.ReadFile(l.log)
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.Count(string(b), " "+request+" "+status+" ")
}

// Twenty processes want the token of one session whose token has expired, from a
// server that takes each refresh token once.
func TestTwentySessionTokens(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "--access-ttl", "1s", "--fault", "latency=100ms,path=/refresh")
	time.Sleep(1100 * time.Millisecond)
	type answer struct {
		token string
		err   error
	}
	answers := make(chan answer)
	const processes = 20
	for range processes {
		go func() {
			c := l.command("token")
			var stderr strings.Builder
			c.Stderr = &stderr
			out, err := c.Output()
			if err != nil {
				t.Log(stderr.String())
			}
			answers <- answer{string(out), err}
		}()
	}
	tokens := map[string]int{}
	for range processes {
		a := <-answers
		if a.err != nil {
			t.Error(a.err)
		}
		tokens[a.token]++
	}
	// On a slow machine the new token, which lives a second, may expire before
	// the last process has it: it is then refreshed again, once.
	if refreshes := l.asked("POST /refresh", "200"); len(tokens) != refreshes || refreshes > 3 {
		t.Errorf("%d tokens by %d refreshes", len(tokens), refreshes)
	}
	if n := l.asked("POST /refresh", "401"); n != 0 {
		t.Errorf("%d spent tokens were put before the server", n)
	}
	l.must("refresh")
}

// Ctrl-C, SIGTERM, SIGHUP and a closed pipe reach a refresh that has begun: it is
// finished and saved.
func TestSignalsDuringARefresh(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "--fault", "latency=300ms,path=/refresh")
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE} {
		before, refreshes := l.must("token"), l.asked("POST /refresh", "200")
		c := l.command("refresh", "-v")
		stderr, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(stderr).ReadString('\n'); err != nil { // > POST …/refresh
			t.Fatal(err)
		}
		want := exitInterrupted
		if signal == syscall.SIGPIPE {
			stderr.Close() // what it traces next meets a closed pipe
			want = exitOK
		} else {
			c.Process.Signal(signal)
			go io.Copy(io.Discard, stderr)
		}
		c.Wait()
		if got := c.ProcessState.ExitCode(); got != want {
			t.Errorf("%v: exit status %d, want %d", signal, got, want)
		}
		if after := l.must("token"); after == before || l.asked("POST /refresh", "200") != refreshes+1 {
			t.Errorf("%v: what the server gave was not saved", signal)
		}
	}
	if n := l.asked("POST /refresh", "401"); n != 0 {
		t.Errorf("%d spent tokens were put before the server", n)
	}
}

// Clients and servers are killed in turn at random moments of a refresh. The file
// of the session can always be read; with a grace nothing is lost, and without
// one what was lost is said.
func TestKilledInTurn(t *testing.T) {
	t.Parallel()
	for _, grace := range []string{"1h", "0s"} {
		t.Run(grace, func(t *testing.T) { killInTurn(t, grace) })
	}
}

func killInTurn(t *testing.T, grace string) {
	rounds := 10
	if os.Getenv("CI") != "" && !testing.Short() {
		rounds = 100
	}
	l := &login{t: t, home: t.TempDir()}
	log, err := os.Create(filepath.Join(l.home, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	flags := []string{"--user", "demo:" + testPassword, "--store", filepath.Join(l.home, "server.db"), "--reuse-grace", grace}
	server, url, err := startAuthserver(log, l.home, flags)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { server.Process.Kill(); server.Wait() }()
	flags = append(flags, "--listen", strings.TrimPrefix(url, "http://"))
	l.url = url
	logIn := func() { l.must("login", url, "--user", "demo", "--password-env", "PASSWORD") }
	logIn()
	lost := 0
	for round := range rounds {
		c := l.command("refresh")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		if round%2 == 0 {
			c.Process.Kill()
			c.Wait()
		} else {
			server.Process.Kill()
			server.Wait()
			c.Wait()
			if server, _, err = startAuthserver(log, l.home, flags); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := l.command("status").Output(); err != nil && c.ProcessState.ExitCode() != exitSession {
			t.Fatalf("round %d: %v %s", round, err, out)
		}
		out, err := l.command("refresh").Output()
		switch {
		case err == nil:
		case grace == "0s" && (bytes.Contains(out, []byte("was cut off before its answer was saved")) || bytes.Contains(out, []byte("was lost on the way"))):
			lost++
			logIn()
		default:
			t.Fatalf("round %d: %v %s", round, err, out)
		}
	}
	l.must("request", "GET", "/me")
	t.Logf("%d of %d rounds lost the session, and said so", lost, rounds)
}

// keepalive refreshes ahead of expiry, an event a line, and ends by a signal.
func TestSessionKeepalive(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "--access-ttl", "2s")
	c := l.command("keepalive")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, want := range []string{`"event":"started"`, `"event":"refreshed"`, `"event":"refreshed"`} {
		if !lines.Scan() || !strings.Contains(lines.Text(), want) {
			t.Fatalf("%q, want %s", lines.Text(), want)
		}
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || !strings.Contains(lines.Text(), `"event":"stopped"`) || lines.Scan() {
		t.Errorf("at the end: %q", lines.Text())
	}
	c.Wait()
	if got := c.ProcessState.ExitCode(); got != exitInterrupted {
		t.Errorf("exit status %d", got)
	}
	if n := l.asked("POST /refresh", "401"); n != 0 {
		t.Errorf("%d spent tokens were put before the server", n)
	}
}

// A D-Bus that takes connections and never says a word costs a login three
// seconds, and then the tokens go to the file.
func TestHangingKeyring(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	socket := filepath.Join(l.home, "bus")
	hang, err := listenAndHang(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer hang()
	c := l.command("login", l.url, "--user", "demo", "--password-env", "PASSWORD")
	c.Env = append(c.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+socket)
	start := time.Now()
	out, err := c.CombinedOutput()
	took := time.Since(start)
	if err != nil || !strings.Contains(string(out), `"store":"file"`) || !strings.Contains(string(out), "note: the keyring does not answer") {
		t.Errorf("%v %s", err, out)
	}
	if took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	l.must("refresh")
}

// listenAndHang takes connections and never answers.
func listenAndHang(socket string) (stop func(), err error) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	go func() {
		var held []net.Conn // or the collector closes them
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			held = append(held, c)
		}
		for _, c := range held {
			c.Close()
		}
	}()
	return func() { l.Close() }, nil
}
