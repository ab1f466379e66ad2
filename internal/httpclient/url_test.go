package httpclient

import (
	"net/url"
	"testing"
)

func TestOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"https://A.example/x":       "https://a.example:443",
		"https://a.example:443":     "https://a.example:443",
		"https://a.example:8443":    "https://a.example:8443",
		"http://a.example":          "http://a.example:80",
		"http://[::1]:3000/x":       "http://[::1]:3000",
		"https://u:p@a.example/?#f": "https://a.example:443",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Origin(u); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
