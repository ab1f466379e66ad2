package clients

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"jwt/internal/loopback"
)

// FuzzMayRedirect sends redirect URIs: whatever is accepted is registered, byte for byte, or is on
// loopback.
func FuzzMayRedirect(f *testing.F) {
	registered := []string{"https://web.example/callback", "https://web.example/other?a=b", "http://127.0.0.1/callback", "com.example.app:/callback"}
	for _, uri := range append(registered, "http://127.0.0.1:8080/callback", "http://[::1]:1/callback", "http://localhost/callback", "http://127.0.0.1@evil.example/callback", `http://127.0.0.1\@evil.example/callback`,
		"http://127.0.0.1:80:x/callback", "http://127.0.0.1.evil.example/callback", "http://127.0.0.1/callback#x", "HTTP://127.0.0.1/callback", "http://127.0.0.1/callback\n", "//127.0.0.1/callback") {
		f.Add(uri)
	}
	app := Client{RedirectURIs: registered}
	f.Fuzz(func(t *testing.T, uri string) {
		for name, c := range map[string]Client{"app": app, "native": native()} {
			if !c.MayRedirect(uri) || name == "app" && slices.Contains(registered, uri) {
				continue
			}
			u, err := url.Parse(uri)
			if err != nil || u.Scheme != "http" || !loopback.Host(u.Hostname()) || u.User != nil || u.Fragment != "" || strings.ContainsAny(uri, "#\\\r\n\t ") {
				t.Fatalf("%s: %q is accepted", name, uri)
			}
			if name == "app" && (u.Path != "/callback" || u.RawQuery != "" || u.Hostname() != "127.0.0.1") {
				t.Fatalf("%s: %q is accepted", name, uri)
			}
		}
	})
}
