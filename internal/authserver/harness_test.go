package authserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/authserver/store"
	"jwt/internal/authserver/store/redistest"
	"jwt/internal/authserver/users"
	"jwt/internal/authserver/users/userstest"
	"jwt/internal/clocktest"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

const (
	alice    = "alice"
	password = "correct horse"
)

func testUsers(t *testing.T) *users.Set {
	t.Helper()
	u := &users.Set{}
	for _, entry := range []string{alice + ":" + userstest.CheapHash(password), "bob:pass:word"} {
		if err := u.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// A lines collects the lines of the log.
type lines struct {
	mu    sync.Mutex
	b     bytes.Buffer
	flush func(time.Duration)
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.flush(10 * time.Second)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A site is a server on loopback, with its clock and its log, and a client without a
// cookie jar.
type site struct {
	t      *testing.T
	url    string
	server *Server
	clock  *clocktest.Clock
	log    *lines
}

// serve runs a server with the users alice and bob until the test ends.
func serve(t *testing.T, edit func(*Options)) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, url: "http://" + l.Addr().String(), clock: clocktest.At(epoch), log: &lines{}}
	o := Options{Issuer: s.url, Store: store.NewMemory(), Users: testUsers(t), Now: s.clock.Now, Log: s.log}
	if edit != nil {
		edit(&o)
	}
	if s.server, err = New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s.log.flush = s.server.log.Flush
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.server.Serve(ctx, l, nil) }()
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
		if err := <-done; err != nil {
			t.Errorf("serving: %v", err)
		}
		s.server.Close()
	})
	return s
}

// openStore opens a store until the test ends.
func openStore(t *testing.T, where string) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// eachStore runs a test against every store.
func eachStore(t *testing.T, test func(t *testing.T, s store.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, store.NewMemory()) })
	t.Run("file", func(t *testing.T) { test(t, openStore(t, filepath.Join(t.TempDir(), "state.db"))) })
	t.Run("redis", func(t *testing.T) { test(t, openStore(t, redistest.Start(t))) })
}

// epoch is the initial time of the clock.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// An offset is added to the server's clock.
type offset struct{ atomic.Int64 }

func (o *offset) replace(_ *Server, r *Rules) {
	now := r.Now
	r.Now = func() time.Time { return now().Add(time.Duration(o.Load())) }
}

// An answer is a response.
type answer struct {
	status  int
	header  http.Header
	body    string
	cookies map[string]*http.Cookie
}

// ask sends a request with additional header lines. The body is JSON unless one of them
// is a Content-Type.
func (s *site) ask(method, path, body string, more ...string) answer {
	s.t.Helper()
	a, err := s.try(method, path, body, more...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (s *site) try(method, path, body string, more ...string) (answer, error) {
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", jsonType)
	}
	for _, line := range more {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Host":
			r.Host = value
		case "Content-Type":
			r.Header.Set(name, value)
		default:
			r.Header.Add(name, value)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, body: string(b), cookies: map[string]*http.Cookie{}}
	for _, c := range response.Cookies() {
		a.cookies[c.Name] = c
	}
	return a, err
}

// is checks the status and, if code is not empty, the error code.
func (a answer) is(t *testing.T, what string, status int, code string) {
	t.Helper()
	var e struct{ Error string }
	json.Unmarshal([]byte(a.body), &e)
	if a.status != status || e.Error != code {
		t.Errorf("%s: %d %s, want %d %s", what, a.status, a.body, status, code)
	}
}

// tokens reads the answer to a login or a refresh.
func (a answer) tokens(t *testing.T) oauth.Tokens {
	t.Helper()
	var tokens oauth.Tokens
	body := plainNames.Replace(a.body)
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || a.status != http.StatusOK || tokens.AccessToken == "" {
		t.Fatalf("no tokens: %d %s (%v)", a.status, a.body, err)
	}
	return tokens
}

// plainNames turns the member names of RFC 6749 §5.1 into those of plain JSON.
var plainNames = strings.NewReplacer(`"access_token"`, `"accessToken"`, `"refresh_token"`, `"refreshToken"`,
	`"token_type"`, `"tokenType"`, `"expires_in"`, `"expiresIn"`, `"refresh_expires_in"`, `"refreshExpiresIn"`)

func loginBody(user, password string) string {
	return fmt.Sprintf(`{"username":%q,"password":%q}`, user, password)
}

func refreshBody(token string) string { return fmt.Sprintf(`{"refreshToken":%q}`, token) }

func (s *site) login() oauth.Tokens {
	s.t.Helper()
	return s.loginAs(alice, password).tokens(s.t)
}

func (s *site) loginAs(user, password string) answer {
	s.t.Helper()
	return s.ask("POST", "/login", loginBody(user, password))
}

// spend sends a refresh token to /token.
func (s *site) spend(token string) answer {
	s.t.Helper()
	return s.ask("POST", "/token", refreshBody(token))
}

func (s *site) me(access string) answer {
	s.t.Helper()
	return s.ask("GET", "/me", "", "Authorization: Bearer "+access)
}

func (s *site) logout(refresh string) answer {
	s.t.Helper()
	return s.ask("POST", "/logout", refreshBody(refresh))
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func jsonValue(b []byte) jsonobject.Value { return jsonobject.Value(b) }
