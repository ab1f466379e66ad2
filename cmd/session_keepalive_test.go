package cmd

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"jwt/internal/verdict"

	"github.com/google/go-cmp/cmp"
)

// A server gives the lifetime of its tokens at the login and not afterwards. keepalive then
// ends with an error and does not refresh in a loop.
func TestSessionKeepaliveOfUnknownLifetime(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "refresh_token", Value: "r", HttpOnly: true})
		if r.URL.Path == "/login" {
			io.WriteString(w, `{"accessToken":"opaque","expiresIn":1}`)
			return
		}
		asked.Add(1)
		io.WriteString(w, `{"accessToken":"opaque2"}`)
	}))
	defer s.Close()
	l := &login{t: t, home: t.TempDir()}
	l.must("login", s.URL, "--user", "demo", "--password-env", "PASSWORD")
	c := l.command("keepalive", "-o", "text")
	out, err := c.Output()
	if err == nil || c.ProcessState.ExitCode() != verdict.ExitUsage || asked.Load() != 1 {
		t.Errorf("%v after %d refreshes", err, asked.Load())
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		_, said, _ := strings.Cut(line, "Z  ")
		got = append(got, strings.TrimSpace(said))
	}
	want := []string{
		"started    the access token lives 1 s; next in 1 s",
		"refreshed  the server does not say how long the access token lives",
		"ended      session default: " + s.URL + " does not say how long its access tokens live: the time of the next refresh is unknown",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
