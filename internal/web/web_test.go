package web_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verify"
	"jwt/internal/web"
)

const (
	host   = "127.0.0.1:4321"
	secret = "0123456789abcdef0123456789abcdef"
	signed = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwibiI6MTIzNDU2Nzg5MDEyMzQ1Njc4OTB9.c2lnbmF0dXJl"
)

// Tokens: one with markup, a token inside and much else, one that has expired, and one that is
// encrypted.
const (
	hostile   = "eyJhbGciOiJFUzI1NiIsImtpZCI6IlwiPjxzY3JpcHQ-d2luZG93LmhhY2tlZD0xPC9zY3JpcHQ-Iiwiamt1IjoiaHR0cHM6Ly9ldmlsLmV4YW1wbGUva2V5cyJ9.eyI8L3N0eWxlPjxpbWcgc3JjPXggb25lcnJvcj13aW5kb3cuaGFja2VkPTE-IjoiPHNjcmlwdD53aW5kb3cuaGFja2VkPTE8L3NjcmlwdD4iLCJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWIiOiJh4oCuZ25wLmV4ZSIsImF1ZCI6WyJhcGkiLCJ3ZWIiXSwiaWF0IjoxNzY4NDc0ODAwLCJleHAiOjE3Njg0Nzg1MDAsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5jb20iLCJhY3QiOnsic3ViIjoiYm9iIiwiYWN0Ijp7InN1YiI6ImNhcm9sIn19LCJsb25nIjoieHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4IiwidG9rZW4iOiJleUpoYkdjaU9pSklVekkxTmlKOS5leUp6ZFdJaU9pSnBibTVsY2lJc0ltVjRjQ0k2TVRjMk9EUTNPRFEyTUgwLldscGFXbHBhV2xwYVdscGFXbHBhV2xwYVdscGFXbHBhV2xwYVdscGFXbG8ifQ.WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWg"
	expired   = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJyb2xlcyI6WyJlZGl0b3IiLCJiaWxsaW5nIl0sImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5jb20iLCJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWIiOiJhbGljZSIsImp0aSI6Ijg4ODc3ZTIwLThkODgtNDZkOS1iYmY2LTFjNjUwZDFhOGNhZCIsImF1ZCI6ImFwaSIsImlhdCI6MTc2ODQ3MzkwMCwiZXhwIjoxNzY4NDc3NTAwfQ.6IAytNuHc-5aTd-MQ5kaNIGNg-JXjRO4LiaVixssz70"
	encrypted = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aWlpaWlpaWlpaWlp.Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjYw.dHR0dHR0dHR0dHR0dHR0dA"
)

var now = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// serverAt returns a server with one secret given at the start.
func serverAt(t *testing.T, host string) *web.Server {
	t.Helper()
	key, err := jwk.Secret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	key.Source = "env:SECRET"
	return web.New(web.Options{
		Host: host, Path: "RANDOM", Now: func() time.Time { return now },
		Given: []web.Given{{Name: "env:SECRET", Key: key}},
		Verify: func(_ context.Context, token string, with web.Expected) verify.Report {
			if with.Under == web.UnderGiven {
				return verify.Token(token, given{key: key}, verify.Policy{}, now)
			}
			return verify.Token(token, with.Pasted, verify.Policy{}, now)
		},
		Command: func(web.Expected) string { return "jwt verify @token.txt --secret env:SECRET" },
	})
}

// given are the keys of the start.
type given struct {
	web.Pasted
	key jwk.Key
}

func (g given) Keys() ([]jwk.Key, error) { return []jwk.Key{g.key}, nil }

