package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestMiddle(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  string
	}{
		{"", 5, ""},
		{"abcdef", 6, "abcdef"},
		{"abcdefghij", 7, "abcd…ij"},
		{"äöüäöü", 6, "äöüäöü"},
		{"äöüäöüäöü", 7, "äöüä…öü"},
		{"abcdef", 1, "ab…"},
	} {
		if got := Middle(c.s, c.width); got != c.want {
			t.Errorf("middle(%q, %d) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
}

func TestChop(t *testing.T) {
	for _, c := range []struct {
		s           string
		width, most int
		want        []string
	}{
		{"", 4, 3, []string{""}},
		{"abcdefgh", 4, 0, []string{"abcd", "efgh"}},
		{"abcdefghijklmnop", 6, 2, []string{"abcdef", "ghij…p"}},
		{`["aaa","bbb"]`, 8, 0, []string{`["aaa",`, `"bbb"]`}}, // after the comma
		{`a,bbbbbbbbbb`, 8, 0, []string{"a,bbbbbb", "bbbb"}},   // no comma near
		{"ääää", 2, 0, []string{"ää", "ää"}},
	} {
		if diff := cmp.Diff(c.want, chop(c.s, c.width, c.most)); diff != "" {
			t.Errorf("chop(%q, %d, %d): %s", c.s, c.width, c.most, diff)
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"a  b", 10, []string{"a b"}},
		{"abcdefghijkl x", 5, []string{"abcde", "fghij", "kl x"}},
	} {
		if diff := cmp.Diff(c.want, fold(c.s, c.width)); diff != "" {
			t.Errorf("fold(%q, %d): %s", c.s, c.width, diff)
		}
	}
	for _, c := range []struct {
		prose, tail string
		want        []string
	}{
		{"one", "§4", []string{"one · §4"}},
		{"one two three", "§4", []string{"one two", "three", "§4"}}, // "three · §4" is too long
		{"", "RFC 7519 §4.1.4", []string{"", "RFC 7519", "§4.1.4"}},
	} {
		if diff := cmp.Diff(c.want, foldWith(c.prose, " · ", c.tail, 8)); diff != "" {
			t.Errorf("foldWith(%q, %q): %s", c.prose, c.tail, diff)
		}
	}
}

// Nothing is lost, and no line is too long.
func FuzzLayout(f *testing.F) {
	f.Add("one two three", 7)
	f.Add(`["a","bé",{}]`, 3)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s = Escape(s)
		if width < 3 || width > 200 || !utf8.ValidString(s) {
			return
		}
		pieces := chop(s, width, 0)
		if strings.Join(pieces, "") != s {
			t.Fatalf("chop lost something: %q", pieces)
		}
		words := fold(s, width)
		if strip(strings.Join(words, "")) != strip(s) {
			t.Fatalf("fold lost something: %q", words)
		}
		for _, line := range append(append(pieces, words...), Middle(s, width)) {
			if Columns(line) > width {
				t.Fatalf("%d columns of %d: %q", Columns(line), width, line)
			}
		}
	})
}

func strip(s string) string { return strings.Join(strings.Fields(s), "") }
