package faulty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/authserver/users/userstest"
	"jwt/internal/base64url"
	"jwt/internal/clocktest"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/oauth"
)

const (
	alice    = "alice"
	password = "correct horse"
)

var epoch = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

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
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// has waits until the text is logged.
func (l *lines) has(text string) bool {
	for range 1000 {
		l.mu.Lock()
		found := strings.Contains(l.b.String(), text)
		l.mu.Unlock()
		if found {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// A site is a faulty server on loopback, with its clock and its log, and a client without a
// cookie jar.
type site struct {
	t      *testing.T
	url    string
	server *authserver.Server
	faults *active
	clock  *clocktest.Clock
	log    *lines
}

// serve runs a server with the users alice and bob and these faults until the test ends.
func serve(t *testing.T, edit func(*authserver.Options), faults ...string) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, url: "http://" + l.Addr().String(), clock: clocktest.At(epoch), log: &lines{}}
	o := authserver.Options{Issuer: s.url, Store: store.NewMemory(), Users: testUsers(t), Now: s.clock.Now, Log: s.log}
	if edit != nil {
		edit(&o)
	}
	parsed, err := ParseAll(faults)
	if err != nil {
		t.Fatal(err)
	}
	if s.server, s.faults, err = open(t.Context(), o, parsed, true); err != nil {
		t.Fatal(err)
	}
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

// An answer is a response.
type answer struct {
	status  int
	header  http.Header
	body    string
	cookies map[string]*http.Cookie
}

// ask sends a request, with additional header lines.
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
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range more {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
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
	if err := json.Unmarshal([]byte(a.body), &tokens); err != nil || a.status != http.StatusOK || tokens.AccessToken == "" {
		t.Fatalf("no tokens: %d %s (%v)", a.status, a.body, err)
	}
	return tokens
}

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

// published returns the kids in the JWK Set of the server.
func (s *site) published() (kids []string) {
	s.t.Helper()
	a := s.ask("GET", "/jwks.json", "")
	set, err := jwk.Parse([]byte(a.body))
	if err != nil {
		s.t.Fatalf("%s: %v", a.body, err)
	}
	for _, k := range set.Keys {
		kids = append(kids, k.ID)
	}
	return kids
}

// kid returns the kid in the header of a token.
func (s *site) kid(text string) string {
	s.t.Helper()
	token, err := jws.Parse(text)
	if err != nil {
		s.t.Fatal(err)
	}
	kid, _, _ := token.KeyID()
	return kid
}

// tampered changes the payload and keeps the signature.
func tampered(t *testing.T, genuine string) string {
	t.Helper()
	token, err := jws.Parse(genuine)
	if err != nil {
		t.Fatal(err)
	}
	parts := token.Segments()
	parts[1] = base64url.Encode([]byte(strings.Replace(string(token.Payload), `"sub":"alice"`, `"sub":"admin"`, 1)))
	return strings.Join(parts[:], ".")
}

// unsigned returns a token with the same claims and alg none.
func unsigned(t *testing.T, genuine string) string {
	t.Helper()
	token, err := jws.Parse(genuine)
	if err != nil {
		t.Fatal(err)
	}
	header := token.Header
	header.Set("alg", jsonobject.Quote("none"))
	forged, err := jws.Unsecured(header, token.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return forged.Text()
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// cart returns the token of a new cart with one item.
func (s *site) cart() string {
	s.t.Helper()
	return s.ask("POST", "/cart/items", `{"sku":"tea"}`).cookies["cart"].Value
}

func (s *site) checkout(cart string) answer {
	s.t.Helper()
	return s.ask("POST", "/checkout", "{}", "Cookie: cart="+cart)
}
