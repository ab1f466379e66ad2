package oauth

import (
	"net/url"
	"testing"
)

func TestWebOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"https://Api.Example/path?q":  "https://api.example",
		"https://api.example:443/":    "https://api.example",
		"https://api.example:80/":     "https://api.example:80",
		"http://localhost:80":         "http://localhost",
		"http://[::1]:8080/x":         "http://[::1]:8080",
		"http://user:pw@localhost:80": "http://localhost",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := WebOrigin(u); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
