package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// TestVectorsInspected inspects the token of every vector: nothing panics, no control character
// and no secret is printed, and inspect accepts every token that decode accepts.
func TestVectorsInspected(t *testing.T) {
	shown := 0
	for _, v := range loadVectors(t, "decode", "verify", "decrypt") {
		if v.Token == nil && v.TokenB64 == nil && v.TokenRecipe == nil {
			continue
		}
		shown++
		t.Run(strings.ReplaceAll(v.ID, "/", "_"), func(t *testing.T) {
			t.Parallel()
			v.Out.Contains = nil // that is what verify has to say
			piped := runVector(t, v, false, "inspect")
			v.checkOutput(t, piped)
			if piped.status != verdict.ExitOK && piped.status != verdict.ExitMalformed {
				t.Fatalf("exit %d: %s", piped.status, piped.stderr)
			}
			var answer struct {
				Error    *struct{ Class string }
				Findings []struct{ Rule string }
			}
			if err := json.Unmarshal([]byte(piped.stdout), &answer); err != nil {
				t.Fatalf("stdout is not JSON: %v", err)
			}
			if (answer.Error == nil) != (piped.status == verdict.ExitOK) {
				t.Errorf("exit %d with %s", piped.status, piped.stdout)
			}
			if decoded := runVector(t, v, false, "decode"); decoded.status == verdict.ExitOK && piped.status != verdict.ExitOK {
				t.Errorf("decode takes what inspect refuses: %s", piped.stderr)
			}
			for _, args := range [][]string{{"--color=never"}, {"--color=never", "--full"}} {
				onScreen := runVector(t, v, true, append([]string{"inspect"}, args...)...)
				if onScreen.status != piped.status {
					t.Errorf("exit %d on a terminal, %d in a pipe", onScreen.status, piped.status)
				}
				noControl(t, onScreen.stdout+onScreen.stderr)
				v.checkOutput(t, onScreen)
			}
		})
	}
	if shown == 0 {
		t.Fatal("no vector was shown")
	}
}

// A fakeClock advances when a goroutine waits on it.
type fakeClock struct {
	now     time.Time
	waits   int
	onWait  func(n int)
	stopped bool
}

func (c *fakeClock) Now() time.Time { return c.now }

func (c *fakeClock) After(d time.Duration) <-chan time.Time {
	c.waits++
	if c.onWait != nil {
		c.onWait(c.waits)
	}
	if c.stopped {
		return nil
	}
	c.now = c.now.Add(d)
	ch := make(chan time.Time, 1)
	ch <- c.now
	return ch
}

func watchToken(claims string) string {
	return base64url.Encode([]byte(`{"alg":"HS256"}`)) + "." + base64url.Encode([]byte(claims)) + ".AAAA"
}

func runWatched(ctx context.Context, clock *fakeClock, args ...string) result {
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		StdinTTY: true, StdoutTTY: true, StderrTTY: true, Width: 60,
		LookupEnv: func(name string) (string, bool) { return "1", name == "NO_COLOR" },
		Now:       clock.Now, After: clock.After,
	}
	status := Run(ctx, env, append([]string{"inspect", "--watch"}, args...))
	return result{status, stdout.String(), stderr.String()}
}

func TestWatchCountsDownInPlace(t *testing.T) {
	clock := &fakeClock{now: time.Unix(1769860800, 400e6)}
	r := runWatched(t.Context(), clock, watchToken(`{"iat":1769860800,"exp":1769860803}`))
	if r.status != verdict.ExitTime || r.stderr != "" {
		t.Errorf("exit %d, stderr %q", r.status, r.stderr)
	}
	frames := strings.Split(r.stdout, "\r\x1b[4A")
	var said []string
	for _, f := range frames {
		lines := strings.Split(strings.TrimSuffix(f, "\x1b[J"), "\x1b[K\n")
		if len(lines) != 5 {
			t.Fatalf("a frame of %d lines: %q", len(lines)-1, f)
		}
		said = append(said, strings.TrimSpace(lines[3]))
	}
	// 2.6 s are left, then whole seconds.
	want := []string{
		"expires in 00:03; signature not verified", "expires in 00:02; signature not verified",
		"expires in 00:01; signature not verified", "expired",
	}
	if fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("said %q, want %q", said, want)
	}
	if !strings.HasPrefix(r.stdout, "\x1b[?25l") || !strings.HasSuffix(r.stdout, "\x1b[?25h") {
		t.Errorf("the cursor is not hidden and restored: %q", r.stdout)
	}
}

func TestWatchStartsItsClockAt(t *testing.T) {
	clock := &fakeClock{now: time.Unix(1000, 0)}
	r := runWatched(t.Context(), clock, "--at", "1769860801", watchToken(`{"exp":1769860803}`))
	if r.status != verdict.ExitTime || clock.waits != 2 || clock.now.Unix() != 1002 {
		t.Errorf("exit %d after %d waits, at %d", r.status, clock.waits, clock.now.Unix())
	}
}

func TestWatchEndsOnInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	clock := &fakeClock{now: time.Unix(1769860800, 0)}
	clock.onWait = func(n int) {
		if n == 2 {
			clock.stopped = true
			interrupt()
		}
	}
	r := runWatched(ctx, clock, watchToken(`{"exp":1769870000}`))
	if r.status != verdict.ExitInterrupted || r.stderr != "" {
		t.Errorf("exit %d, stderr %q", r.status, r.stderr)
	}
	if !strings.HasSuffix(r.stdout, "\n\x1b[?7h\x1b[?25h") {
		t.Errorf("the cursor is not restored on a line of its own: %q", r.stdout)
	}
}

func TestWatchEscapesTheToken(t *testing.T) {
	clock := &fakeClock{now: time.Unix(1769860800, 0)}
	r := runWatched(t.Context(), clock, watchToken(`{"iss":"\u001b]0;x\u0007","exp":1769860801,"iat":"\u009b2J"}`))
	for _, bad := range []string{"\x1b]", "\x07", "\u009b"} {
		if strings.Contains(r.stdout+r.stderr, bad) {
			t.Errorf("%q came out", bad)
		}
	}
}
