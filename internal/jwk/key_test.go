package jwk

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/google/go-cmp/cmp"

	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

func TestNewRefuses(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	nist, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := makeKey(t, "RSA").Material().(*rsa.PrivateKey)
	halves := append(makeKey(t, "Ed25519").Material().(ed25519.PrivateKey)[:32:32], make([]byte, 32)...)
	halves448 := append(makeKey(t, "Ed448").Material().(ed448.PrivateKey)[:57:57], make([]byte, 57)...)
	for name, material := range map[string]any{
		"nothing":                  nil,
		"a string":                 "secret",
		"no secret":                []byte{},
		"P-224":                    p224,
		"ECDH on P-256":            nist,
		"a short Ed25519 key":      ed25519.PublicKey{1, 2},
		"a short private one":      ed25519.PrivateKey{1, 2},
		"halves of two keys":       ed25519.PrivateKey(halves),
		"a short Ed448 key":        ed448.PublicKey{1, 2},
		"a short private Ed448":    ed448.PrivateKey{1, 2},
		"halves of two Ed448 keys": ed448.PrivateKey(halves448),
		"no secp256k1 number":      new(secp256k1.PrivateKey),
		"no secp256k1 point":       new(secp256k1.PublicKey),
		"RSA without a modulus":    &rsa.PublicKey{E: 3},
		"a negative modulus":       &rsa.PublicKey{N: new(big.Int).Neg(good.N), E: 3},
		"RSA without primes":       &rsa.PrivateKey{PublicKey: good.PublicKey, D: good.D},
		"RSA without one prime":    &rsa.PrivateKey{PublicKey: good.PublicKey, D: good.D, Primes: []*big.Int{nil, good.Primes[1]}},
		"RSA with swapped members": &rsa.PrivateKey{PublicKey: good.PublicKey, D: good.Primes[0], Primes: good.Primes},
	} {
		if k, err := New(material); verdict.ClassOf(err) != verdict.KeyRefused || k.Material() != nil {
			t.Errorf("%s: %+v, %v", name, k, err)
		}
	}
}

// TestSecretIsCopied checks that the key does not change with the bytes that it was made
// from.
func TestSecretIsCopied(t *testing.T) {
	b := []byte("0123456789abcdef")
	k, err := Secret(b)
	if err != nil {
		t.Fatal(err)
	}
	before := k.Thumbprint()
	b[0] = 'x'
	if k.Thumbprint() != before {
		t.Error("the key changed with the caller's bytes")
	}
}

func uncompressed(t *testing.T, kind string) []byte {
	t.Helper()
	o := makeKey(t, kind).JWK(false)
	x, _ := o.Text("x")
	y, _ := o.Text("y")
	return append(append([]byte{4}, raw(t, x)...), raw(t, y)...)
}

func TestSecret(t *testing.T) {
	k, err := Secret([]byte("0"))
	if diff := cmp.Diff(summary{"a secret", "secret", k.Thumbprint(), true, 8}, summaryOf(k)); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	ec := makeKey(t, "P-256")
	der, err := ec.DER(false)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := base64.StdEncoding.DecodeString(strings.Fields(string(file(t, "p256.pub")))[1])
	if err != nil {
		t.Fatal(err)
	}
	colons := fmt.Sprintf("% x", der)
	inside := strings.Join(strings.Split(strings.TrimSpace(keyPEM(t, ec, false)), "\n")[1:3], "\n")
	for name, secret := range map[string]string{
		"PEM":             keyPEM(t, ec, false),
		"PEM, no newline": strings.TrimSpace(keyPEM(t, ec, false)),
		"private PEM":     keyPEM(t, ec, true),
		"JWK":             string(ec.JWK(false).Bytes()),
		"JWK Set":         `{"keys":[]}`,
		"OpenSSH":         string(file(t, "p256.pub")),
		"DER":             string(der),
		"the inside":      inside,
		"hex of DER":      hex.EncodeToString(der),
		"hex with colons": strings.ReplaceAll(colons, " ", ":"),
		"SSH blob":        string(blob),
		"SSH in Base64":   strings.Fields(string(file(t, "p256.pub")))[1],
		"base64url":       strings.NewReplacer("+", "-", "/", "_", "=", "", "\n", "").Replace(inside),
		"JWK after a BOM": "\uFEFF" + string(ec.JWK(false).Bytes()),
		"JWK escaped":     strings.Replace(string(ec.JWK(false).Bytes()), `"kty"`, `"\u006bty"`, 1),
		"array of JWKs":   "[" + string(ec.JWK(false).Bytes()) + "]",
		"PEM in UTF-16":   "\xff\xfe" + strings.Join(strings.Split(keyPEM(t, ec, false), ""), "\x00") + "\x00",
		"P-384 point":     string(uncompressed(t, "P-384")),
		"P-521 in Base64": base64.StdEncoding.EncodeToString(uncompressed(t, "P-521")),
		"PEM in YAML":     "data:\n  k: " + base64.StdEncoding.EncodeToString([]byte(keyPEM(t, ec, false))) + "\n",
		"did:key":         "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
		"nothing":         "",
	} {
		if _, err := Secret([]byte(secret)); verdict.ClassOf(err) != verdict.KeyRefused {
			t.Errorf("%s: %v", name, err)
		}
		oct := `{"kty":"oct","k":"` + base64.RawURLEncoding.EncodeToString([]byte(secret)) + `"}`
		if _, err := Parse([]byte(oct)); secret != "" && verdict.ClassOf(err) != verdict.KeyRefused {
			t.Errorf("%s in a JWK: %v", name, err)
		}
	}
}

