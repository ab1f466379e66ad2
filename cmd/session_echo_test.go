package cmd

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// An echo is a server that repeats what it was sent in every part of its responses.
type echo struct {
	answer atomic.Value // how; "" gives tokens
}

const (
	echoedAccess  = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.dGhlLXNpZ25hdHVyZQ"
	echoedRefresh = "the-refresh-token-of-the-session"
)

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	answer := e.answer.Load().(string)
	if answer == "" {
		fmt.Fprintf(w, `{"accessToken":%q,"refreshToken":%q,"expiresIn":300}`, echoedAccess, echoedRefresh)
		return
	}
	sent := r.Header.Get("Authorization") + " " + r.Header.Get("Cookie") + " " + string(b)
	for _, secret := range []string{testPassword, echoedRefresh} {
		if strings.Contains(sent, secret) {
			sent += " " + secret + " " + url.QueryEscape(secret) + " " + url.PathEscape(secret)
		}
	}
	said := fmt.Sprintf(`{"error":%s,"error_description":%s,"tokenType":%s,"accessToken":"x"}`,
		jsonobject.Quote(sent), jsonobject.Quote(strings.Repeat("-", 150)+sent), jsonobject.Quote(sent))
	switch answer {
	case "nonsense":
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprintf(c, "%s\r\n\r\n", sent)
			c.Close()
		}
	default:
		w.Header().Set("X-Echo", sent)
		w.Header().Set("Location", "/"+url.PathEscape(sent))
		http.SetCookie(w, &http.Cookie{Name: "echo", Value: "1", Path: "/" + url.PathEscape(sent)})
		status, _ := strconv.Atoi(answer)
		w.WriteHeader(status)
		io.WriteString(w, said)
	}
}

// Passwords and tokens that a server sends back appear in no error, no trace and no stored
// session.
func TestServerThatEchoes(t *testing.T) {
	t.Parallel()
	server := &echo{}
	h := httptest.NewServer(server)
	defer h.Close()
	l := &login{t: t, home: t.TempDir()}
	logIn := []string{"login", h.URL, "--user", "demo", "--password-env", "PASSWORD", "--preset", "token", "--store", "file", "-v"}
	for _, answer := range []string{"200", "302", "401", "500", "nonsense"} {
		for _, args := range [][]string{logIn, {"refresh", "-v"}, {"request", "GET", "/me", "-v"}, {"flow", "--server", h.URL, "--user", "demo", "--password-env", "PASSWORD", "--preset", "token"}, {"status"}, {"logout", "-v"}} {
			server.answer.Store("")
			if args[0] == "refresh" || args[0] == "logout" {
				l.must(logIn...)
			}
			if args[0] != "status" {
				server.answer.Store(answer)
			}
			c := l.command(args...)
			var stdout, stderr strings.Builder
			c.Stdout, c.Stderr = &stdout, &stderr
			c.Run()
			said := stderr.String()
			if args[0] != "request" { // there the body is what was asked for
				said += stdout.String()
			}
			for _, secret := range []string{testPassword, url.QueryEscape(testPassword), url.PathEscape(testPassword), echoedRefresh, "dGhlLXNpZ25hdHVyZQ"} {
				if strings.Contains(said, secret) {
					t.Errorf("%s, %v shows %q:\n%s", answer, args, secret, said)
				}
			}
			if server.answer.Load() != "" && c.ProcessState.ExitCode() == verdict.ExitOK && args[0] != "request" && args[0] != "logout" {
				t.Errorf("%s: %v succeeds", answer, args)
			}
		}
	}
}
