package authclient

import (
	"net/url"
	"testing"

	"jwt/internal/oauth"
)

// FuzzAuthorizationResponse checks that no text that arrives at the redirect URI, or is
// pasted, gives a code without the state of the login and the issuer of the server, except a
// code that is pasted alone.
func FuzzAuthorizationResponse(f *testing.F) {
	for _, seed := range []string{
		"http://127.0.0.1/callback?code=x&state=STATE&iss=https%3A%2F%2Fa.example", "code=x&state=STATE", "abc", "https://a.example/#code=x", "?code=x",
		"code=x&state=STATE&iss=https://a.example&iss=https://b.example", "error=access_denied&state=STATE&iss=https://a.example", "%zz=1&code=x", "\x00",
	} {
		f.Add(seed)
	}
	z := authorization{issuer: "https://a.example", state: "STATE"}
	m := oauth.Metadata{Issuer: "https://a.example", SendsIss: true}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := z.parsePasted(text)
		if err != nil {
			return
		}
		code, err := z.code(values, m)
		if err != nil {
			return
		}
		if code == "" || values.Get("state") != "STATE" || values.Get("iss") != m.Issuer || values.Get("error") != "" {
			t.Fatalf("%q gives the code %q", text, code)
		}
		for _, name := range []string{"code", "state", "iss"} {
			if len(values[name]) != 1 {
				t.Fatalf("%q has %s %d times", text, name, len(values[name]))
			}
		}
	})
	if _, err := z.code(url.Values{"code": {"x"}, "state": {"STATE"}, "iss": {"https://a.example"}}, m); err != nil {
		f.Fatal(err)
	}
}
