package authserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/store"
	"jwt/internal/authserver/store/redistest"
	"jwt/internal/verdict"
)

func TestServeTLS(t *testing.T) {
	certificate := selfSigned(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	issuer := "https://" + l.Addr().String()
	s, err := New(t.Context(), Options{Issuer: issuer, Store: store.NewMemory(), Users: testUsers(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l, &tls.Config{Certificates: []tls.Certificate{certificate}}) }()

	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, ForceAttemptHTTP2: true}
	response, err := (&http.Client{Transport: transport}).Get(issuer + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.StatusCode != 200 || response.ProtoMajor != 2 || !contains(string(body), issuer) {
		t.Errorf("%s %s: %s", response.Proto, response.Status, body)
	}
	transport.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// selfSigned returns a certificate for example.com and loopback.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	c := s.TLS.Certificates[0]
	c.Leaf = s.Certificate()
	return c
}

// serveWith runs a server with these timeouts.
func serveWith(t *testing.T, bounds timeouts, state store.Store, replace func(*Server, *Rules)) (host string, stop func(), done chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host = l.Addr().String()
	s, err := New(t.Context(), Options{Issuer: "http://" + host, Store: state, Users: testUsers(t), Now: time.Now, Replace: replace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.timeouts = bounds
	ctx, stop := context.WithCancel(t.Context())
	done = make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, nil) }()
	return host, stop, done
}

// TestBounds checks the documented timeouts and limits.
func TestBounds(t *testing.T) {
	s := serve(t, nil)
	h := s.server.http(nil)
	for name, got := range map[string][2]time.Duration{
		"header": {h.ReadHeaderTimeout, 5 * time.Second},
		"read":   {h.ReadTimeout, 10 * time.Second},
		"write":  {h.WriteTimeout, 15 * time.Second},
		"idle":   {h.IdleTimeout, 60 * time.Second},
		"drain":  {s.server.timeouts.drain, 15 * time.Second},
	} {
		same(t, name, got[0], got[1])
	}
	same(t, "header in bytes", h.MaxHeaderBytes, 16384)
	body := func(n int) string { return `{"refreshToken":"` + strings.Repeat("x", n-19) + `"}` }
	s.ask("POST", "/token", body(65536)).is(t, "a body of 64 KiB", 401, "invalid_grant")
	s.ask("POST", "/token", body(65537)).is(t, "one byte more", 413, "invalid_request")
	if a := s.ask("GET", "/", "", "X: "+strings.Repeat("x", 16000)); a.status != 200 {
		t.Errorf("a header below 16 KiB: %d", a.status)
	}
	if a := s.ask("GET", "/", "", "X: "+strings.Repeat("x", 16384)); a.status != 431 {
		t.Errorf("a header above 16 KiB: %d", a.status)
	}
}

// TestSlowClients checks that a client that sends its header or body too slowly is
// disconnected.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	host, stop, done := serveWith(t, timeouts{header: 500 * time.Millisecond, read: time.Second, write: time.Minute, idle: 500 * time.Millisecond, drain: time.Minute}, store.NewMemory(), nil)
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	for name, c := range map[string]struct{ sent, want string }{
		"header":    {"GET / HTTP/1.1\r\nHost: " + host + "\r\nX-Slow: ", ""},
		"body":      {"POST /login HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{", "HTTP/1.1 400"},
		"keepalive": {"GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", "HTTP/1.1 200"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, c.sent)
			conn.SetDeadline(time.Now().Add(time.Minute))
			got, err := io.ReadAll(conn) // ends when the server closes the connection
			if errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(string(got), c.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestDrainEnds checks that a server ends even if a request does not.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	host, stop, done := serveWith(t, timeouts{header: time.Second, drain: 50 * time.Millisecond}, store.NewMemory(), func(_ *Server, r *Rules) {
		r.Handle = func(_ *Answer, q *http.Request) { <-q.Context().Done() }
	})
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /me HTTP/1.1\r\nHost: %s\r\n\r\n", host)
	time.Sleep(500 * time.Millisecond) // until the request has arrived
	stop()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}

// TestStoreAway checks that clients are told to try again while Redis is down, and keep
// their tokens.
func TestStoreAway(t *testing.T) {
	r := redistest.RelayTo(t, redistest.Start(t), nil)
	s := serve(t, func(o *Options) { o.Store = openStore(t, r.URL()) })
	tokens := s.login()
	r.Away(true)
	for _, a := range []answer{s.spend(tokens.RefreshToken), s.me(tokens.AccessToken), s.logout(tokens.RefreshToken), s.loginAs(alice, password)} {
		a.is(t, "meanwhile", 503, "temporarily_unavailable")
		if a.header.Get("Retry-After") == "" || len(a.cookies) > 0 {
			t.Errorf("%v", a.header)
		}
	}
	if !contains(s.log.String(), "redis at "+r.Address()+": ") {
		t.Errorf("the log does not say why: %s", s.log)
	}
	r.Away(false)
	s.spend(tokens.RefreshToken).tokens(t)
}

// damagedStore fails like a store with a damaged file.
type damagedStore struct{ store.Store }

func (damagedStore) Begin(context.Context, store.Session, store.TokenID, store.Refresh) error {
	return verdict.Errorf(verdict.IO, "/tmp/c.db: %w: page 7", store.ErrDamaged)
}

// TestDamageEndsTheServer checks that a server with a store that becomes damaged shuts
// down in order.
func TestDamageEndsTheServer(t *testing.T) {
	host, stop, done := serveWith(t, defaultTimeouts, damagedStore{store.NewMemory()}, nil)
	defer stop()
	web := &site{t: t, url: "http://" + host}
	a := web.loginAs(alice, password)
	if a.status != 500 || strings.Contains(a.body, "c.db") {
		t.Errorf("%d %s", a.status, a.body)
	}
	select {
	case err := <-done:
		if verdict.ClassOf(err) != verdict.IO || !errors.Is(err, store.ErrDamaged) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}
