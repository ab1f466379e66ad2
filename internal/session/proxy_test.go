package session

import (
	"net/http"
	"net/http/httptest"
	"testing"
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
