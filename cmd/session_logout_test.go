package cmd

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jwt/internal/verdict"
)

// A server that answers the logout with 401 and still accepts the access token has revoked
// nothing.
func TestLogoutThatRevokesNothing(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			http.SetCookie(w, &http.Cookie{Name: "refresh_token", Value: "the-refresh-token", Path: "/", MaxAge: 3600, HttpOnly: true})
			fmt.Fprint(w, `{"accessToken":"opaque","expiresIn":300}`)
		case "/logout":
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer h.Close()
	l := &login{t: t, home: t.TempDir()}
	for _, tt := range []struct {
		format string
		says   []string
	}{
		{"text", []string{"! session default: forgotten here, not revoked at the server\n  the refresh token lives until ", "the access token is still accepted, until "}},
		{"json", []string{`"forgotten":true,"revoked":false,"access":{"fate":"accepted","expires_at":"2`, `"refresh_expires_at":"2`, `"class":"fetch_failed"`}},
	} {
		l.must("login", h.URL, "--user", "demo", "--password-env", "PASSWORD", "--store", "file")
		c := l.command("logout", "-o", tt.format)
		out, err := c.Output()
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != verdict.ExitNetwork {
			t.Fatalf("%v: %s", err, out)
		}
		for _, says := range tt.says {
			if !strings.Contains(string(out), says) {
				t.Errorf("%s: %q does not say %q", tt.format, out, says)
			}
		}
		if says := "forgotten here, but not revoked at the server: " + h.URL + ": the server answered the logout with 401"; !strings.Contains(string(ended.Stderr), says) {
			t.Errorf("%s does not say %q", ended.Stderr, says)
		}
		if _, err := os.Stat(filepath.Join(l.home, "jwt", "sessions", "default.json")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the session is still here: %v", err)
		}
	}
}
