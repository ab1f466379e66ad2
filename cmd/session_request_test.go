package cmd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A redirect is not followed; a note says so, and the request succeeds.
func TestRequestThatIsRedirected(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			fmt.Fprint(w, `{"accessToken":"the-access-token","expiresIn":300}`)
		case "/moved":
			w.Header().Set("Location", "https://u:PW@evil.example/the-access-token?code=LEAK#LEAK")
			w.WriteHeader(http.StatusFound)
		case "/same":
			w.WriteHeader(http.StatusNotModified)
		}
	}))
	defer h.Close()
	l := &login{t: t, home: t.TempDir()}
	l.must("login", h.URL, "--user", "demo", "--password-env", "PASSWORD", "--store", "file")
	for path, says := range map[string]string{
		"/moved": "note: the server answered 302 Found, to https://evil.example/***?…: redirects are not followed\n",
		"/same":  "",
	} {
		c := l.command("request", "GET", path)
		var stderr strings.Builder
		c.Stderr = &stderr
		if out, err := c.Output(); err != nil || len(out) > 0 || stderr.String() != says {
			t.Errorf("%s: %v %q %q, want %q", path, err, out, stderr.String(), says)
		}
		quiet := l.command("request", "-q", "GET", path)
		if out, err := quiet.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s, quiet: %v %q", path, err, out)
		}
	}
}
