package compact

import "testing"

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		text  string
		kind  Kind
		is    bool // its characters are those of a token too
		looks bool
	}{
		{"", Other, false, false},
		{"a.b", Other, false, false},
		{"a.b.c", JWS, true, false},
		{"eyJ.b.c", JWS, true, true},
		{"eyJ..c", JWS, true, true}, // a detached payload
		{"eyJ.b.c.d", Other, false, false},
		{"eyJ.b.c.d.e", JWE, true, true},
		{"eyJ..c.d.e", JWE, true, true}, // dir: no encrypted key
		{"eyJ.b...e", JWE, false, true}, // an ellipsis
		{"eyJ.b.c.d.e.f", Other, false, false},
		{"eyJ.b.c~", SDJWT, true, true},
		{"eyJ.b.c~d~", SDJWT, true, true},
		{"eyJ.b.c~d~e.f.g", SDJWT, true, true},
		{"eyJ.b.c~d", SDJWT, false, true},          // cut off
		{"eyJ.b.c~d~e.f", SDJWT, false, true},      // its key binding is cut off
		{"eyJ.b.c.d.e~f~", SDJWT, false, true},     // no JWS before the tilde
		{"eyJ.b=.c", JWS, false, true},             // padding
		{"eyJ.b.c ", JWS, false, true},             // white space
		{"eyJ.b.c~d+~", SDJWT, false, true},        // the standard alphabet
		{"www.example.com", JWS, true, false},      // a host name has the shape too
		{`{"payload":"a.b.c"}`, JWS, false, false}, // JSON
	} {
		if got := KindOf(c.text); got != c.kind {
			t.Errorf("KindOf(%q) = %q, want %q", c.text, got, c.kind)
		}
		if got := Is([]byte(c.text)); got != c.is {
			t.Errorf("Is(%q) = %t", c.text, got)
		}
		if got := Looks(c.text); got != c.looks {
			t.Errorf("Looks(%q) = %t", c.text, got)
		}
	}
}
