package phrase

import (
	"strings"
	"testing"
	"unicode/utf8"

	"jwt/internal/jsonobject"
)

func TestShortTo(t *testing.T) {
	tests := []struct {
		name, s string
		most    int
		want    string
	}{
		{"empty", "", 5, ""},
		{"short", "abc", 5, "abc"},
		{"as long as allowed", "abcde", 5, "abcde"},
		{"one more", "abcdef", 5, "abcde…"},
		{"characters of two bytes, short", "éééé", 5, "éééé"},
		{"characters of two bytes, long", "éééééé", 5, "ééééé…"},
		{"a combining mark goes with its letter", "abcde\u0301f", 5, "abcde\u0301…"},
		{"a combining mark is not a character", "abcde\u0301", 5, "abcde\u0301"},
		{"a flood of combining marks", "a" + strings.Repeat("\u0301", 100), 5, "a" + strings.Repeat("\u0301", 4) + "…"},
		{"only combining marks", strings.Repeat("\u0301", 100), 5, strings.Repeat("\u0301", 5) + "…"},
		{"bytes that are not UTF-8", "\xc3\xc3\xc3", 2, "\xc3\xc3…"},
		{"something is always shown", "abc", 0, "a…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ShortTo(tt.s, tt.most); got != tt.want {
				t.Errorf("ShortTo(%q, %d) = %q, want %q", tt.s, tt.most, got, tt.want)
			}
		})
	}
}

func FuzzShortTo(f *testing.F) {
	f.Add("aéé\u0301…", 2)
	f.Add(strings.Repeat("é", 200), 100)
	f.Fuzz(func(t *testing.T, s string, most int) {
		most %= 200
		got := ShortTo(s, most)
		if got == s {
			return
		}
		kept, ok := strings.CutSuffix(got, "…")
		switch {
		case !ok || !strings.HasPrefix(s, kept):
			t.Fatalf("ShortTo(%q, %d) = %q is not its beginning", s, most, got)
		case kept == "":
			t.Fatalf("ShortTo(%q, %d) shows nothing", s, most)
		case utf8.ValidString(s) && !utf8.ValidString(kept):
			t.Fatalf("ShortTo(%q, %d) = %q cuts a character", s, most, got)
		case utf8.RuneCountInString(kept) > 8*max(1, most):
			t.Fatalf("ShortTo(%q, %d) = %q is not short", s, most, got)
		}
	})
}

// TestLongValues checks that every function shows a part of a long value and marks it as
// truncated.
func TestLongValues(t *testing.T) {
	long := "value-" + strings.Repeat("é", 2*Most)
	for name, got := range map[string]string{
		"Short":      Short(long),
		"Quote":      Quote(long),
		"JSON":       JSON(jsonobject.Quote(long)),
		"List":       List([]string{long}),
		"QuotedList": QuotedList([]string{long}),
		"Or":         Or([]string{long, "b"}),
	} {
		if !strings.Contains(got, "value-é") || !strings.Contains(got, "é…") || len(got) > 3*Most {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestLists(t *testing.T) {
	seven := strings.Split("abcdefg", "")
	for _, tt := range []struct{ name, got, want string }{
		{"none", List(nil), ""},
		{"one", List(seven[:1]), "a"},
		{"as many as are shown", List(seven[:5]), "a, b, c, d, e"},
		{"more", List(seven), "a, b, c, d, e and 2 more"},
		{"more than were noted", ListMore(seven[:2], 7), "a, b and 7 more"},
		{"quoted", QuotedList(seven[:2]), `"a", "b"`},
		{"one alternative", Or(seven[:1]), `"a"`},
		{"alternatives", Or(seven[:3]), `"a" or "b" or "c"`},
		{"a count of one", Count(1, "byte"), "1 byte"},
		{"a count of none", Count(0, "byte"), "0 bytes"},
		{"a count", Count(2, "byte"), "2 bytes"},
		{"JSON on one line", JSON(jsonobject.Value("{\n \"a\" : 1 }")), `{"a":1}`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}
