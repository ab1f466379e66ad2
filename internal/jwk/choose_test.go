package jwk

import (
	"strings"
	"testing"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// TestChoose checks that a kid selects in a set, byte for byte, and that a single key is
// always selected.
func TestChoose(t *testing.T) {
	key := func(id string, hasID, inSet bool) Key { return Key{Type: "oct", ID: id, HasID: hasID, InSet: inSet} }
	a, b, unnamed := key("a", true, true), key("b", true, true), key("", false, true)
	given := key("other", true, false)
	tests := []struct {
		keys  []Key
		kid   string
		named bool
		want  string // the IDs of the result, or the error
	}{
		{[]Key{a, b}, "a", true, "a"},
		{[]Key{a, b, a}, "a", true, "a a"},
		{[]Key{a, b}, "", false, "a b"},
		{[]Key{given}, "a", true, "other"},
		{[]Key{a, given}, "b", true, "other"},
		{[]Key{unnamed, key("", true, true)}, "", true, ""},
		{[]Key{unnamed}, "", false, ""},

		{nil, "", false, "no key was found: the set is empty"},
		{nil, "a", true, "no key was found: the set is empty"},
		{[]Key{a, b}, "A", true, `no key has kid "A"; the set has "a", "b"`},
		{[]Key{a, b}, "a ", true, `no key has kid "a "; the set has "a", "b"`},
		{[]Key{a, unnamed}, "", true, `no key has kid ""; the set has "a"`},
		{[]Key{unnamed}, "\x1b[31m", true, `no key has kid "\u001b[31m"; the set's keys have none`},
		{[]Key{a, a, a, a, a, a}, "b", true, `no key has kid "b"; the set has "a", "a", "a", "a", "a" and 1 more`},
		{[]Key{key("\u00e9", true, true)}, "e\u0301", true, `no key has kid "e\u0301"; the set has "\u00e9"`},
		{[]Key{key("a\u200b", true, true), b}, "a", true, `no key has kid "a"; the set has "a\u200b", "b"`},
		{[]Key{key("\U0001d41a", true, true)}, "a", true, `no key has kid "a"; the set has "\ud835\udc1a"`},
		{[]Key{key("schl\u00fcssel", true, true)}, "key", true, "no key has kid \"key\"; the set has \"schl\u00fcssel\""},
		{[]Key{a}, strings.Repeat("x", 1000), true, `no key has kid "` + strings.Repeat("x", phrase.Most) + `…"; the set has "a"`},
	}
	for _, tt := range tests {
		chosen, err := Choose(tt.keys, tt.kid, tt.named)
		got := strings.Join(IDs(chosen), " ")
		if err != nil {
			got = err.Error()
			if len(chosen) > 0 || verdict.ClassOf(err) != verdict.KeyNotFound {
				t.Errorf("%q: %d keys and %s: %v", tt.kid, len(chosen), verdict.ClassOf(err), err)
			}
		}
		if got != tt.want {
			t.Errorf("kid %q: %s, want %s", tt.kid, got, tt.want)
		}
	}
}