// listen serves a handler on loopback and returns its address.
func listen(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// pageRequest returns the request for the page.
func pageRequest() *http.Request {
	return httptest.NewRequest(http.MethodGet, "http://"+host+"/RANDOM/", nil)
}

// request returns a request as the page sends it.
func request(name, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://"+host+"/RANDOM/"+name, strings.NewReader(body))
	r.Header.Set("Origin", "http://"+host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/json")
	return r
}

func answer(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	serverAt(t, host).ServeHTTP(w, r)
	return w
}

// TestGuard checks who gets an answer.
func TestGuard(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"the page itself", func(*http.Request) {}, 200},
		{"by localhost", func(r *http.Request) {
			r.Host = "localhost:4321"
			r.Header.Set("Origin", "http://localhost:4321")
		}, 200},
		{"a browser without Sec-Fetch-Site", func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") }, 200},
		{"a name of the attacker that resolves to loopback", func(r *http.Request) {
			r.Host = "evil.example:4321"
			r.Header.Set("Origin", "http://evil.example:4321")
		}, 421},
		{"a name below localhost", func(r *http.Request) { r.Host = "evil.localhost:4321" }, 421},
		{"another port", func(r *http.Request) { r.Host = "localhost:1" }, 421},
		{"no port", func(r *http.Request) { r.Host = "127.0.0.1" }, 421},
		{"no Origin", func(r *http.Request) { r.Header.Del("Origin") }, 403},
		{"an opaque Origin", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		{"a page of another port", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:3000") }, 403},
		{"localhost and the address are two origins", func(r *http.Request) { r.Header.Set("Origin", "http://localhost:4321") }, 403},
		{"another site", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"another path", func(r *http.Request) { r.URL.Path = "/OTHER/inspect" }, 404},
		{"no path", func(r *http.Request) { r.URL.Path = "/" }, 404},
		{"the beginning of the path", func(r *http.Request) { r.URL.Path = "/RAND/inspect" }, 404},
		{"an unknown endpoint", func(r *http.Request) { r.URL.Path = "/RANDOM/other" }, 404},
		{"below an endpoint", func(r *http.Request) { r.URL.Path = "/RANDOM/inspect/" }, 404},
		{"GET of an endpoint", func(r *http.Request) { r.Method = "GET" }, 405},
		{"POST to the page", func(r *http.Request) { r.URL.Path = "/RANDOM/" }, 405},
		{"a form, which needs no preflight", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request("inspect", `{"token":"`+signed+`"}`)
			tt.change(r)
			w := answer(t, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if got := strings.Contains(w.Body.String(), "alice"); got != (tt.status == 200) {
				t.Errorf("status %d with %s", w.Code, w.Body)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("header: %v", w.Header())
			}
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			if p := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'; script-src 'sha256-") || strings.Contains(p, "unsafe") || !strings.Contains(p, "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'") {
				t.Errorf("policy: %s", p)
			}
		})
	}
}

// TestBodies checks what requests may have in them.
func TestBodies(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		class      string
	}{
		{"too large", `{"token":"` + strings.Repeat("a", 6<<20) + `"}`, 413, "too_large"},
		{"a token that is too large", `{"token":"eyJhbGciOiJIUzI1NiJ9.` + strings.Repeat("a", jws.MaxTokenBytes) + `.a"}`, 200, "too_large"},
		{"not JSON", `token=a`, 400, "malformed"},
		{"two values", `{"token":"a"}{}`, 400, "malformed"},
		{"a field that names a file", `{"file":"/etc/passwd"}`, 400, "malformed"},
		{"garbage", `{"token":"garbage"}`, 200, "malformed"},
		{"a truncated token", `{"token":"eyJhbGciOiJIUzI1NiJ9.eyJz"}`, 200, "malformed"},
		{"two tokens", `{"token":"` + signed + `\n` + signed + `A"}`, 200, "malformed"},
		{"two tokens with names", `{"token":"a=` + signed + `\nb=` + signed + `A"}`, 200, "malformed"},
		{"two signatures", `{"token":"{\"payload\":\"e30\",\"signatures\":[{\"protected\":\"eyJhbGciOiJIUzI1NiJ9\",\"signature\":\"AA\"},{\"protected\":\"eyJhbGciOiJIUzI1NiJ9\",\"signature\":\"AA\"}]}"}`, 200, "unsupported_serialization"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := answer(t, request("inspect", tt.body))
			var a struct {
				View   []any
				Says   string
				Result struct{ Error struct{ Class, Hint string } }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatalf("%v: %.200s", err, w.Body)
			}
			if w.Code != tt.status || a.Result.Error.Class != tt.class || len(a.View) != 1 || a.Says == "" {
				t.Errorf("status %d, class %s, want %d, %s: %.300s", w.Code, a.Result.Error.Class, tt.status, tt.class, w.Body)
			}
			if strings.Contains(a.Result.Error.Hint, "--") {
				t.Errorf("the page has no flags: %s", a.Result.Error.Hint)
			}
		})
	}
}

// TestSources checks that no text of the page is read as the name of a file, a variable or an
// address.
func TestSources(t *testing.T) {
	t.Setenv("SECRET", secret)
	for _, source := range []string{"web_test.go", "@web_test.go", "env:SECRET", "raw:web_test.go", "dotenv:web_test.go#A", "fd:0", "-", "https://127.0.0.1:1/jwks", "oidc:http://127.0.0.1:1", "agent:x", "nextauth:env:SECRET"} {
		for _, kind := range []string{"key", "b64url", "hex", "file", ""} {
			body, _ := json.Marshal(map[string]string{"token": signed, "keys": kind, "pasted": source})
			w := answer(t, request("verify", string(body)))
			var a struct {
				Result struct{ Error struct{ Class string } }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			if want := map[string]string{"key": "jwk_invalid", "b64url": "key_unreadable", "hex": "key_unreadable"}[kind]; a.Result.Error.Class != cmp.Or(want, "usage") {
				t.Errorf("%s %s: %s", kind, source, w.Body)
			}
		}
	}
}
