package jwe

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

func encoded(s string) string { return base64url.Encode([]byte(s)) }

func give(p string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(p), nil }
}

func madeKey(t *testing.T, kind string, size int) jwk.Key {
	t.Helper()
	k, err := jwk.Generate(kind, size)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEncryptedKeys(t *testing.T) {
	key := madeKey(t, "P-256", 0)
	token, err := EncryptKeys(key.JWK(true), []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := token.Header.Get("cty"); string(v) != `"jwk+json"` { // RFC 7517 §7
		t.Errorf("cty is %s", v)
	}
	if v, _ := token.Header.Get("p2c"); string(v) != "600000" {
		t.Errorf("p2c is %s", v)
	}
	set, err := ParseKeys([]byte("\uFEFF"+token.Text+"\r\n"), give("correct horse"))
	if err != nil || len(set.Keys) != 1 || set.Keys[0].Thumbprint() != key.Thumbprint() || !set.Keys[0].IsPrivate() {
		t.Fatalf("%v, %v", set.Keys, err)
	}
	if set.Keys[0].Format != "encrypted JWK" {
		t.Errorf("format %q", set.Keys[0].Format)
	}
}

func TestEncryptedKeysRefused(t *testing.T) {
	const fast = 1000 // iterations
	password := []byte("correct horse")
	encrypt := func(plain, alg string, secret []byte) string {
		k, err := jwk.New(secret)
		if err != nil {
			t.Fatal(err)
		}
		token, err := Encrypt(jsonobject.Object{}, []byte(plain), k, alg, "A128GCM", EncryptOptions{P2C: fast})
		if err != nil {
			t.Fatal(err)
		}
		return token.Text
	}
	const pbes2 = "PBES2-HS256+A128KW"
	inner := encrypt("{}", pbes2, password)
	const oct = `{"kty":"oct","k":"IPPPJsk3sExPKK8DupovFCxVLsBbSaTjFrdqU3dSQO8"}`
	tests := []struct {
		name, text string
		passphrase func() ([]byte, error)
		want       verdict.Class
		says       string
	}{
		{"the wrong passphrase", encrypt(oct, pbes2, password), give("other"), verdict.KeyUnreadable, "does not open"},
		{"an empty passphrase", encrypt(oct, pbes2, password), give(""), verdict.KeyUnreadable, "empty"},
		{"no passphrase", encrypt(oct, pbes2, password), nil, verdict.KeyUnreadable, "is encrypted: its passphrase is required"},
		{"no key inside", encrypt("hello", pbes2, password), give(string(password)), verdict.JWKInvalid, "not a key"},
		{"an encrypted key inside", encrypt(inner, pbes2, password), give(string(password)), verdict.KeyUnreadable, "another encrypted JWK"},
		{"cut", inner[:len(inner)-4], give(string(password)), verdict.KeyUnreadable, "encrypted JWK"},
		{"the JSON serialization", `{"protected":"e30","ciphertext":"AA"}`, give(string(password)), verdict.KeyUnreadable, "encrypted JWK"},
	}
	for _, tt := range tests {
		set, err := ParseKeys([]byte(tt.text), tt.passphrase)
		if verdict.ClassOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) || len(set.Keys) > 0 {
			t.Errorf("%s: %v, %v", tt.name, set.Keys, err)
			continue
		}
		if strings.Contains(err.Error(), "correct") || strings.Contains(err.Error(), "IPPPJ") {
			t.Errorf("%s: the error quotes a secret: %v", tt.name, err)
		}
		if tt.passphrase == nil && !errors.Is(err, jwk.ErrEncrypted) {
			t.Errorf("%s: %v is not ErrEncrypted", tt.name, err)
		}
	}
}

func TestEncryptedToAKey(t *testing.T) {
	key := madeKey(t, "oct", 16)
	token, err := Encrypt(jsonobject.Object{}, []byte("{}"), key, "dir", "A128GCM", EncryptOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseKeys([]byte(token.Text), give("x")); verdict.ClassOf(err) != verdict.KeyUnreadable || !strings.Contains(err.Error(), "encrypted with dir") {
		t.Error(err)
	}
	if _, err := EncryptKeys(key.JWK(true), nil); verdict.ClassOf(err) != verdict.KeyRefused {
		t.Errorf("without a passphrase: %v", err)
	}
}

// TestPassphraseOnDemand checks that ParseKeys asks for the passphrase only if a key is
// encrypted.
func TestPassphraseOnDemand(t *testing.T) {
	ask := func() ([]byte, error) {
		t.Error("asked for a passphrase")
		return nil, nil
	}
	key := madeKey(t, "P-256", 0)
	if _, err := ParseKeys(key.JWK(true).Bytes(), ask); err != nil {
		t.Error(err)
	}
	tooMany := strings.Replace(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAAAAAAAAAAAAAAAAAAAA","p2c":N}`, "N", "999999999", 1)
	text := strings.Join([]string{encoded(tooMany), encoded("123456789012345678901234"), encoded("123456789012"), "AAAA", encoded("1234567890123456")}, ".")
	if _, err := ParseKeys([]byte(text), ask); verdict.ClassOf(err) != verdict.KeyUnreadable || !strings.Contains(err.Error(), "p2c") {
		t.Errorf("too many iterations: %v", err)
	}
}

// TestUsableAlgs checks that every encryption algorithm fits the key that is generated
// for it.
func TestUsableAlgs(t *testing.T) {
	encryption := 0
	rsa := madeKey(t, "RSA", 0)
	for _, alg := range jwk.Algs() {
		if jwk.UseFor(alg) != "enc" {
			continue
		}
		encryption++
		kind, _ := jwk.KindFor(alg)
		size := 0
		if kind == "oct" {
			size, _ = jwk.SecretBytes(alg)
		}
		key := rsa
		if kind != "RSA" {
			key = madeKey(t, kind, size)
		}
		key, err := key.For(alg)
		if err != nil {
			t.Fatal(err)
		}
		usable := UsableAlgs(key)
		if _, isEnc := lookupEnc(alg); isEnc {
			if !slices.Contains(usable, "dir") {
				t.Errorf("a key for %s is usable with %v", alg, usable)
			}
			continue
		}
		if !slices.Equal(usable, []string{alg}) && alg != "RSA1_5" {
			t.Errorf("a key for %s is usable with %v", alg, usable)
		}
		key.Use = "sig"
		if usable := UsableAlgs(key); usable != nil {
			t.Errorf("a key for signatures is usable with %v", usable)
		}
	}
	if encryption < len(algorithms) {
		t.Errorf("%d encryption algorithms have keys, there are %d", encryption, len(algorithms))
	}
	wrap := madeKey(t, "oct", 16)
	wrap.Ops = []string{"wrapKey"}
	if usable := UsableAlgs(wrap); usable != nil {
		t.Errorf("a secret that may only wrap decrypts with %v", usable)
	}
}
