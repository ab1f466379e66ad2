package httpclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

var errRefused = errors.New("refused")

// TestLoopbackNamesAreNotResolved checks that a loopback name is dialled at 127.0.0.1 and
// ::1, without a resolver or the proxy.
func TestLoopbackNamesAreNotResolved(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want []string
	}{
		{"http://localhost:1/", []string{"127.0.0.1:1", "[::1]:1"}},
		{"http://LOCALHOST:1/", []string{"127.0.0.1:1", "[::1]:1"}},
		{"http://localhost.:1/", []string{"127.0.0.1:1", "[::1]:1"}},
		{"http://a.b.localhost/", []string{"127.0.0.1:80", "[::1]:80"}},
		{"https://a.localhost/", []string{"127.0.0.1:443", "[::1]:443"}},
		{"http://127.0.0.2:1/", []string{"127.0.0.2:1"}},
		{"http://[::1]:1/", []string{"[::1]:1"}},
		{"http://[::ffff:127.0.0.1]:1/", []string{"[::ffff:127.0.0.1]:1"}},
		{"http://localhost.example:1/", []string{"proxy.example:3128"}},
		{"https://example.com/", []string{"proxy.example:3128"}},
	} {
		t.Run(tt.url, func(t *testing.T) {
			var dialled []string
			c := &http.Client{Transport: Transport(&http.Client{Transport: &http.Transport{
				Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:3128"}),
				DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
					dialled = append(dialled, addr)
					return nil, errRefused
				},
			}}, 0)}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if !errors.Is(err, errRefused) {
				t.Errorf("%v", err)
			}
			if err == nil {
				resp.Body.Close()
			}
			if !slices.Equal(dialled, tt.want) {
				t.Errorf("dialled %q, want %q", dialled, tt.want)
			}
		})
	}
}
