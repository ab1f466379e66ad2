package scan

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"jwt/internal/compact"
	"jwt/internal/verdict"
)

func FuzzOne(f *testing.F) {
	for _, s := range []string{
		"TOKEN", "Bearer TOKEN", "Cookie: a=b; s=TOKEN", `{"access_token":"TOKEN","x":["OTHER"]}`, "https://x/#access_token=TOKEN&y=1", curl + `{"a":{"token":"TOKEN"}}`, `curl -H "A: Bearer TOKEN" 'https://x'`, "A='TOKEN'\nB=\"OTHER\"", "TOKEN TOKEN", "a\nTOKEN\\\nb", "> a: TOKEN\n< b: `OTHER`\n* c",
		"> a: Bearer\tTOKEN", "GET / t=TOKEN 200", "t=TOKEN. (OTHER), <TOKEN>;", "<a>TOKEN</a>", "h\tF\t/\tT\t0\ta\tTOKEN", "1,TOKEN,x", "A=TOKEN cmd", "https://a:TOKEN@h", "Cookie: a=s%3ATOKEN.x8%2F",
		"\u00a0TOKEN\u00a0x", "\x1b[32mTOKEN\x1b[0m", "x%3Ft%253DTOKEN%26", `[{"name":"a","value":"TOKEN"}]`, "\xff\xfee\x00", "t: >-\n  " + wrap(token, 40, "\n  "), `{"t":"` + wrap(token, 40, `\n`) + `"}`, "> " + wrap(token, 40, "\n> "),
	} {
		f.Add([]byte(expand(s)), "token", false)
		f.Add([]byte(expand(s)), "", true)
	}
	f.Add([]byte("Cookie: a="+presented+"; b=c\n~"), "", false)
	f.Fuzz(func(t *testing.T, text []byte, field string, join bool) {
		found, err := One(text, Options{Field: field, Join: join})
		if err != nil {
			var e *verdict.Error
			if !errors.As(err, &e) || found.Token != "" {
				t.Fatalf("got %+v, %v", found, err)
			}
			return
		}
		if !join && found.Wrapped {
			t.Fatal("joined without Join")
		}
		if !compact.Is([]byte(found.Token)) && !(join && isLaxToken([]byte(found.Token))) {
			t.Fatalf("%q is not a token", found.Token)
		}
		if found.Wrapped || strings.Contains(string(text), `\`) { // joined lines, JSON escapes
			return
		}
		if hasUTF16Mark(text) || found.Encoded {
			return
		}
		if !strings.HasPrefix(string(text[found.Offset:]), found.Token) {
			t.Fatalf("%q is not at byte %d", found.Token, found.Offset)
		}
		before, after := string(text[:found.Offset]), string(text[found.Offset+len(found.Token):])
		if after != "" && inToken(after[0]) && !mayBeFollowed(found.Token, before, after) {
			t.Fatalf("%q is only a piece of the text there", found.Token)
		}
		if before != "" && inToken(before[len(before)-1]) && !endsOtherwise.MatchString(before) {
			t.Fatalf("%q is only the end of the text there", found.Token)
		}
	})
}

// endsOtherwise matches text before a token that ends with a character of tokens: a
// percent-encoding, or a colour sequence.
var endsOtherwise = regexp.MustCompile(`(%(25)*[0-9A-Fa-f]{2}|\x1b\[[0-9;:]*[mK]|gh._[^.]*_)$`)

// mayBeFollowed reports whether the dot after a token ends a sentence or belongs to a
// value signed by Express. The token must be complete.
func mayBeFollowed(token, before, after string) bool {
	blank, _ := utf8.DecodeRuneInString(after[1:])
	signed := strings.HasSuffix(before, "s:") || strings.HasSuffix(strings.ToLower(before), "s%3a")
	return after[0] == '.' && isComplete([]byte(token)) && (len(after) == 1 || isBlank(blank) || signed)
}

// FuzzHostile inserts one byte into a token in a carrier.
func FuzzHostile(f *testing.F) {
	f.Add("Bearer ", "", byte(' '), 40)
	f.Add("Cookie: a=", "; b=c", byte('!'), 100)
	f.Add("A=", "\nB=c", byte('\r'), 3)
	f.Add("Bearer ", "~", byte('~'), 100)
	f.Fuzz(func(t *testing.T, before, after string, hostile byte, at int) {
		if isTokenByte(hostile) || hostile == '\\' || strings.IndexByte("/?#&;'\"`=:\n", hostile) >= 0 || at <= 0 || at >= len(token) || carriesToken([]byte(before+"!"+after)) || strings.Contains(before+after, `\`) {
			return // structure of a carrier, which ends there
		}
		if found, err := One([]byte(before+token+after), Options{}); err != nil || found.Token != token {
			return // not a carrier
		}
		broken := token[:at] + string(rune(hostile)) + token[at:]
		if found, err := One([]byte(before+broken+after), Options{}); err == nil {
			t.Fatalf("%q in %q…%q at %d: got %q", hostile, before, after, at, found.Token)
		}
	})
}

func BenchmarkBare(b *testing.B) {
	text := []byte(token + "\n")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = One(text, Options{})
	}
}
