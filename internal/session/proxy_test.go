package session

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Clients leave out port 80.
func TestProxyHost(t *testing.T) {
	p := &Proxy{port: "80", cross: http.NewCrossOriginProtection()}
	for host, want := range map[string]bool{
		"127.0.0.1": true, "[::1]": true, "localhost:80": true,
		"evil.example": false, "evil.example:80": false, "127.0.0.1:81": false, "": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		if err := p.check(r); (err == nil) != want {
			t.Errorf("%q: %v", host, err)
		}
	}
}

// TestProxyNoticesOthers checks that a proxy, which reads the session only when its file is
// another one, uses what another process has stored.
func TestProxyNoticesOthers(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("cookie", StoreFile)
	now := time.Now()
	c := w.client()
	c.Now = func() time.Time { return now }
	p, err := NewProxy(c, mustServer(t, w.url), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1})
	if err != nil {
		t.Fatal(err)
	}
	call := func(wantStatus int, wantToken string) {
		t.Helper()
		before := w.asked("/me")
		r := httptest.NewRequest(http.MethodGet, "/me", nil)
		r.Host = "127.0.0.1:1"
		answer := httptest.NewRecorder()
		p.ServeHTTP(answer, r)
		if answer.Code != wantStatus {
			t.Errorf("%d %s, want %d", answer.Code, answer.Body, wantStatus)
		}
		if wantToken == "" {
			if n := w.asked("/me") - before; n != 0 {
				t.Errorf("%d requests reached the server", n)
			}
			return
		}
		if got, _ := w.last("/me"); got.Header.Get("Authorization") != "Bearer "+wantToken {
			t.Errorf("sent %s, want the token %s", got.Header.Get("Authorization"), wantToken)
		}
	}
	call(200, first.AccessToken)
	second, _, err := w.client().Refresh(t.Context(), first, 0)
	if err != nil {
		t.Fatal(err)
	}
	call(200, first.AccessToken) // not looked yet, and the server accepts it
	now = now.Add(looksEvery)
	call(200, second.AccessToken)
	now = now.Add(-time.Second) // the clock is set back
	third := w.login("cookie", StoreFile)
	call(200, third.AccessToken)
	if _, err := w.client().Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(looksEvery)
	call(401, "")
	call(200, w.login("cookie", StoreFile).AccessToken) // it is looked at again whenever it is not there
	w.mustAsk("/refresh", 1)
}
