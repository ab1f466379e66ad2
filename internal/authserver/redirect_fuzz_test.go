package authserver

import (
	"strings"
	"testing"

	"jwt/internal/authserver/clients"
)

// FuzzRedirect checks that no redirect URI that is accepted adds to the policy of a page.
func FuzzRedirect(f *testing.F) {
	registered := []string{webCallback, "https://web.example/other?a=b", "http://127.0.0.1/callback", "com.example.app:/callback"}
	for _, uri := range append(registered, callback, "http://[::1]:1/callback", "http://localhost/callback", "http://127.0.0.1@evil.example/callback", `http://127.0.0.1\@evil.example/callback`,
		"http://127.0.0.1:80:x/callback", "http://127.0.0.1.evil.example/callback", "http://127.0.0.1/callback#x", "HTTP://127.0.0.1/callback", "http://127.0.0.1/callback\n", "//127.0.0.1/callback") {
		f.Add(uri)
	}
	native, _ := (&clients.Registry{}).Find(clients.Native)
	app := clients.Client{RedirectURIs: registered}
	f.Fuzz(func(t *testing.T, uri string) {
		for name, c := range map[string]clients.Client{"app": app, "native": native} {
			if !c.MayRedirect(uri) {
				continue
			}
			if policy := (&authorizeRequest{redirect: uri}).formTarget(); strings.ContainsAny(policy, ";, '\"") {
				t.Fatalf("%s: %q makes the policy %q", name, uri, policy)
			}
		}
	})
}
