package jws

import (
	"strings"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwa"
	"jwt/internal/jwk/jwktest"
)

// FuzzParse checks that a token that parses is in canonical form, and that ParseLax reads the
// same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "..", "e30.e30.", "e30.e30.AA", "e30.e30.AB", "e30=.e30.AA==", " e30.e30.\n", "e30.e30.A.A.A", `{"payload":"e30"}`, encode(hs256) + "." + encode(claims) + ".AAAA"} {
		f.Add(s)
	}
	k := jwktest.KeyFor("HS256")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		lax, flaws, laxErr := ParseLax(text)
		if err != nil {
			if laxErr == nil && len(flaws) == 0 {
				t.Fatalf("ParseLax sees no flaw in %q, Parse says %v", text, err)
			}
		} else {
			if laxErr != nil || len(flaws) > 0 || string(lax.Payload) != string(token.Payload) {
				t.Fatalf("ParseLax(%q) = %v, %v", text, flaws, laxErr)
			}
			parts := []string{base64url.Encode(token.Header.Bytes()), base64url.Encode(token.Payload), base64url.Encode(token.Signature)}
			if strings.Join(parts, ".") != text || token.Text() != text {
				t.Fatalf("%q is spelled %q", text, parts)
			}
		}
		if laxErr == nil { // nobody here signed it
			if _, _, err := lax.Verify(keyList(k), nil); err == nil {
				t.Fatalf("%q verifies", text)
			}
		}
	})
}

// FuzzFlip checks that no changed token verifies, whatever the algorithm.
func FuzzFlip(f *testing.F) {
	algs := jwa.All()
	for i := range algs {
		f.Add(uint8(i), uint16(3*i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, alg uint8, at uint16, bit uint8) {
		a := algs[int(alg)%len(algs)]
		token := signed(a.Name)
		text := []byte(token.Text())
		text[int(at)%len(text)] ^= 1 << (bit % 8)
		changed, err := Parse(string(text))
		if err != nil {
			return
		}
		if _, _, err := changed.Verify(keyList(jwktest.Public(jwktest.KeyFor(a.Name))), nil); err == nil {
			t.Fatalf("%s verifies, %s was signed", text, token.Text())
		}
	})
}

// TestEveryFlip changes every bit, for the algorithms that are fast.
func TestEveryFlip(t *testing.T) {
	for _, name := range []string{"HS256", "HS384", "HS512", "RS256", "PS256", "ES256K", "EdDSA", "Ed25519"} {
		token := signed(name)
		keys := keyList(jwktest.Public(jwktest.KeyFor(name)))
		for bit := range 8 * len(token.Text()) {
			text := []byte(token.Text())
			text[bit/8] ^= 1 << (bit % 8)
			if changed, err := Parse(string(text)); err == nil {
				if _, _, err := changed.Verify(keys, nil); err == nil {
					t.Errorf("%s verifies, %s was signed", text, token.Text())
				}
			}
		}
	}
}

// signed returns one token of the algorithm, the same each time.
func signed(alg string) Token {
	a, _ := jwa.Lookup(alg)
	input := encode(`{"alg":"`+alg+`"}`) + "." + encode(`{"sub":"a"}`)
	sig, err := a.Sign(input, jwktest.KeyFor(alg).Material(), true)
	if err != nil {
		panic(err)
	}
	t, err := Parse(input + "." + base64url.Encode(sig))
	if err != nil {
		panic(err)
	}
	return t
}
