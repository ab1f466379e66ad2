package authclient

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// TestPasted has one row for each kind of text that users paste: the code that is sent, or what is
// said. No message repeats the text, which may be a code.
func TestPasted(t *testing.T) {
	z := authorization{issuer: "https://a.example", state: "STATE"}
	m := oauth.Metadata{Issuer: "https://a.example"}
	for _, tt := range []struct{ name, text, code, says string }{
		{"the URL", "http://127.0.0.1/callback?code=SECRET&state=STATE", "SECRET", ""},
		{"the URL with white space around it", " http://127.0.0.1/callback?code=SECRET&state=STATE\r\n", "SECRET", ""},
		{"the parameters", "?code=SECRET&state=STATE", "SECRET", ""},
		{"the code of GitHub", "SECRET0123456789abcd", "SECRET0123456789abcd", ""},
		{"the code of Google", "4/0AdSECRET-x_y", "4/0AdSECRET-x_y", ""},
		{"the code of Microsoft", "M.C507_BAY.2.U.SECRET!*$$", "M.C507_BAY.2.U.SECRET!*$$", ""},
		{"a code with padding", "SECRETab==", "SECRETab==", ""},
		{"nothing", " \n", "", "nothing was pasted"},
		{"words", "SECRET word", "", "neither the URL of an answer nor a code"},
		{"the wrong clipboard", `{"SECRET":1}`, "", "neither the URL of an answer nor a code"},
		{"a URL without its scheme", "127.0.0.1/callback?SECRET", "", "neither the URL of an answer nor a code"},
		{"not ASCII", "SECRET…", "", "neither the URL of an answer nor a code"},
		{"a control character", "SECRET\x1b[A", "", "neither the URL of an answer nor a code"},
		{"the address of the login page", "https://a.example/authorize?client_id=SECRET&response_type=code&state=STATE", "", "is that of the login page"},
		{"the same, pushed", "https://a.example/authorize?client_id=SECRET&request_uri=urn:x", "", "is that of the login page"},
		{"another page", "https://a.example/SECRET", "", "has no parameters"},
		{"another page with parameters", "https://a.example/?q=SECRET", "", "state: missing"},
		{"a code from its middle on", "SECRET&state=STATE", "", "neither a code nor an error"},
		{"cut off", "http://127.0.0.1/callback?code=SECRET", "", "state: missing"},
		{"of another login", "http://127.0.0.1/callback?code=SECRET&state=OTHER", "", "not that of this login"},
		{"an error", "http://127.0.0.1/callback?error=access_denied&state=STATE", "", "the server refused the login: access_denied"},
		{"an error of another login", "http://127.0.0.1/callback?error=SECRET&state=OTHER", "", "not that of this login"},
	} {
		values, err := z.parsePasted(tt.text)
		code := ""
		if err == nil {
			code, err = z.code(values, m)
		}
		if code != tt.code || (err == nil) != (tt.says == "") {
			t.Errorf("%s: got %q, %v", tt.name, code, err)
			continue
		}
		var e *verdict.Error
		if errors.As(err, &e) && (!strings.Contains(e.Message, tt.says) || strings.Contains(e.Message+e.Hint, "SECRET")) {
			t.Errorf("%s: %s (%s), want %s", tt.name, e.Message, e.Hint, tt.says)
		}
	}
}

// FuzzAuthorizationResponse checks that no text that arrives at the redirect URI, or is
// pasted, gives a code without the state of the login and the issuer of the server, except a
// code that is pasted alone.
func FuzzAuthorizationResponse(f *testing.F) {
	for _, seed := range []string{
		"http://127.0.0.1/callback?code=x&state=STATE&iss=https%3A%2F%2Fa.example", "code=x&state=STATE", "abc", "https://a.example/#code=x", "?code=x",
		"code=x&state=STATE&iss=https://a.example&iss=https://b.example", "error=access_denied&state=STATE&iss=https://a.example", "%zz=1&code=x", "\x00", "hello world", "x&state=STATE",
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
