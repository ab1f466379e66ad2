package jwe

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	return must(rsa.GenerateKey(rand.Reader, 2048))
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newKey(t testing.TB, material any) jwk.Key {
	t.Helper()
	k, err := jwk.New(material)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func public(t testing.TB, k jwk.Key) jwk.Key {
	t.Helper()
	p, ok := k.Public()
	if !ok {
		t.Fatal("the key has no public half")
	}
	return p
}

func object(t testing.TB, text string) jsonobject.Object {
	t.Helper()
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func parse(t testing.TB, text string) Token {
	t.Helper()
	token, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// keysFor returns one fresh private key or secret of each kind that alg takes.
func keysFor(t testing.TB, a algorithm, e encryption) []jwk.Key {
	t.Helper()
	switch a.family {
	case rsaOAEP, rsaPKCS1:
		return []jwk.Key{newKey(t, rsaKey())}
	case ecdhES:
		var keys []jwk.Key
		for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			keys = append(keys, newKey(t, must(ecdsa.GenerateKey(c, rand.Reader))))
		}
		return append(keys, newKey(t, must(ecdh.X25519().GenerateKey(rand.Reader))))
	case direct:
		return []jwk.Key{newKey(t, randomBytes(e.key))}
	case pbes2:
		return []jwk.Key{newKey(t, []byte("Thus from my lips, by yours, my sin is purged."))}
	default:
		return []jwk.Key{newKey(t, randomBytes(a.kek))}
	}
}

// made encrypts a token for the key.
func made(t testing.TB, header, plaintext string, key jwk.Key, alg, enc string) Token {
	t.Helper()
	token, err := Encrypt(object(t, header), []byte(plaintext), key, alg, enc, EncryptOptions{P2C: MinP2C})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forged returns a token with exactly this header for a dir or AES key, as other software
// makes it.
func forged(t testing.TB, header string, encryptedKey, contentKey, content []byte) string {
	t.Helper()
	enc, ok := lookupEnc(must(text(object(t, header), "enc", "")))
	if !ok {
		t.Fatal("no such enc")
	}
	head := base64url.Encode([]byte(header))
	iv, ciphertext, tag, err := enc.seal(contentKey, content, []byte(head))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join([]string{head, base64url.Encode(encryptedKey), base64url.Encode(iv), base64url.Encode(ciphertext), base64url.Encode(tag)}, ".")
}

func TestEveryAlgAndEncBothWays(t *testing.T) {
	plaintexts := []string{"", "x", strings.Repeat("exactly 16 bytes", 2), strings.Repeat("long ", 1000)}
	for _, a := range algorithms {
		for _, e := range encryptions {
			if a.optIn {
				continue
			}
			for i, key := range keysFor(t, a, e) {
				want := plaintexts[(i+len(a.name))%len(plaintexts)]
				receiver, sender := key, key
				if !key.IsSecret() {
					sender = public(t, key)
				}
				for _, zip := range []bool{false, true} {
					token, err := Encrypt(object(t, `{"typ":"JWT"}`), []byte(want), sender, a.name, e.name, EncryptOptions{Zip: zip, P2C: MinP2C})
					if err != nil {
						t.Fatalf("%s %s %s: %v", a.name, e.name, key.Kind(), err)
					}
					d, err := parse(t, token.Text).Decrypt([]jwk.Key{receiver}, Options{})
					if err != nil {
						t.Fatalf("%s %s %s: %v", a.name, e.name, key.Kind(), err)
					}
					if got := string(d.Plaintext()); got != want || d.Alg() != a.name || d.Enc() != e.name {
						t.Errorf("%s %s %s: %q under %s %s, want %q", a.name, e.name, key.Kind(), got, d.Alg(), d.Enc(), want)
					}
					if len(want) > 8 && bytes.Contains(token.Ciphertext, []byte(want)[:8]) {
						t.Errorf("%s %s: the token contains the plaintext", a.name, e.name)
					}
				}
			}
		}
	}
}

// TestEncryptIsFresh checks that encrypting twice never gives the same parts. A repeated
// initialization vector breaks AES-GCM; a repeated epk or salt is nearly as bad.
func TestEncryptIsFresh(t *testing.T) {
	for _, a := range algorithms {
		if a.optIn {
			continue
		}
		e := encryptions[0]
		for _, key := range keysFor(t, a, e) {
			one := made(t, "{}", "same", key, a.name, e.name)
			two := made(t, "{}", "same", key, a.name, e.name)
			for i := range partNames {
				same := one.Segments()[i] == two.Segments()[i]
				mayRepeat := i == 0 && slices.Contains([]family{rsaOAEP, aesKW, direct}, a.family) ||
					i == 1 && a.kek == 0 && one.Segments()[1] == ""
				if same && !mayRepeat {
					t.Errorf("%s: the %s repeats", a.name, partNames[i])
				}
			}
		}
	}
}

func TestEncryptKeepsTheHeader(t *testing.T) {
	secret := newKey(t, make([]byte, 32))
	password := newKey(t, []byte("correct horse battery staple"))
	tests := []struct {
		name, header, alg, enc string
		key                    jwk.Key
		o                      EncryptOptions
		want                   string
	}{
		{"empty header", `{}`, "dir", "A256GCM", secret, EncryptOptions{}, `{"alg":"dir","enc":"A256GCM"}`},
		{
			"order, extras and digits stay", `{"z":1.50,"enc":"A256GCM","kid":"k","alg":"dir","a":[null]}`, "dir", "A256GCM", secret,
			EncryptOptions{},
			`{"z":1.50,"enc":"A256GCM","kid":"k","alg":"dir","a":[null]}`,
		},
		{"zip asked for", `{"typ":"JWT"}`, "dir", "A256GCM", secret, EncryptOptions{Zip: true}, `{"typ":"JWT","alg":"dir","enc":"A256GCM","zip":"DEF"}`},
		{"zip in the header", `{"zip":"DEF"}`, "dir", "A256GCM", secret, EncryptOptions{}, `{"zip":"DEF","alg":"dir","enc":"A256GCM"}`},
		{"p2c", `{}`, "PBES2-HS256+A128KW", "A128GCM", password, EncryptOptions{P2C: 1000}, `{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"…","p2c":1000}`},
	}
	for _, test := range tests {
		token, err := Encrypt(object(t, test.header), []byte("payload"), test.key, test.alg, test.enc, test.o)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		header := token.Header
		if v, ok := header.Get("p2s"); ok {
			if s, _ := v.Text(); len(must(base64url.Decode(s))) != 16 {
				t.Errorf("%s: p2s is %s, want 16 bytes", test.name, v)
			}
			header.Set("p2s", jsonobject.Quote("…"))
		}
		if diff := cmp.Diff(test.want, string(header.Bytes())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestDefaultP2C(t *testing.T) {
	protected := object(t, "{}")
	h, err := newHeader(&protected, newKey(t, []byte("password")), "PBES2-HS512+A256KW", "A256GCM", EncryptOptions{})
	if err != nil || h.p2c != 600000 {
		t.Errorf("p2c is %d, %v, want 600000", h.p2c, err)
	}
}

func TestEncryptRefuses(t *testing.T) {
	secret := newKey(t, make([]byte, 32))
	rsaPublic := public(t, newKey(t, rsaKey()))
	with := func(k jwk.Key, change func(*jwk.Key)) jwk.Key { change(&k); return k }
	tests := []struct {
		name, header, alg, enc string
		key                    jwk.Key
		o                      EncryptOptions
		want                   verdict.Class
	}{
		{"RSA1_5", `{}`, "RSA1_5", "A256GCM", rsaPublic, EncryptOptions{}, verdict.AlgRefused},
		{"none", `{}`, "none", "A256GCM", secret, EncryptOptions{}, verdict.AlgRefused},
		{"signature alg", `{}`, "HS256", "A256GCM", secret, EncryptOptions{}, verdict.AlgRefused},
		{"unknown enc", `{}`, "dir", "A256CTR", secret, EncryptOptions{}, verdict.AlgRefused},
		{"header says another alg", `{"alg":"A256KW"}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.Usage},
		{"header's alg is not a string", `{"alg":1}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.Usage},
		{"header says another enc", `{"enc":"A128GCM"}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.Usage},
		{"header's zip", `{"zip":"GZ"}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.Malformed},
		{"header has iv", `{"iv":"AAAAAAAAAAAAAAAA"}`, "A256GCMKW", "A256GCM", secret, EncryptOptions{}, verdict.Usage},
		{"header has epk", `{"epk":{}}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.Usage},
		{"duplicate", `{"a":1,"a":2}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.DuplicateMember},
		{"crit", `{"crit":["x"],"x":1}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.CritUnsupported},
		{"apu is not base64url", `{"apu":"a b"}`, "ECDH-ES", "A256GCM", newKey(t, must(ecdh.X25519().GenerateKey(rand.Reader))), EncryptOptions{}, verdict.Malformed},
		{"too few iterations", `{}`, "PBES2-HS256+A128KW", "A256GCM", secret, EncryptOptions{P2C: 999}, verdict.Usage},
		{"too many iterations", `{}`, "PBES2-HS256+A128KW", "A256GCM", secret, EncryptOptions{P2C: 1200001}, verdict.Usage},
		{"negative iterations", `{}`, "PBES2-HS256+A128KW", "A256GCM", secret, EncryptOptions{P2C: -1}, verdict.Usage},
		{"header too large", `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, "dir", "A256GCM", secret, EncryptOptions{}, verdict.TooLarge},
		{"RSA with a secret", `{}`, "RSA-OAEP", "A256GCM", secret, EncryptOptions{}, verdict.KeyMismatch},
		{"AES with RSA", `{}`, "A256KW", "A256GCM", rsaPublic, EncryptOptions{}, verdict.KeyMismatch},
		{"AES of the wrong size", `{}`, "A128KW", "A256GCM", secret, EncryptOptions{}, verdict.KeyMismatch},
		{"AES-GCM of the wrong size", `{}`, "A192GCMKW", "A256GCM", secret, EncryptOptions{}, verdict.KeyMismatch},
		{"dir of the wrong size", `{}`, "dir", "A128GCM", secret, EncryptOptions{}, verdict.KeyMismatch},
		{"use sig", `{}`, "RSA-OAEP", "A256GCM", with(rsaPublic, func(k *jwk.Key) { k.Use = "sig" }), EncryptOptions{}, verdict.KeyRefused},
		{"key_ops verify", `{}`, "RSA-OAEP", "A256GCM", with(rsaPublic, func(k *jwk.Key) { k.Ops = []string{"verify"} }), EncryptOptions{}, verdict.KeyRefused},
		{"key_ops empty", `{}`, "RSA-OAEP", "A256GCM", with(rsaPublic, func(k *jwk.Key) { k.Ops = []string{} }), EncryptOptions{}, verdict.KeyRefused},
		{"key's alg", `{}`, "RSA-OAEP", "A256GCM", with(rsaPublic, func(k *jwk.Key) { k.Alg = "RSA-OAEP-256" }), EncryptOptions{}, verdict.KeyMismatch},
	}
	for _, test := range tests {
		token, err := Encrypt(object(t, test.header), []byte("payload"), test.key, test.alg, test.enc, test.o)
		if got := verdict.ClassOf(err); got != test.want {
			t.Errorf("%s: class %q (%v), want %q", test.name, got, err, test.want)
		}
		if token.Text != "" {
			t.Errorf("%s: returned a token", test.name)
		}
	}
}

func TestAlgsAndEncs(t *testing.T) {
	signing := newKey(t, rsaKey())
	signing.Alg = "RS256"
	content := newKey(t, make([]byte, 16))
	content.Alg = "A128GCM"
	ecdhAlgs := []string{"ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "ECDH-ES"}
	pbes2Algs := []string{"PBES2-HS512+A256KW", "PBES2-HS384+A192KW", "PBES2-HS256+A128KW"}
	tests := []struct {
		name string
		key  jwk.Key
		want []string
	}{
		{"RSA", newKey(t, rsaKey()), []string{"RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512", "RSA-OAEP"}},
		{"RSA for signing", signing, nil},
		{"EC", newKey(t, must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))), ecdhAlgs},
		{"X25519", newKey(t, must(ecdh.X25519().GenerateKey(rand.Reader))), ecdhAlgs},
		{"secret of 16", newKey(t, make([]byte, 16)), slices.Concat([]string{"A128KW", "A128GCMKW", "dir"}, pbes2Algs)},
		{"secret of 64", newKey(t, make([]byte, 64)), slices.Concat([]string{"dir"}, pbes2Algs)},
		{"secret of 20", newKey(t, make([]byte, 20)), pbes2Algs},
		{"secret of 16 for A128GCM", content, []string{"dir"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Algs(test.key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		for _, alg := range test.want {
			if len(Encs(alg, test.key)) == 0 {
				t.Errorf("%s: no enc for %s", test.name, alg)
			}
		}
	}
	if diff := cmp.Diff([]string{"A256GCM", "A128CBC-HS256"}, Encs("dir", newKey(t, make([]byte, 32)))); diff != "" {
		t.Errorf("enc for dir with 32 bytes (-want +got):\n%s", diff)
	}
	if got := Encs("none", newKey(t, make([]byte, 32))); got != nil {
		t.Errorf("enc for none: %q", got)
	}
}

// TestConcatKDF uses the example of RFC 7518 Appendix C.
func TestConcatKDF(t *testing.T) {
	point := func(x, y string) []byte {
		return slices.Concat([]byte{4}, must(base64url.Decode(x)), must(base64url.Decode(y)))
	}
	bob := must(ecdh.P256().NewPublicKey(point("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck")))
	alice := must(ecdh.P256().NewPrivateKey(must(base64url.Decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"))))
	h := header{apu: []byte("Alice"), apv: []byte("Bob")}
	h.alg, _ = lookupAlg("ECDH-ES")
	h.enc, _ = lookupEnc("A128GCM")
	key, err := h.agreed(alice, bob)
	if got := base64url.Encode(key); err != nil || got != "VqqN6vgjbSBcIijNcacQGg" {
		t.Errorf("derived %s, %v", got, err)
	}
}
