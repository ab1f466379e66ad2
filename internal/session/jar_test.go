package session

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// set parses Set-Cookie lines.
func set(lines ...string) []*http.Cookie {
	return (&http.Response{Header: http.Header{"Set-Cookie": lines}}).Cookies()
}

func none(string, string) bool { return false }

func TestSetCookies(t *testing.T) {
	u := mustURL(t, "https://shop.example:8443/cart/items")
	tests := []struct {
		name string
		have []Cookie
		set  []string
		want []Cookie
	}{
		{"plain", nil, []string{"a=1"}, []Cookie{{Name: "a", Value: "1", Path: "/cart"}}},
		{"attributes", nil, []string{"a=1; Path=/; Max-Age=60; Secure; HttpOnly"}, []Cookie{{Name: "a", Value: "1", Path: "/", Expires: noon.Add(time.Minute), Secure: true, HTTPOnly: true}}},
		{"max-age before expires", nil, []string{"a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, []Cookie{{Name: "a", Value: "1", Path: "/", Expires: noon.Add(time.Minute)}}},
		{"replaced", []Cookie{{Name: "a", Value: "1", Path: "/"}}, []string{"a=2; Path=/"}, []Cookie{{Name: "a", Value: "2", Path: "/"}}},
		{"of another path", []Cookie{{Name: "a", Value: "1", Path: "/"}}, []string{"a=2; Path=/b"}, []Cookie{{Name: "a", Value: "1", Path: "/"}, {Name: "a", Value: "2", Path: "/b"}}},
		{"cleared", []Cookie{{Name: "a", Value: "1", Path: "/"}}, []string{"a=; Path=/; Max-Age=0"}, nil},
		{"cleared by date", []Cookie{{Name: "a", Value: "1", Path: "/"}}, []string{"a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, nil},
		{"cleared before it was set", nil, []string{"a=; Path=/; Max-Age=0"}, nil},
		{"of its own domain", nil, []string{"a=1; Path=/; Domain=shop.example"}, []Cookie{{Name: "a", Value: "1", Path: "/"}}},
		{"of the parent domain", nil, []string{"a=1; Path=/; Domain=.example"}, []Cookie{{Name: "a", Value: "1", Path: "/"}}},
		{"of another domain", nil, []string{"a=1; Path=/; Domain=evil.example"}, nil},
		{"of another domain with the same suffix", nil, []string{"a=1; Path=/; Domain=op.example"}, nil},
		{"__Host- as it must be", nil, []string{"__Host-a=1; Path=/; Secure"}, []Cookie{{Name: "__Host-a", Value: "1", Path: "/", Secure: true}}},
		{"__Host- with a path", nil, []string{"__Host-a=1; Path=/x; Secure"}, nil},
		{"__host- with a domain", nil, []string{"__host-a=1; Path=/; Secure; Domain=shop.example"}, nil},
		{"__Secure- without Secure", nil, []string{"__Secure-a=1; Path=/"}, nil},
		{"too large", nil, []string{"a=" + strings.Repeat("x", maxCookieBytes)}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := setCookies(tt.have, u, set(tt.set...), noon, none)
			if len(got) == 0 {
				got = nil
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if changed == cmp.Equal(tt.have, tt.want) {
				t.Errorf("changed is %v", changed)
			}
		})
	}
	var many []string
	for i := range maxCookies + 5 {
		many = append(many, "c"+strings.Repeat("x", i)+"=1; Path=/")
	}
	if got, _ := setCookies(nil, u, set(many...), noon, none); len(got) != maxCookies || got[0].Name != "cxxxxx" {
		t.Errorf("%d are kept, the first %q", len(got), got[0].Name)
	}
}

func TestCookiesFor(t *testing.T) {
	all := []Cookie{
		{Name: "root", Path: "/"},
		{Name: "a", Path: "/a"},
		{Name: "a-slash", Path: "/a/"},
		{Name: "deep", Path: "/a/b"},
		{Name: "gone", Path: "/", Expires: noon},
		{Name: "soon", Path: "/", Expires: noon.Add(time.Second)},
	}
	tests := map[string]string{
		"/":      "root soon",
		"":       "root soon",
		"/a":     "a root soon",
		"/a/":    "a-slash a root soon",
		"/a/b":   "deep a-slash a root soon",
		"/a/b/c": "deep a-slash a root soon",
		"/ab":    "root soon",
		"/a/bc":  "a-slash a root soon",
	}
	for path, want := range tests {
		var names []string
		for _, c := range cookiesFor(all, mustURL(t, "https://h.example"+path), noon) {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}

func TestJarOnlyServesOneOrigin(t *testing.T) {
	s := &Session{Server: "http://127.0.0.1:3000"}
	j := jar{session: s, withheld: func(name, value string) bool { return name == "refresh_token" || value == "secret" }, now: func() time.Time { return noon }}
	j.SetCookies(mustURL(t, "http://127.0.0.1:3000/login"), set("a=1; Path=/; Secure", "refresh_token=x; Path=/", "copy=secret; Path=/"))
	for _, elsewhere := range []string{"http://127.0.0.1:3001/", "https://127.0.0.1:3000/", "http://localhost:3000/", "http://127.0.0.1/"} {
		j.SetCookies(mustURL(t, elsewhere), set("b=1; Path=/"))
		if got := j.Cookies(mustURL(t, elsewhere)); len(got) != 0 {
			t.Errorf("%s gets %v", elsewhere, got)
		}
	}
	if d := cmp.Diff([]Cookie{{Name: "a", Value: "1", Path: "/", Secure: true}}, s.Cookies); d != "" {
		t.Error(d)
	}
	if got := j.Cookies(mustURL(t, "http://127.0.0.1:3000/x")); len(got) != 1 || got[0].Value != "1" {
		t.Errorf("its own origin gets %v", got)
	}
}
