package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/jsonobject"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "alice", "alice"},
		{"letters of every script", "Ærøskøbing 東京 עברית العربية 🙂", "Ærøskøbing 東京 עברית العربية 🙂"},
		{"ANSI", "a\x1b[2Jb", `a\u001b[2Jb`},
		{"OSC 8", "\x1b]8;;http://evil\x1b\\x", `\u001b]8;;http://evil\u001b\x`},
		{"line ends", "a\r\nb\tc", `a\u000d\u000ab\u0009c`},
		{"NUL and DEL", "\x00\x7f", `\u0000\u007f`},
		{"C1", "\u009b2J", `\u009b2J`},
		{"bidi override", "a\u202eb", `a\u202eb`},
		{"bidi isolate", "a\u2066b", `a\u2066b`},
		{"zero width", "a\u200bb\u200d\ufeff", `a\u200bb\u200d\ufeff`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"tag characters", "\U000e0061", `\udb40\udc61`},
		{"variation selector", "\ufe0f", `\ufe0f`},
		{"invisible letter", "\u3164", `\u3164`},
		{"blank that is no space", "\u2800", `\u2800`},
		{"private use", "\ue000\U000f0000", `\ue000\udb80\udc00`},
		{"no character", "\ufdd0\U0001ffff", `\ufdd0\ud83f\udfff`},
		{"not UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"not UTF-8 that would be C1", "\x9b2J", `\x9b2J`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Escape(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// An escape \uXXXX is shown as its letter, unless the letter would act on the terminal or end
// the string.
func TestSpelledOut(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"letters", `"\u65e5\u672c \u00e9\u003c"`, `"日本 é\u003c"`},
		{"beyond 16 bits", `"\ud83d\ude42"`, `"🙂"`},
		{"half a pair", `"\ud83d\u65e5\ude42"`, `"\ud83d日\ude42"`},
		{"quotes, backslashes, controls", `"\u0022\u005c\u001b\u0000\u007f\u009b"`, `"\u0022\u005c\u001b\u0000\u007f\u009b"`},
		{"bidi and invisible", `"\u202e\u200b\ufeff"`, `"\u202e\u200b\ufeff"`},
		{"a backslash before u", `"\\u65e5\\\u65e5\n"`, `"\\u65e5\\日\n"`},
		{"raw", "\"日\u202e\"", `"日\u202e"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := spelledOut([]byte(c.in))
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			var was, is string
			if err := errors.Join(json.Unmarshal([]byte(c.in), &was), json.Unmarshal(got, &is)); err != nil || was != is {
				t.Errorf("means %q, then %q, %v", was, is, err)
			}
		})
	}
}

// acts reports whether a character must never reach a terminal.
func acts(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0xad, r == 0x061c, r == 0x180e,
		r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// The output of a Text does not act on the terminal, whatever is put into it, except by the
// line ends and the styles that Text itself writes.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\x1b[2J", "\u009b", "\u202e", "\xff\xfe", "\U000e0061", "\x1b[31m", "é\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := string(NewText(false).Put(s).Styled(Bad, s).Line().Bytes())
		if !utf8.ValidString(out) {
			t.Fatalf("not UTF-8: %q", out)
		}
		for i, r := range strings.TrimSuffix(out, "\n") {
			if acts(r) {
				t.Fatalf("U+%04X at %d of %q", r, i, out)
			}
		}
		colored := string(NewText(true).Styled(Bad, s).Bytes())
		inner := strings.TrimSuffix(strings.TrimPrefix(colored, "\x1b[31;1m"), "\x1b[0;22m")
		if strings.ContainsRune(inner, '\x1b') {
			t.Fatalf("an escape sequence from outside: %q", colored)
		}
	})
}

// EscapeJSON changes the spelling of a JSON text and never its value.
func FuzzEscapeJSON(f *testing.F) {
	for _, s := range []string{`{"a":"b"}`, "{\"a\":\"\u202e\U000e0061\u0085\"}", `["\u001b"]`, "\"\x7f\"", " [ 1 ,\n2 ] "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := jsonobject.ParseValue([]byte(s))
		if err != nil {
			return
		}
		for _, indent := range []bool{false, true} {
			out := JSON(v, indent)
			var before, after any
			if err := json.Unmarshal(v, &before); err != nil {
				return // a number outside float64
			}
			if err := json.Unmarshal(out, &after); err != nil {
				t.Fatalf("%q is no JSON: %v", out, err)
			}
			if d := cmp.Diff(before, after); d != "" {
				t.Fatalf("the value changed: %s", d)
			}
			for i, r := range string(out) {
				if acts(r) && r != '\n' {
					t.Fatalf("U+%04X at %d of %q", r, i, out)
				}
			}
		}
	})
}

// Numbers keep their digits, members their order, duplicates their place.
func TestJSONIsFaithful(t *testing.T) {
	const exact = `{"n":12345678901234567890.10,"b":[],"a":{"x":1e400,"x":-0},"s":"\u0041\/"}`
	o, err := jsonobject.Parse([]byte(" " + exact + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string((Object{{"payload", o}, {"list", []string{"é", "\u0000"}}, {"none", nil}}).JSON(false)); got !=
		`{"payload":`+exact+`,"list":["é","\u0000"],"none":null}` {
		t.Errorf("got %s", got)
	}
	text := string(NewText(false).Object(o, nil).Bytes())
	want := `{
  "n": 12345678901234567890.10,
  "b": [],
  "a": {
    "x": 1e400,
    "x": -0
  },
  "s": "\u0041\/"
}
`
	if text != want {
		t.Errorf("got %s", text)
	}
}

// Every byte is checked at every offset, although eight are checked at a time.
func TestIsPlain(t *testing.T) {
	for size := range 18 {
		for at := range size {
			for c := range 256 {
				text := bytes.Repeat([]byte{' '}, size)
				text[at] = byte(c)
				if got, want := isPlain(text), c >= ' ' && c < 0x7f; got != want {
					t.Fatalf("0x%02x at %d of %d: %t, want %t", c, at, size, got, want)
				}
			}
		}
	}
}
