package jwks

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/verdict"
)

// routes maps each path to the text of its answer, in which {} stands for the server's
// URL. Other paths get 404.
type routes map[string]string

func newIssuer(t *testing.T, r routes) *world {
	t.Helper()
	var w *world
	w = newWorld(t, func(rw http.ResponseWriter, req *http.Request) {
		text, ok := r[req.URL.EscapedPath()]
		if !ok {
			http.NotFound(rw, req)
			return
		}
		rw.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(rw, strings.ReplaceAll(text, "{}", w.URL))
	})
	return w
}

func (s *server) paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, r := range s.requests {
		paths = append(paths, r.URL.EscapedPath())
	}
	return paths
}

func TestDiscover(t *testing.T) {
	for _, test := range []struct {
		name   string
		issuer string // after the server's URL
		routes routes
		asked  []string
	}{
		{
			"OpenID Connect", "",
			routes{"/.well-known/openid-configuration": `{"issuer":"{}","jwks_uri":"{}/jwks"}`},
			[]string{"/.well-known/openid-configuration"},
		},
		{
			"with a slash", "/",
			routes{"/.well-known/openid-configuration": `{"issuer":"{}/","jwks_uri":"{}/jwks"}`},
			[]string{"/.well-known/openid-configuration"},
		},
		{
			"with a path", "/realms/one%2Ftwo",
			routes{"/realms/one%2Ftwo/.well-known/openid-configuration": `{"issuer":"{}/realms/one%2Ftwo","jwks_uri":"{}/jwks"}`},
			[]string{"/realms/one%2Ftwo/.well-known/openid-configuration"},
		},
		{
			"RFC 8414", "",
			routes{"/.well-known/oauth-authorization-server": `{"issuer":"{}","jwks_uri":"{}/jwks"}`},
			[]string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"},
		},
		{
			"RFC 8414 with path and slash", "/a/b/",
			routes{"/.well-known/oauth-authorization-server/a/b": `{"issuer":"{}/a/b/","jwks_uri":"{}/jwks"}`},
			[]string{"/a/b/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/a/b"},
		},
		{"a page for everything", "", routes{
			"/.well-known/openid-configuration":       "<html>welcome</html>",
			"/.well-known/oauth-authorization-server": `{"issuer":"{}","jwks_uri":"{}/jwks"}`,
		}, []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}},
		{"JSON of something else", "", routes{
			"/.well-known/openid-configuration":       `{"error":"not found"}`,
			"/.well-known/oauth-authorization-server": `{"issuer":"{}","jwks_uri":"{}/jwks"}`,
		}, []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.routes["/jwks"] = jwks("a")
			w := newIssuer(t, test.routes)
			issuer := w.URL + test.issuer
			f, err := w.process().Load(t.Context(), Source{Issuer: issuer})
			mustHave(t, f, err, "a")
			if f.Issuer != issuer || f.URL != w.URL+"/jwks" || f.FromCache || len(f.Warnings) != 0 {
				t.Errorf("got %+v", f)
			}
			asked := append(test.asked, "/jwks")
			if diff := cmp.Diff(asked, w.paths()); diff != "" {
				t.Error(diff)
			}

			// A second process sends no request, not even to the URL without metadata.
			for _, c := range []*Client{w.process(), w.offline()} {
				f, err = c.Load(t.Context(), Source{Issuer: issuer})
				mustHave(t, f, err, "a")
				if f.Issuer != issuer || !f.FromCache {
					t.Errorf("from the cache: %+v", f)
				}
			}
			mustCount(t, w.server, len(asked))

			w.Advance(2 * time.Hour)
			f, err = w.offline().Load(t.Context(), Source{Issuer: issuer})
			mustHave(t, f, err, "a")
			if f.Issuer != issuer || len(f.Warnings) != 2 {
				t.Errorf("stale: %+v", f)
			}
			mustCount(t, w.server, len(asked))
			f, err = w.process().Load(t.Context(), Source{Issuer: issuer})
			mustHave(t, f, err, "a")
			mustCount(t, w.server, 2*len(asked))
		})
	}
}