func TestPublic(t *testing.T) {
	for _, kind := range Kinds() {
		k := makeKey(t, kind)
		k.Ops = []string{"sign", "verify", "unwrapKey"}
		p, ok := k.Public()
		if k.IsSecret() {
			if ok || !k.IsPrivate() {
				t.Errorf("a secret has no public half: %+v", p)
			}
			continue
		}
		if !ok || p.IsPrivate() || !k.IsPrivate() || p.Thumbprint() != k.Thumbprint() || p.Bits() != k.Bits() {
			t.Errorf("%s: %+v", kind, p)
		}
		if diff := cmp.Diff([]string{"verify", "wrapKey"}, p.Ops); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if len(p.privateMembers()) > 0 {
			t.Errorf("%s: private members in the public key", kind)
		}
	}
}

func TestFits(t *testing.T) {
	with := func(kind string, change func(*Key)) Key {
		k := makeKey(t, kind)
		change(&k)
		return k
	}
	same := func(*Key) {}
	public, _ := makeKey(t, "P-256").Public()
	tests := []struct {
		name string
		key  Key
		alg  string
		op   Operation
		want verdict.Class
	}{
		{"RSA verifies", with("RSA", same), "RS256", OpVerify, ""},
		{"RSA with an ES algorithm", with("RSA", same), "ES256", OpVerify, verdict.KeyMismatch},
		{"RSA as a secret", with("RSA", same), "HS256", OpVerify, verdict.KeyMismatch},
		{"a secret as RSA", with("oct", same), "RS256", OpVerify, verdict.KeyMismatch},
		{"another curve", with("P-256", same), "ES384", OpVerify, verdict.KeyMismatch},
		{"X25519", with("X25519", same), "EdDSA", OpVerify, verdict.KeyMismatch},
		{"P-256 as secp256k1", with("P-256", same), "ES256K", OpVerify, verdict.KeyMismatch},
		{"secp256k1 as P-256", with("secp256k1", same), "ES256", OpVerify, verdict.KeyMismatch},
		{"secp256k1", with("secp256k1", same), "ES256K", OpSign, ""},
		{"Ed25519 under the name of both", with("Ed25519", same), "EdDSA", OpSign, ""},
		{"Ed448 under the name of both", with("Ed448", same), "EdDSA", OpSign, ""},
		{"Ed448", with("Ed448", same), "Ed448", OpSign, ""},
		{"Ed448 as Ed25519", with("Ed448", same), "Ed25519", OpVerify, verdict.KeyMismatch},
		{"Ed25519 as Ed448", with("Ed25519", same), "Ed448", OpVerify, verdict.KeyMismatch},
		{"ML-DSA-44", with("ML-DSA-44", same), "ML-DSA-44", OpSign, ""},
		{"ML-DSA-44 as ML-DSA-65", with("ML-DSA-44", same), "ML-DSA-65", OpVerify, verdict.KeyMismatch},
		{"ML-DSA-44 without its alg", with("ML-DSA-44", func(k *Key) { k.Alg = "" }), "ML-DSA-44", OpVerify, verdict.KeyMismatch},
		{"its own alg", with("RSA", func(k *Key) { k.Alg = "PS256" }), "PS256", OpVerify, ""},
		{"another alg", with("RSA", func(k *Key) { k.Alg = "PS256" }), "RS256", OpVerify, verdict.KeyMismatch},
		{"an encryption alg", with("RSA", func(k *Key) { k.Alg = "RSA-OAEP" }), "RS256", OpVerify, verdict.KeyMismatch},
		{"for encryption", with("RSA", func(k *Key) { k.Use = "enc" }), "RS256", OpVerify, verdict.KeyRefused},
		{"for another use", with("RSA", func(k *Key) { k.Use = "Sig" }), "RS256", OpVerify, verdict.KeyRefused},
		{"for nothing", with("RSA", func(k *Key) { k.Ops = []string{} }), "RS256", OpVerify, verdict.KeyRefused},
		{"only for signing", with("RSA", func(k *Key) { k.Ops = []string{"sign"} }), "RS256", OpVerify, verdict.KeyRefused},
		{"to verify", with("RSA", func(k *Key) { k.Ops = []string{"verify"} }), "RS256", OpVerify, ""},
		{"a public key signs", public, "ES256", OpSign, verdict.KeyMismatch},
		{"a private key signs", with("P-256", same), "ES256", OpSign, ""},
		{"zero bytes", with("oct", func(k *Key) { k.material = make([]byte, 32) }), "HS256", OpVerify, ""},
	}
	for _, tt := range tests {
		alg, ok := jwa.Lookup(tt.alg)
		if !ok {
			t.Fatalf("no algorithm %s", tt.alg)
		}
		if err := tt.key.Fits(alg, tt.op); verdict.ClassOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	for kind, want := range map[string]string{
		"RSA": "RS256 RS384 RS512 PS256 PS384 PS512", "P-256": "ES256", "Ed25519": "EdDSA Ed25519", "X25519": "", "oct": "HS256 HS384 HS512",
		"secp256k1": "ES256K", "Ed448": "EdDSA Ed448", "ML-DSA-65": "ML-DSA-65",
	} {
		k := makeKey(t, kind)
		var names []string
		for _, a := range k.Algorithms() {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
		for alg, count := range map[string]int{"PS384": 1, "RSA-OAEP": 0, "unknown": 0} {
			k.Alg = alg
			if kind != "RSA" {
				count = 0
			}
			if got := k.Algorithms(); len(got) != count {
				t.Errorf("%s for %s: %v", kind, alg, got)
			}
		}
	}
}
