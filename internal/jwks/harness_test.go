package jwks

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/clocktest"
	"jwt/internal/verdict"
)

// A server runs on loopback and records the requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newServer(t *testing.T, start func(http.Handler) *httptest.Server, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func newTLS(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	return newServer(t, httptest.NewTLSServer, handler)
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *server) last() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[len(s.requests)-1]
}

// A world is a server, a cache directory and a clock. Each client created in it acts as a
// separate process.
type world struct {
	*server
	*clocktest.Clock
	dir string
}

func newWorld(t *testing.T, handler http.HandlerFunc) *world {
	t.Helper()
	return &world{
		server: newTLS(t, handler),
		Clock:  clocktest.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
		dir:    filepath.Join(t.TempDir(), "new", "jwt"),
	}
}

func (w *world) process() *Client {
	return &Client{HTTP: w.Client(), CacheDir: w.dir, Now: w.Now, UserAgent: "jwt/test"}
}

func (w *world) offline() *Client {
	c := w.process()
	c.Offline = true
	return c
}

// jwks returns a JWK Set with one public key for each kid.
func jwks(kids ...string) string {
	keys := []string{}
	for _, kid := range kids {
		seed := make([]byte, ed25519.SeedSize)
		copy(seed, kid)
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		keys = append(keys, fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}`, kid, base64.RawURLEncoding.EncodeToString(public)))
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

func serve(body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Add(name, value)
		}
		fmt.Fprint(w, body)
	}
}

func kids(f Fetched) []string {
	var ids []string
	for _, k := range f.Set.Keys {
		ids = append(ids, k.ID)
	}
	return ids
}

func mustHave(t *testing.T, f Fetched, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := kids(f); !slices.Equal(got, want) {
		t.Fatalf("the set has the kids %q, want %q", got, want)
	}
}

// mustFail checks the class and the text of the message, and that there is a hint.
func mustFail(t *testing.T, err error, class verdict.Class, names ...string) {
	t.Helper()
	var e *verdict.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an error of class %s", err, err, class)
	}
	if e.Class != class {
		t.Errorf("class is %s, want %s: %v", e.Class, class, err)
	}
	for _, name := range names {
		if !strings.Contains(e.Message, name) {
			t.Errorf("the message %q does not name %q", e.Message, name)
		}
	}
	if e.Hint == "" && class != verdict.Interrupted {
		t.Errorf("no hint with %q", e.Message)
	}
	if strings.Contains(e.Message+e.Hint, "\n") {
		t.Errorf("more than one line: %q, %q", e.Message, e.Hint)
	}
}

func mustCount(t *testing.T, s *server, want int) {
	t.Helper()
	if got := s.count(); got != want {
		t.Fatalf("the server was asked %d times, want %d", got, want)
	}
}
