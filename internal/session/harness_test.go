package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/authserver/users/userstest"
	"jwt/internal/config"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

const (
	user     = "demo"
	password = "correct horse battery"
)

// TestMain is also the main function of the other processes in tests: with SESSION_HELPER
// it uses the session in SESSION_DIR.
func TestMain(m *testing.M) {
	if what := os.Getenv("SESSION_HELPER"); what != "" {
		os.Exit(help(what))
	}
	os.Exit(m.Run())
}

func help(what string) int {
	limitFileSize()
	c := &Client{
		Store: &Store{Dir: os.Getenv("SESSION_DIR")}, Name: DefaultName, Presets: shippedPreset, Now: time.Now,
		Notice: func(message string) { fmt.Fprintln(os.Stderr, "note:", message) },
	}
	var s *Session
	var err error
	switch what {
	case "token":
		s, err = c.Token(context.Background(), 0)
	case "refresh":
		if s, err = c.Store.Load(c.Name); err == nil {
			s, _, err = c.Refresh(context.Background(), s, 0)
		}
	case "logout":
		c.Notice = func(message string) { fmt.Println(message) }
		f, err := c.Logout(context.Background())
		fmt.Println("revoked", f.Revoked, "kept", f.Kept)
		return map[bool]int{true: 0, false: 1}[err == nil]
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, verdict.ClassOf(err), err)
		return 1
	}
	fmt.Println(s.AccessToken)
	return 0
}

func shippedPreset(name string) (presets.Preset, error) {
	return presets.Find(name, config.File{})
}

// helper returns the command of another process with the same sessions.
func (w *world) helper(what string) *exec.Cmd {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), "SESSION_HELPER="+what, "SESSION_DIR="+w.dir)
	return c
}

// A world is a server, a directory of sessions, and a record of the requests.
type world struct {
	t      *testing.T
	server *authserver.Server
	url    string
	close  func() // stops accepting connections
	dir    string

	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	around   func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) // nil: serve
	notices  []string
}

// knownUsers returns one user with a password that takes microseconds to check.
func knownUsers() (*users.Set, error) {
	u := &users.Set{}
	return u, u.Add(user + ":" + userstest.CheapHash(password))
}

func newWorld(t *testing.T, change func(*authserver.Options)) *world {
	t.Helper()
	known, err := knownUsers()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "state", "sessions")}
	h := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	w.url = "http://" + h.Listener.Addr().String()
	o := authserver.Options{Issuer: w.url, Store: store.NewMemory(), Users: known, Now: time.Now}
	if change != nil {
		change(&o)
	}
	if w.server, err = authserver.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	h.Start()
	w.close = func() { h.Listener.Close() }
	t.Cleanup(func() { h.CloseClientConnections(); h.Close(); w.server.Close() })
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	w.requests = append(w.requests, r)
	w.bodies = append(w.bodies, string(body))
	around := w.around
	w.mu.Unlock()
	if around != nil {
		around(rw, r, w.server.ServeHTTP)
		return
	}
	w.server.ServeHTTP(rw, r)
}

// wrap sets a function that is called around the server's handler.
func (w *world) wrap(around func(http.ResponseWriter, *http.Request, http.HandlerFunc)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.around = around
}

// asked counts the requests to a path.
func (w *world) asked(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.requests {
		if r.URL.Path == path {
			n++
		}
	}
	return n
}

// last returns the last request to a path, and its body.
func (w *world) last(path string) (*http.Request, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.requests) - 1; i >= 0; i-- {
		if w.requests[i].URL.Path == path {
			return w.requests[i], w.bodies[i]
		}
	}
	w.t.Fatalf("no request to %s", path)
	return nil, ""
}

// client returns a client like that of another process: it shares only the directory.
func (w *world) client() *Client {
	return &Client{
		Store: &Store{Dir: w.dir}, Name: DefaultName, Presets: shippedPreset, UserAgent: "jwt/test", Now: time.Now,
		Timeout: time.Minute, // longer than any delay of a slow machine
		Notice: func(message string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.notices = append(w.notices, message)
		},
	}
}

func (w *world) login(preset string, mode Storage) *Session {
	w.t.Helper()
	return w.loginWith(w.client(), preset, mode)
}

func (w *world) loginWith(c *Client, preset string, mode Storage) *Session {
	w.t.Helper()
	u, err := httpclient.ParseServer(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := c.Login(w.t.Context(), Login{Server: u, Preset: preset, User: user, Password: []byte(password), Store: mode})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// age changes the times of the session, so that its access token was obtained at ago and
// expires after left. The server is not told.
func (w *world) age(ago, left time.Duration) *Session {
	w.t.Helper()
	return w.edit(func(s *Session) {
		s.Obtained, s.AccessExpires = time.Now().Add(-ago), time.Now().Add(left)
	})
}

// edit changes the stored session.
func (w *world) edit(change func(*Session)) *Session {
	w.t.Helper()
	st := &Store{Dir: w.dir}
	s, err := st.Load(DefaultName)
	if err != nil {
		w.t.Fatal(err)
	}
	change(s)
	if err := st.save(s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// stored returns the stored session.
func (w *world) stored() *Session {
	w.t.Helper()
	s, err := (&Store{Dir: w.dir}).Load(DefaultName)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// file returns the content of the session's file.
func (w *world) file() string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, "default.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// accepted reports whether the server accepts an access token.
func (w *world) accepted(token string) bool {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, w.url+"/me", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// mustAsk checks the number of requests to a path.
func (w *world) mustAsk(path string, want int) {
	w.t.Helper()
	if got := w.asked(path); got != want {
		w.t.Fatalf("%s was asked %d times, want %d", path, got, want)
	}
}

// mustFail checks the class and text of an error, and that neither it nor its hint
// contains a secret of the session.
func mustFail(t *testing.T, err error, class verdict.Class, says string, secrets ...string) {
	t.Helper()
	var e *verdict.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an error of class %s", err, err, class)
	}
	if e.Class != class {
		t.Errorf("class is %s, want %s: %v", e.Class, class, err)
	}
	if !strings.Contains(e.Message, says) {
		t.Errorf("the message %q does not say %q", e.Message, says)
	}
	for _, secret := range append(secrets, password) {
		if secret != "" && strings.Contains(e.Message+e.Hint, secret) {
			t.Errorf("the error contains a secret: %q", e.Message)
		}
	}
	if strings.Contains(e.Message+e.Hint, "\n") {
		t.Errorf("more than one line: %q", e.Message)
	}
}

// dropped handles the request and closes the connection without an answer.
func dropped(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	serve(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}