func TestDiscoverRefuses(t *testing.T) {
	for _, test := range []struct {
		name     string
		metadata string
		class    verdict.Class
		names    []string
	}{
		{"another issuer", `{"issuer":"https://evil.example","jwks_uri":"{}/jwks"}`, verdict.FetchRefused, []string{"https://evil.example", "want"}},
		{"another slash", `{"issuer":"{}/","jwks_uri":"{}/jwks"}`, verdict.FetchRefused, []string{"/\"", "want"}},
		{"another case", `{"issuer":"HTTPS://127.0.0.1","jwks_uri":"{}/jwks"}`, verdict.FetchRefused, []string{"HTTPS://127.0.0.1"}},
		{"a name that differs in case", `{"Issuer":"{}","jwks_uri":"{}/jwks"}`, verdict.FetchFailed, []string{"issuer"}},
		{"issuer twice", `{"issuer":"https://evil.example","issuer":"{}","jwks_uri":"{}/jwks"}`, verdict.FetchRefused, []string{"issuer", "twice"}},
		{"jwks_uri twice", `{"issuer":"{}","jwks_uri":"{}/evil","jwks_uri":"{}/jwks"}`, verdict.FetchRefused, []string{"jwks_uri", "twice"}},
		{"issuer a number", `{"issuer":1,"jwks_uri":"{}/jwks"}`, verdict.FetchRefused, []string{"issuer", "number"}},
		{"jwks_uri null", `{"issuer":"{}","jwks_uri":null}`, verdict.FetchRefused, []string{"jwks_uri", "null"}},
		{"jwks_uri over http", `{"issuer":"{}","jwks_uri":"http://example.com/jwks"}`, verdict.FetchRefused, []string{"jwks_uri", "http://example.com/jwks"}},
		{"jwks_uri over http on loopback", `{"issuer":"{}","jwks_uri":"http://127.0.0.1/jwks"}`, verdict.FetchRefused, []string{"jwks_uri", "http://127.0.0.1/jwks"}},
		{"jwks_uri a file", `{"issuer":"{}","jwks_uri":"file:///etc/passwd"}`, verdict.FetchRefused, []string{"jwks_uri", "file"}},
		{"jwks_uri relative", `{"issuer":"{}","jwks_uri":"/jwks"}`, verdict.FetchRefused, []string{"jwks_uri", "/jwks"}},
		{"jwks_uri with a password", `{"issuer":"{}","jwks_uri":"https://a:b@127.0.0.1/"}`, verdict.FetchRefused, []string{"jwks_uri"}},
		{"no jwks_uri", `{"issuer":"{}"}`, verdict.FetchFailed, []string{"jwks_uri"}},
		{"not JSON", `{"issuer":"{}"`, verdict.FetchFailed, []string{"JSON"}},
		{"deep", `{"issuer":"{}","a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, verdict.FetchFailed, []string{"JSON"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newIssuer(t, routes{"/.well-known/openid-configuration": test.metadata, "/jwks": jwks("a"), "/evil": jwks("evil")})
			c := w.process()
			_, err := c.Load(t.Context(), Source{Issuer: w.URL})
			mustFail(t, err, test.class, append(test.names, w.URL+"/.well-known/openid-configuration")...)
			for _, path := range w.paths() {
				if !strings.HasPrefix(path, "/.well-known/") {
					t.Errorf("%s was asked", path)
				}
				if path == "/.well-known/oauth-authorization-server" && test.class == verdict.FetchRefused {
					t.Errorf("what was refused was looked for elsewhere")
				}
			}
		})
	}
}

func TestHintAboutTheTrailingSlash(t *testing.T) {
	w := newIssuer(t, routes{"/.well-known/openid-configuration": `{"issuer":"{}/","jwks_uri":"{}/jwks"}`, "/jwks": jwks("a")})
	c := w.process()
	_, err := c.Discover(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchRefused, w.URL)
	if hint := err.(*verdict.Error).Hint; !strings.Contains(hint, "slash") || !strings.HasSuffix(hint, "--key oidc:"+w.URL+"/") {
		t.Errorf("the hint is %q", hint)
	}
	// The hint is right, also for a process that did not follow it at first, with a
	// shared cache.
	f, err := w.process().Load(t.Context(), Source{Issuer: w.URL + "/"})
	mustHave(t, f, err, "a")
	_, err = w.process().Discover(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchRefused, w.URL)
}

func TestDiscoverInvalidIssuers(t *testing.T) {
	for issuer, class := range map[string]verdict.Class{
		"":                        verdict.Usage,
		"example.com":             verdict.Usage,
		"localhost:8080":          verdict.Usage,
		"https://":                verdict.Usage,
		"https://example.com?a=b": verdict.Usage,
		"https://example.com/#":   verdict.Usage,
		"https://example.com/.well-known/openid-configuration": verdict.Usage,
		"http://example.com":           verdict.FetchRefused,
		"https://user:pw@example.com/": verdict.FetchRefused,
		"file:///etc":                  verdict.FetchRefused,
	} {
		c := &Client{Now: time.Now, HTTP: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			t.Errorf("%q: %s was asked", issuer, r.URL)
			return nil, http.ErrHandlerTimeout
		})}}
		_, err := c.Discover(t.Context(), issuer)
		if got := verdict.ClassOf(err); got != class {
			t.Errorf("%q: class is %q, want %q: %v", issuer, got, class, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestDiscoverStaysOnTheHost checks that the path of an issuer is not mistaken for a
// host.
func TestDiscoverStaysOnTheHost(t *testing.T) {
	for _, issuer := range []string{"https://issuer.example//evil.example", "https://issuer.example/../..//evil.example/"} {
		places, err := metadataURLs(issuer)
		if err != nil || len(places) != 2 {
			t.Fatalf("%v, %v", places, err)
		}
		for _, place := range places {
			if place.Host != "issuer.example" || place.Scheme != "https" {
				t.Errorf("%q leads to %s", issuer, place)
			}
		}
	}
}

func TestDiscoverStopsWhereTheServerFails(t *testing.T) {
	var status atomic.Int64
	w := newWorld(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(int(status.Load())) })
	for code, want := range map[int]struct {
		class verdict.Class
		asked int
	}{
		404: {verdict.FetchFailed, 2},
		403: {verdict.FetchFailed, 2},
		429: {verdict.FetchFailed, 1},
		500: {verdict.ServerError, 1},
	} {
		status.Store(int64(code))
		before := w.count()
		_, err := w.process().Discover(t.Context(), w.URL)
		mustFail(t, err, want.class, w.URL, fmt.Sprint(code))
		if got := w.count() - before; got != want.asked {
			t.Errorf("%d: asked %d times, want %d", code, got, want.asked)
		}
	}
	before := w.count()
	_, err := w.offline().Discover(t.Context(), w.URL)
	mustFail(t, err, verdict.FetchFailed, w.URL, "offline")
	mustCount(t, w.server, before)
}
