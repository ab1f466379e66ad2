package cmd

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// Twenty processes use one session whose access token is no longer accepted: exactly one of them
// refreshes, and all of them get its tokens. The server is restarted in between, so that the new
// tokens live long enough for the slowest process.
func TestTwentyProcesses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		first, then []string
		command     []string
	}{
		{
			"the token has expired",
			[]string{"--access-ttl", "1s"},
			[]string{"--access-ttl", "5m", "--fault", "latency=100ms,path=/refresh"},
			[]string{"token"},
		},
		{
			"the server says so",
			nil,
			[]string{"--fault", "clock-offset=10m", "--fault", "latency=300ms,path=/me"},
			[]string{"request", "GET", "/me"},
		},
	} {
		for _, grace := range []string{"0s", "1m"} {
			t.Run(tt.name+", grace="+grace, func(t *testing.T) {
				t.Parallel()
				flags := []string{"--reuse-grace", grace}
				l := newLogin(t, append(flags, tt.first...)...)
				before := l.stored()
				l.drain()
				l.start(append(flags, tt.then...)...)
				if len(tt.first) > 0 {
					time.Sleep(time.Until(before.StaleAt()))
				}
				answers := l.twenty(tt.command...)
				if len(answers) != 1 {
					t.Errorf("twenty processes got %d different answers", len(answers))
				}
				if good, all := l.asked("POST /refresh", "200"), l.asked("POST /refresh", ""); good != 1 || all != 1 {
					t.Errorf("%d refreshes, %d of them good, want 1", all, good)
				}
				if tt.command[0] == "request" {
					if refused, good := l.asked("GET /me", "401"), l.asked("GET /me", "200"); refused < 2 || good != 20 {
						t.Errorf("%d requests were refused, want some; %d were not, want 20", refused, good)
					}
				} else if stored := l.stored().AccessToken; !answers[stored] || stored == before.AccessToken {
					t.Error("what they got is not what was saved, or not new")
				}
				l.must("request", "GET", "/me")
				l.must("refresh")
				l.drain()
				if all, held := l.families(); len(all) != 1 || all[held.Session].live != 1 || !held.Spent.IsZero() {
					t.Errorf("the session was lost: %+v", held)
				}
			})
		}
	}
}

// twenty runs a command twenty times at once and returns the distinct outputs.
func (l *login) twenty(args ...string) map[string]bool {
	l.t.Helper()
	type answer struct {
		out, err string
	}
	answers := make(chan answer)
	const processes = 20
	for range processes {
		go func() {
			c := l.command(args...)
			var stderr strings.Builder
			c.Stderr = &stderr
			out, _ := c.Output()
			answers <- answer{strings.TrimSpace(string(out)), stderr.String()}
		}()
	}
	all := map[string]bool{}
	for range processes {
		a := <-answers
		if a.out == "" || a.err != "" {
			l.t.Errorf("%q, and on stderr %q", a.out, a.err)
		}
		all[a.out] = true
	}
	return all
}

// A refresh that has begun is finished and saved after Ctrl-C, SIGTERM, SIGHUP and a closed
// pipe.
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
		want := verdict.ExitInterrupted
		if signal == syscall.SIGPIPE {
			stderr.Close() // what it traces next meets a closed pipe
			want = verdict.ExitOK
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

// keepalive refreshes before expiry, writes a line per event, and ends by a signal.
func TestSessionKeepalive(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "--access-ttl", "1s")
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
	if got := c.ProcessState.ExitCode(); got != verdict.ExitInterrupted {
		t.Errorf("exit status %d", got)
	}
	if n := l.asked("POST /refresh", "401"); n != 0 {
		t.Errorf("%d spent tokens were put before the server", n)
	}
}

// Ctrl-C during session flow: the report has the finished steps, and the session of the run is
// logged out.
func TestFlowInterrupted(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "--access-ttl", "1h")
	c := l.command("flow", "--server", l.server.url, "--user", "demo", "--password-env", "PASSWORD", "--max-wait", "2h", "--only", "expired-token-refused")
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for l.asked("GET /me", "200") == 0 { // it waits for the expiry from then on
		time.Sleep(10 * time.Millisecond)
	}
	c.Process.Signal(os.Interrupt)
	c.Wait()
	var report struct {
		Verdict string
		Rules   []struct{ ID, Status, Actual string }
		Error   struct{ Class string }
	}
	if err := json.Unmarshal([]byte(stdout.String()), &report); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	if c.ProcessState.ExitCode() != verdict.ExitInterrupted || report.Verdict != "incomplete" || report.Error.Class != "interrupted" || stderr.String() != "jwt: interrupted\n" {
		t.Errorf("exit status %d, %+v, %q", c.ProcessState.ExitCode(), report, stderr.String())
	}
	if len(report.Rules) != 1 || report.Rules[0].Status != "skip" || report.Rules[0].Actual != "the flow ended before: interrupted" {
		t.Errorf("%+v", report.Rules)
	}
	if n := l.asked("POST /logout", "204"); n != 1 {
		t.Errorf("%d logouts", n)
	}
}

// A D-Bus that accepts connections and never answers delays a login by three seconds, after
// which the tokens are stored in the file.
func TestHangingKeyring(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	socket := filepath.Join(l.home, "bus")
	hang, err := listenAndHang(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer hang()
	c := l.command("login", l.server.url, "--user", "demo", "--password-env", "PASSWORD")
	c.Env = append(c.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+socket)
	start := time.Now()
	out, err := c.CombinedOutput()
	took := time.Since(start)
	if err != nil || !strings.Contains(string(out), `"store":"file"`) || !strings.Contains(string(out), "note: the keyring does not answer") {
		t.Errorf("%v %s", err, out)
	}
	if took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	l.must("refresh")
}

// listenAndHang accepts connections and never answers.
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
