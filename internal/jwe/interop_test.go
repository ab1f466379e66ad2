package jwe

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"jwt/internal/jwk"
)

// unknownToGoJOSE reports whether go-jose does not support the algorithm or key.
func unknownToGoJOSE(a algorithm, key jwk.Key) bool {
	_, x25519 := key.Material().(*ecdh.PrivateKey)
	return x25519 || a.name == "RSA-OAEP-384" || a.name == "RSA-OAEP-512"
}

func publicMaterial(t *testing.T, key jwk.Key) any {
	if key.IsSecret() {
		return key.Material()
	}
	return public(t, key).Material()
}

func TestInteroperationWithGoJOSE(t *testing.T) {
	message := strings.Repeat("You can trust us to stick with you. ", 20)
	tried := 0
	for _, a := range algorithms {
		for _, e := range encryptions {
			if a.family == rsaOAEP && e.key == 24 {
				continue // RSA is slow, and only the key size of enc matters to it
			}
			for _, key := range keysFor(t, a, e) {
				if unknownToGoJOSE(a, key) {
					continue
				}
				tried++
				zip := tried%2 == 0
				theirs := byGoJOSE(t, a, e, key, message, zip)
				d, err := parse(t, theirs).Decrypt([]jwk.Key{key}, Options{Algs: []string{a.name}})
				if err != nil || string(d.Plaintext()) != message {
					t.Errorf("%s %s %s from go-jose: %v", a.name, e.name, key.Kind(), err)
				}
				if a.optIn {
					continue
				}
				ours, err := Encrypt(object(t, `{"z":1,"a":{"b":[]}}`), []byte(message), key, a.name, e.name, EncryptOptions{Zip: zip, P2C: MinP2C})
				if err != nil {
					t.Fatal(err)
				}
				if got := toGoJOSE(t, a, e, key, ours.Text); got != message {
					t.Errorf("%s %s %s to go-jose: %q", a.name, e.name, key.Kind(), got)
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d combinations were tried", tried)
	}
}

func byGoJOSE(t *testing.T, a algorithm, e encryption, key jwk.Key, message string, zip bool) string {
	t.Helper()
	o := (&jose.EncrypterOptions{}).WithType("JWT")
	if zip {
		o.Compression = jose.DEFLATE
	}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(e.name),
		jose.Recipient{Algorithm: jose.KeyAlgorithm(a.name), Key: publicMaterial(t, key), PBES2Count: MinP2C}, o)
	if err != nil {
		t.Fatalf("%s %s: %v", a.name, e.name, err)
	}
	object, err := encrypter.Encrypt([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return must(object.CompactSerialize())
}

func toGoJOSE(t *testing.T, a algorithm, e encryption, key jwk.Key, text string) string {
	t.Helper()
	object, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.KeyAlgorithm(a.name)}, []jose.ContentEncryption{jose.ContentEncryption(e.name)})
	if err != nil {
		t.Fatal(err)
	}
	plaintext, err := object.Decrypt(key.Material())
	if err != nil {
		t.Fatalf("%s %s %s: %v", a.name, e.name, key.Kind(), err)
	}
	return string(plaintext)
}

// TestPartyInfo checks that apu and apv enter the derivation on both sides (RFC 7518
// §4.6.2), on the curves of go-jose and on X25519.
func TestPartyInfo(t *testing.T) {
	e := encryptions[0]
	for _, name := range []string{"ECDH-ES", "ECDH-ES+A128KW"} {
		a, _ := lookupAlg(name)
		for _, key := range keysFor(t, a, e) {
			token := made(t, `{"apu":"QWxpY2U","apv":"Qm9i"}`, "attack at dawn", key, name, e.name)
			d, err := token.Decrypt([]jwk.Key{key}, Options{})
			if err != nil || string(d.Plaintext()) != "attack at dawn" {
				t.Errorf("%s %s: %v", name, key.Kind(), err)
			}
			if _, nist := key.Material().(*ecdsa.PrivateKey); nist && toGoJOSE(t, a, e, key, token.Text) != "attack at dawn" {
				t.Errorf("%s %s: go-jose derives another key", name, key.Kind())
			}
			h, err := token.readHeader(nil)
			if err != nil {
				t.Fatal(err)
			}
			private := must(privateECDH(key.Material()))
			with := must(h.agreed(private, h.epk))
			h.apu, h.apv = h.apv, h.apu
			if slices.Equal(with, must(h.agreed(private, h.epk))) {
				t.Errorf("%s %s: apu and apv do not enter the key", name, key.Kind())
			}
		}
	}
}
