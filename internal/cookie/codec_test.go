package cookie

import (
	"net/http"
	"testing"
)

// TestCookieBytes checks that a cookie is sent back byte for byte.
func TestCookieBytes(t *testing.T) {
	for _, value := range []string{
		``, `a`, `"a"`, `"ab/cd=="`, `a,b`, `a b`, `{"a":[1,"x y"]}`, `naïve`, "\xff\xfe", `a\b`, `a\"b`, `=`, `a=b=c`, `"`, `%22`, `s:x.y/z+`,
	} {
		h := http.Header{}
		for _, c := range ReadSet(http.Header{"Set-Cookie": {"k=" + value + "; Path=/"}}) {
			Add(h, c.Name, c.Value)
		}
		Add(h, "z", "1")
		if got, want := h.Get("Cookie"), "k="+value+"; z=1"; got != want {
			t.Errorf("%q comes back as %q", want, got)
		}
		if all := Read(h); len(all) != 2 || all[0].Value != value || all[1].Name != "z" {
			t.Errorf("%q is read as %v", value, all)
		}
	}
	for _, line := range []string{"", "k", "=v", "; a=b", "k=a\x01b", "k=v; Path=\x00"} {
		if got := ReadSet(http.Header{"Set-Cookie": {line}}); len(got) != 0 {
			t.Errorf("%q is read as %v", line, got)
		}
	}
}

func TestCookieAttributes(t *testing.T) {
	for line, want := range map[string]http.Cookie{
		" k = v ;PATH=/x;secure;HttpOnly;SameSite=LAX;Domain=.a.b": {Path: "/x", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, Domain: ".a.b"},
		"k=v; Max-Age=5; Max-Age=6":                                {MaxAge: 6},
		"k=v; Max-Age=0":                                           {MaxAge: -1},
		"k=v; Max-Age=-99999999999999999999":                       {MaxAge: -1},
		"k=v; Max-Age=99999999999999999999":                        {MaxAge: 1 << 32},
		"k=v; Max-Age=+5; Max-Age=5s; Max-Age=":                    {},
		"k=v; Expires=never; Partitioned":                          {Partitioned: true},
	} {
		all := ReadSet(http.Header{"Set-Cookie": {line}})
		if len(all) != 1 {
			t.Errorf("%q: %v", line, all)
			continue
		}
		want.Name, want.Value, want.Raw = "k", "v", line
		if got := *all[0]; got.String() != want.String() || got.MaxAge != want.MaxAge || got.Domain != want.Domain {
			t.Errorf("%q: got %+v, want %+v", line, got, want)
		}
	}
}
