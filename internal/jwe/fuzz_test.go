package jwe

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "....", "e30....", "e30.AA.AA.AA.AA", "e30.e30.AA", "{}", "eyJhIjoxfQ.AQ.Ag.Aw.BA", "e30.AA=.AA.AA.AA", "e30.AA.AA.A\nA.AA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token, err := Parse(s)
		if err != nil {
			if c := verdict.ClassOf(err); c == verdict.Internal {
				t.Errorf("%q: an error without class: %v", s, err)
			}
			return
		}
		var spelled []string
		for _, p := range token.parts() {
			spelled = append(spelled, base64url.Encode(p))
		}
		if got := strings.Join(spelled, "."); got != s {
			t.Errorf("%q is spelled %q: a token must have one spelling", s, got)
		}
	})
}

// FuzzDecrypt checks that Decrypt does not panic for any header and parts, and returns a
// plaintext only for the token that is made here.
func FuzzDecrypt(f *testing.F) {
	keys := []jwk.Key{
		newKey(f, rsaKey()),
		newKey(f, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))),
		newKey(f, must(ecdh.X25519().GenerateKey(rand.Reader))),
		newKey(f, randomBytes(16)),
		newKey(f, randomBytes(32)),
	}
	var genuine []string
	for _, key := range keys {
		for _, alg := range Algs(key) {
			token := made(f, "{}", "attack at dawn", key, alg, Encs(alg, key)[0])
			genuine = append(genuine, token.Text)
			f.Add(token.Header.Bytes(), token.EncryptedKey, token.IV, token.Ciphertext, token.Tag)
		}
	}
	f.Fuzz(func(t *testing.T, header, encryptedKey, iv, ciphertext, tag []byte) {
		header = bytes.ReplaceAll(header, []byte(`"p2c":1`), []byte(`"p2c":0`)) // no time for PBKDF2
		text := joined([5][]byte{header, encryptedKey, iv, ciphertext, tag})
		token, err := Parse(text)
		if err != nil {
			return
		}
		d, err := token.Decrypt(keys, Options{Algs: []string{}})
		switch {
		case err == nil && !slices.Contains(genuine, text):
			t.Errorf("decrypted to %q: %s", d.Plaintext(), text)
		case err != nil && verdict.ClassOf(err) == verdict.Internal:
			t.Errorf("an error without class: %v", err)
		case err != nil && d.Plaintext() != nil:
			t.Errorf("a plaintext came with %v", err)
		}
	})
}

// FuzzFlippedBit checks that a token with one flipped bit does not decrypt.
func FuzzFlippedBit(f *testing.F) {
	secret := newKey(f, randomBytes(32))
	private := newKey(f, must(ecdh.X25519().GenerateKey(rand.Reader)))
	var tokens []Token
	for _, key := range []jwk.Key{secret, private} {
		for _, alg := range Algs(key) {
			for _, enc := range Encs(alg, key) {
				if !strings.HasPrefix(alg, "PBES2") {
					tokens = append(tokens, made(f, `{"kid":"k"}`, "attack at dawn", key, alg, enc))
				}
			}
		}
	}
	for i := range tokens {
		f.Add(uint8(i), uint16(100*i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, bit uint8) {
		token := tokens[int(which)%len(tokens)]
		text := []byte(token.Text)
		text[int(at)%len(text)] ^= 1 << (bit % 8)
		changed, err := Parse(string(text))
		if err != nil {
			return
		}
		if d, err := changed.Decrypt([]jwk.Key{secret, private}, Options{}); err == nil {
			t.Errorf("decrypted to %q: %s", d.Plaintext(), text)
		}
	})
}
