package audit

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwa"
	"jwt/internal/jws"
)

// signed returns a token that the secret signs.
func signed(t testing.TB, alg, secret string) jws.Token {
	t.Helper()
	a, ok := jwa.Lookup(alg)
	if !ok {
		t.Fatal("unknown algorithm")
	}
	text := base64url.Encode(fmt.Appendf(nil, `{"alg":%q}`, alg)) + "." + base64url.Encode([]byte(`{"sub":"alice"}`))
	mac := hmac.New(a.Hash.New, []byte(secret))
	mac.Write([]byte(text))
	token, err := jws.Parse(text + "." + base64url.Encode(mac.Sum(nil)))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A Guesser computes the HMAC of crypto/hmac, for secrets of every length around a block.
func TestTry(t *testing.T) {
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		for _, n := range []int{0, 1, 31, 32, 63, 64, 65, 127, 128, 129, 300} {
			secret := strings.Repeat("s", n)
			g, ok := New(signed(t, alg, secret))
			if !ok {
				t.Fatalf("%s: no guesser", alg)
			}
			if g.Try([]byte(secret + "x")) {
				t.Errorf("%s: another secret than that of %d bytes fits", alg, n)
			}
			if !g.clone().Try([]byte(secret)) || !g.Try([]byte(secret)) {
				t.Errorf("%s: the secret of %d bytes does not fit", alg, n)
			}
		}
	}
}

func TestNoHMAC(t *testing.T) {
	good := signed(t, "HS256", "secret")
	for _, text := range []string{
		base64url.Encode([]byte(`{"alg":"RS256"}`)) + ".e30.AAAA",
		base64url.Encode([]byte(`{"alg":"none"}`)) + ".e30.",
		good.Text()[:len(good.Text())-3], // 40 characters are 30 bytes
	} {
		token, err := jws.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := New(token); ok {
			t.Errorf("%s has a secret to guess", text)
		}
	}
}

func TestSearch(t *testing.T) {
	words := strings.Repeat("filler\n", 1000) + "needle\n" + strings.Repeat("more\n", 1000) + "needle\n"
	for _, c := range []struct {
		name, secret, words string
		rules               bool
		line                int // 0: not found
		rule                string
	}{
		{"a word", "needle", words, false, 1001, ""},
		{"no word", "haystack", words, true, 0, ""},
		{"another case without rules", "NEEDLE", words, false, 0, ""},
		{"another case", "NEEDLE", words, true, 1001, "upper case"},
		{"a title", "Needle", words, true, 1001, "first letter in upper case"},
		{"a year", "Needle2024", words, true, 1001, "first letter in upper case, with an ending"},
		{"an ending", "needle123!", words, true, 1001, "with an ending"},
		{"Base64 of the word", "bmVlZGxl", words, true, 1001, "encoded in Base64"},
		{"bytes of a Base64 word", "needle", "bmVlZGxl\n", true, 1, "decoded from Base64"},
		{"bytes of a hexadecimal word", "needle", "x\n6e6565646c65", true, 2, "decoded from hexadecimal"},
		{"lines end in CR LF", "needle", "a\r\nneedle\r\n", false, 2, ""},
		{"a word after one that is too long", "needle", strings.Repeat("x", MaxWord+1) + "\nneedle", false, 2, ""},
		{"an empty list", "needle", "", true, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := New(signed(t, "HS256", c.secret))
			r, err := Search(t.Context(), g, strings.NewReader(c.words), Options{Workers: 3, Rules: c.rules})
			if err != nil || r.Found != (c.line > 0) || r.Line != c.line || r.Rule != c.rule || r.Found && string(r.Secret) != c.secret {
				t.Errorf("%+v, %v", r, err)
			}
			if least := int64(strings.Count(c.words, "\n")); !r.Found && r.Guesses < least {
				t.Errorf("%d guesses for %d lines", r.Guesses, least)
			}
		})
	}
}

// endless is a list without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, "word\nother\n"), nil }

func TestSearchEnds(t *testing.T) {
	g, _ := New(signed(t, "HS512", "needle"))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Search(ctx, g, endless{}, Options{Workers: 2, Progress: func(words int, _ int64) {
		if words > 1000 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || r.Found || r.Guesses < 1000 {
		t.Errorf("%+v, %v", r, err)
	}
	broken := errors.New("disk")
	_, err = Search(t.Context(), g, io.MultiReader(strings.NewReader("a\nb\n"), failing{broken}), Options{Workers: 2})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A guess allocates nothing.
func TestGuessAllocates(t *testing.T) {
	g, _ := New(signed(t, "HS256", "needle"))
	word := []byte("word")
	if n := testing.AllocsPerRun(100, func() { g.Try(word) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTry(b *testing.B) {
	g, _ := New(signed(b, "HS256", "needle"))
	word := []byte("word")
	for b.Loop() {
		g.Try(word)
	}
}

// BenchmarkHash is the floor of BenchmarkTry: the same number of blocks through the hash.
func BenchmarkHash(b *testing.B) {
	token := signed(b, "HS256", "needle")
	h := jwaHash(b, "HS256")
	blocks := make([]byte, 64*(1+(len(token.SigningInput())+9+63)/64+1+1))
	sum := make([]byte, 0, 32)
	for b.Loop() {
		h.Reset()
		h.Write(blocks)
		sum = h.Sum(sum[:0])
	}
}

func jwaHash(b *testing.B, alg string) hash.Hash {
	b.Helper()
	a, _ := jwa.Lookup(alg)
	return a.Hash.New()
}
