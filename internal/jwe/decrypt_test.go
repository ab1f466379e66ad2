package jwe

import (
	"bytes"
	"compress/flate"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

const theMessage = "the token does not decrypt: the key is wrong or the token was changed"

// fails checks that the token does not decrypt, and that the error has the one message.
func fails(t *testing.T, what string, token Token, key jwk.Key, o Options) {
	t.Helper()
	d, err := token.Decrypt([]jwk.Key{key}, o)
	if err == nil {
		t.Errorf("%s: decrypted to %q", what, d.Plaintext())
		return
	}
	if err.Error() != theMessage || verdict.ClassOf(err) != verdict.DecryptFailed {
		t.Errorf("%s: %v (%s), want %s", what, err, verdict.ClassOf(err), theMessage)
	}
	if d.Plaintext() != nil {
		t.Errorf("%s: a plaintext came with the error", what)
	}
}

func joined(parts [5][]byte) string {
	text := base64url.Encode(parts[0])
	for _, p := range parts[1:] {
		text += "." + base64url.Encode(p)
	}
	return text
}

func (t Token) parts() [5][]byte {
	return [5][]byte{t.Header.Bytes(), t.EncryptedKey, t.IV, t.Ciphertext, t.Tag}
}

func TestTamperedParts(t *testing.T) {
	for _, a := range algorithms {
		for _, e := range encryptions {
			if a.optIn || a.family == rsaOAEP && e.cbc {
				continue
			}
			for _, key := range keysFor(t, a, e)[:1] {
				token := made(t, "{}", "attack at dawn", key, a.name, e.name)
				for part := 1; part < 5; part++ {
					size := len(token.parts()[part])
					for _, bit := range []int{0, 8*size/2 + 3, 8*size - 1} {
						if size == 0 {
							continue
						}
						changed := token.parts()
						changed[part] = bytes.Clone(changed[part])
						changed[part][bit/8] ^= 0x80 >> (bit % 8)
						fails(t, a.name+" "+e.name+" "+partNames[part], parse(t, joined(changed)), key, Options{})
					}
				}
				changed := token.parts()
				changed[0] = append([]byte("{ "), changed[0][1:]...)
				fails(t, a.name+" "+e.name+" header", parse(t, joined(changed)), key, Options{})
			}
		}
	}
}

// TestMovedBytes checks that bytes cannot move between iv, ciphertext and tag, which are
// authenticated one after the other.
func TestMovedBytes(t *testing.T) {
	key := newKey(t, make([]byte, 32))
	for _, enc := range []string{"A256GCM", "A128CBC-HS256"} {
		token := made(t, "{}", strings.Repeat("attack at dawn, ", 4), key, "dir", enc)
		p := token.parts()
		for _, move := range []int{-16, -8, -1, 1, 8, 16} {
			both := slices.Concat(p[3], p[4])
			border := len(p[3]) + move
			changed := p
			changed[3], changed[4] = both[:border], both[border:]
			d, err := parse(t, joined(changed)).Decrypt([]jwk.Key{key}, Options{})
			if err == nil || d.Plaintext() != nil {
				t.Errorf("%s: border moved by %d: %q, %v", enc, move, d.Plaintext(), err)
			}
		}
	}
}

func TestWrongKey(t *testing.T) {
	other := must(rsa.GenerateKey(rand.Reader, 2048))
	for _, a := range algorithms {
		if a.optIn {
			continue
		}
		e := encryptions[0]
		for _, key := range keysFor(t, a, e) {
			var wrong jwk.Key
			switch m := key.Material().(type) {
			case []byte:
				wrong = newKey(t, append([]byte{m[0] ^ 1}, m[1:]...))
			case *rsa.PrivateKey:
				wrong = newKey(t, other)
			case *ecdsa.PrivateKey:
				wrong = newKey(t, must(ecdsa.GenerateKey(m.Curve, rand.Reader)))
			default:
				wrong = newKey(t, must(ecdh.X25519().GenerateKey(rand.Reader)))
			}
			token := made(t, "{}", "attack at dawn", key, a.name, e.name)
			fails(t, a.name+" "+key.Kind(), token, wrong, Options{})
		}
	}
}

func padded(t *testing.T, key *rsa.PrivateKey, contentKey []byte) []byte {
	t.Helper()
	//lint:ignore SA1019 the other side of what is tested
	b, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, contentKey)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// legacy returns a token with RSA1_5, which Encrypt does not make.
func legacy(t *testing.T, key *rsa.PrivateKey, plaintext string) Token {
	t.Helper()
	contentKey := randomBytes(32)
	encryptedKey := padded(t, key, contentKey)
	return parse(t, forged(t, `{"alg":"RSA1_5","enc":"A128CBC-HS256"}`, encryptedKey, contentKey, []byte(plaintext)))
}

func TestRSA15(t *testing.T) {
	key := newKey(t, rsaKey())
	token := legacy(t, rsaKey(), "attack at dawn")
	asked := Options{Algs: []string{"RSA1_5"}}

	for _, o := range []Options{{}, {Algs: []string{"RSA-OAEP"}}} {
		_, err := token.Decrypt([]jwk.Key{key}, o)
		if verdict.ClassOf(err) != verdict.AlgRefused {
			t.Errorf("not asked for (%q): %v", o.Algs, err)
		}
	}
	d, err := token.Decrypt([]jwk.Key{key}, asked)
	if err != nil || string(d.Plaintext()) != "attack at dawn" {
		t.Fatalf("asked for: %q, %v", d.Plaintext(), err)
	}
	if w := d.Warnings(); len(w) != 1 || w[0].Class != verdict.LegacyAlg {
		t.Errorf("warnings: %v", w)
	}

	badPadding := token
	badPadding.EncryptedKey = bytes.Clone(token.EncryptedKey)
	badPadding.EncryptedKey[0] ^= 1
	fails(t, "bad padding", badPadding, key, asked)
	badSize := token
	badSize.EncryptedKey = padded(t, rsaKey(), make([]byte, 16))
	fails(t, "content key of 16 bytes", badSize, key, asked)
	short := token
	short.EncryptedKey = token.EncryptedKey[:255]
	fails(t, "encrypted key too short", short, key, asked)
	badTag := token
	badTag.Tag = make([]byte, 16)
	fails(t, "bad tag", badTag, key, asked)

	_, err = made(t, "{}", "x", newKey(t, make([]byte, 32)), "dir", "A256GCM").Decrypt([]jwk.Key{newKey(t, make([]byte, 32))}, asked)
	if verdict.ClassOf(err) != verdict.AlgRefused {
		t.Errorf("Algs with only RSA1_5 accepts dir: %v", err)
	}
}

// TestHeadersRefused checks that each header is refused with its class before anything is
// decrypted.
func TestHeadersRefused(t *testing.T) {
	secret := newKey(t, make([]byte, 32))
	ec := newKey(t, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	x25519 := newKey(t, must(ecdh.X25519().GenerateKey(rand.Reader)))
	password := newKey(t, []byte("correct horse battery staple"))
	const (
		gcm  = `"enc":"A256GCM"`
		salt = `"p2s":"AAAAAAAAAAAAAAAAAAAAAA"`
		// The base point of P-256, and a point that is not on the curve.
		gx   = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"
		gy   = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
		off  = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfQ"
		zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	)
	pbes2 := func(rest string) string { return `{"alg":"PBES2-HS256+A128KW",` + gcm + `,` + rest + `}` }
	ecdhES := func(epk string) string { return `{"alg":"ECDH-ES",` + gcm + `,"epk":` + epk + `}` }
	tests := []struct {
		name, header string
		key          jwk.Key
		encryptedKey int
		want         verdict.Class
	}{
		{"no alg", `{` + gcm + `}`, secret, 0, verdict.AlgRefused},
		{"alg null", `{"alg":null,` + gcm + `}`, secret, 0, verdict.AlgRefused},
		{"alg none", `{"alg":"none",` + gcm + `}`, secret, 0, verdict.AlgRefused},
		{"alg of a signature", `{"alg":"HS256",` + gcm + `}`, secret, 0, verdict.AlgRefused},
		{"alg in other letters", `{"alg":"DIR",` + gcm + `}`, secret, 0, verdict.AlgRefused},
		{"alg in another name", `{"ALG":"dir",` + gcm + `}`, secret, 0, verdict.AlgRefused},
		{"enc unknown", `{"alg":"dir","enc":"A256CTR","x":"A256GCM"}`, secret, 0, verdict.AlgRefused},
		{"enc no string", `{"alg":"dir","enc":["A256GCM"]}`, secret, 0, verdict.Malformed},
		{"alg twice", `{"alg":"dir","alg":"dir",` + gcm + `}`, secret, 0, verdict.DuplicateMember},
		{"twice inside", `{"alg":"dir",` + gcm + `,"x":{"a":1,"a":1}}`, secret, 0, verdict.DuplicateMember},
		{"crit unknown", `{"alg":"dir",` + gcm + `,"crit":["exp"],"exp":1}`, secret, 0, verdict.CritUnsupported},
		{"crit of known names", `{"alg":"dir",` + gcm + `,"crit":["alg"]}`, secret, 0, verdict.CritUnsupported},
		{"crit empty", `{"alg":"dir",` + gcm + `,"crit":[]}`, secret, 0, verdict.Malformed},
		{"crit no array", `{"alg":"dir",` + gcm + `,"crit":"x"}`, secret, 0, verdict.Malformed},
		{"zip in other letters", `{"alg":"dir",` + gcm + `,"zip":"def"}`, secret, 0, verdict.Malformed},
		{"zip null", `{"alg":"dir",` + gcm + `,"zip":null}`, secret, 0, verdict.Malformed},
		{"kid no string", `{"alg":"dir",` + gcm + `,"kid":1}`, secret, 0, verdict.Malformed},

		{"dir with an encrypted key", `{"alg":"dir",` + gcm + `}`, secret, 1, verdict.Malformed},
		{"A256KW without encrypted key", `{"alg":"A256KW",` + gcm + `}`, secret, 0, verdict.Malformed},
		{"A256KW with another size", `{"alg":"A256KW",` + gcm + `}`, secret, 32, verdict.Malformed},
		{"A256GCMKW without iv", `{"alg":"A256GCMKW",` + gcm + `,"tag":"AAAAAAAAAAAAAAAAAAAAAA"}`, secret, 32, verdict.Malformed},
		{"A256GCMKW with a short tag", `{"alg":"A256GCMKW",` + gcm + `,"iv":"AAAAAAAAAAAAAAAA","tag":"AAAAAAAA"}`, secret, 32, verdict.Malformed},
		{"A256GCMKW with a long tag", `{"alg":"A256GCMKW",` + gcm + `,"iv":"AAAAAAAAAAAAAAAA","tag":"AAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, secret, 32, verdict.Malformed},
		{"A256GCMKW with a long iv", `{"alg":"A256GCMKW",` + gcm + `,"iv":"AAAAAAAAAAAAAAAAAAAA","tag":"AAAAAAAAAAAAAAAAAAAAAA"}`, secret, 32, verdict.Malformed},

		{"no p2c", pbes2(salt), password, 40, verdict.Malformed},
		{"p2c 0", pbes2(salt + `,"p2c":0`), password, 40, verdict.LimitExceeded},
		{"p2c 999", pbes2(salt + `,"p2c":999`), password, 40, verdict.LimitExceeded},
		{"p2c 1200001", pbes2(salt + `,"p2c":1200001`), password, 40, verdict.LimitExceeded},
		{"p2c over 64 bits", pbes2(salt + `,"p2c":18446744073709552616`), password, 40, verdict.LimitExceeded},
		{"p2c negative", pbes2(salt + `,"p2c":-4096`), password, 40, verdict.Malformed},
		{"p2c a fraction", pbes2(salt + `,"p2c":4096.5`), password, 40, verdict.Malformed},
		{"p2c with an exponent", pbes2(salt + `,"p2c":4e3`), password, 40, verdict.Malformed},
		{"p2c a string", pbes2(salt + `,"p2c":"4096"`), password, 40, verdict.Malformed},
		{"p2c null", pbes2(salt + `,"p2c":null`), password, 40, verdict.Malformed},
		{"no p2s", pbes2(`"p2c":4096`), password, 40, verdict.Malformed},
		{"p2s of 7 bytes", pbes2(`"p2s":"AAAAAAAAAA","p2c":4096`), password, 40, verdict.Malformed},
		{"p2s padded", pbes2(`"p2s":"AAAAAAAAAAAAAAAAAAAAAA==","p2c":4096`), password, 40, verdict.Malformed},

		{"no epk", `{"alg":"ECDH-ES",` + gcm + `}`, ec, 0, verdict.Malformed},
		{"epk null", ecdhES(`null`), ec, 0, verdict.Malformed},
		{"epk an array", ecdhES(`[]`), ec, 0, verdict.Malformed},
		{"epk a secret", ecdhES(`{"kty":"oct","k":"AAAA"}`), ec, 0, verdict.Malformed},
		{"epk private", ecdhES(`{"kty":"EC","crv":"P-256","x":"` + gx + `","y":"` + gy + `","d":"` + gx + `"}`), ec, 0, verdict.Malformed},
		{"epk off the curve", ecdhES(`{"kty":"EC","crv":"P-256","x":"` + gx + `","y":"` + off + `"}`), ec, 0, verdict.Malformed},
		{"epk the origin", ecdhES(`{"kty":"EC","crv":"P-256","x":"` + zero + `","y":"` + zero + `"}`), ec, 0, verdict.Malformed},
		{"epk without y", ecdhES(`{"kty":"EC","crv":"P-256","x":"` + gx + `"}`), ec, 0, verdict.Malformed},
		{"epk with a short x", ecdhES(`{"kty":"EC","crv":"P-256","x":"AAAA","y":"` + gy + `"}`), ec, 0, verdict.Malformed},
		{"epk on Ed25519", ecdhES(`{"kty":"OKP","crv":"Ed25519","x":"` + gx + `"}`), x25519, 0, verdict.Malformed},
		{"epk on X25519, EC key", ecdhES(`{"kty":"OKP","crv":"X25519","x":"` + gx + `"}`), ec, 0, verdict.KeyMismatch},
		{"epk on P-256, X25519 key", ecdhES(`{"kty":"EC","crv":"P-256","x":"` + gx + `","y":"` + gy + `"}`), x25519, 0, verdict.KeyMismatch},
		{"epk of low order", ecdhES(`{"kty":"OKP","crv":"X25519","x":"` + zero + `"}`), x25519, 0, verdict.DecryptFailed},
		{"ECDH-ES with an encrypted key", ecdhES(`{"kty":"EC","crv":"P-256","x":"` + gx + `","y":"` + gy + `"}`), ec, 40, verdict.Malformed},
		{"apu no base64url", `{"alg":"ECDH-ES",` + gcm + `,"apu":"!","epk":{"kty":"OKP","crv":"X25519","x":"` + gx + `"}}`, x25519, 0, verdict.Malformed},
		{"apv a number", `{"alg":"ECDH-ES",` + gcm + `,"apv":1,"epk":{"kty":"OKP","crv":"X25519","x":"` + gx + `"}}`, x25519, 0, verdict.Malformed},
	}
	for _, test := range tests {
		token := parse(t, joined([5][]byte{[]byte(test.header), make([]byte, test.encryptedKey), make([]byte, 12), []byte("c"), make([]byte, 16)}))
		d, err := token.Decrypt([]jwk.Key{test.key}, Options{})
		if got := verdict.ClassOf(err); got != test.want {
			t.Errorf("%s: class %q (%v), want %q", test.name, got, err, test.want)
		}
		if d.Plaintext() != nil {
			t.Errorf("%s: a plaintext came out", test.name)
		}
		took := quickest(200*time.Millisecond, func() { _, _ = token.Decrypt([]jwk.Key{test.key}, Options{}) })
		if took > 200*time.Millisecond {
			t.Errorf("%s: refused only after %v of work", test.name, took)
		}
	}
}

// quickest returns the shortest time of f in some tries, because a busy machine adds to
// it. It stops after a try that was quick enough.
func quickest(enough time.Duration, f func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range 20 {
		began := time.Now()
		f()
		if best = min(best, time.Since(began)); best <= enough {
			break
		}
	}
	return best
}

func TestSizesOfIVAndTag(t *testing.T) {
	for _, e := range encryptions {
		key := newKey(t, randomBytes(e.key))
		token := made(t, "{}", "attack at dawn", key, "dir", e.name)
		for _, part := range []int{2, 4} {
			whole := token.parts()[part]
			for _, b := range [][]byte{nil, whole[:1], whole[:len(whole)-1], append(bytes.Clone(whole), 0)} {
				changed := token.parts()
				changed[part] = b
				_, err := parse(t, joined(changed)).Decrypt([]jwk.Key{key}, Options{})
				if verdict.ClassOf(err) != verdict.Malformed {
					t.Errorf("%s: %s of %d bytes: %v", e.name, partNames[part], len(b), err)
				}
			}
		}
	}
}

func TestKeySelection(t *testing.T) {
	secret := func(n byte, change func(*jwk.Key)) jwk.Key {
		k := newKey(t, bytes.Repeat([]byte{n}, 32))
		if change != nil {
			change(&k)
		}
		return k
	}
	inSet := func(kid string) func(*jwk.Key) {
		return func(k *jwk.Key) { k.ID, k.HasID, k.InSet = kid, true, true }
	}
	rsaPrivate := newKey(t, rsaKey())
	forOne, forTwo := secret(1, nil), secret(2, nil)
	tests := []struct {
		name, header, alg string
		maker             jwk.Key
		keys              []jwk.Key
		want              verdict.Class // "" if the token decrypts
	}{
		{"no key", `{}`, "dir", forOne, nil, verdict.KeyNotFound},
		{"the one key", `{}`, "dir", forOne, []jwk.Key{forOne}, ""},
		{"kid names a key of the set", `{"kid":"b"}`, "dir", forTwo, []jwk.Key{secret(1, inSet("a")), secret(2, inSet("b"))}, ""},
		{"kid names the wrong key", `{"kid":"a"}`, "dir", forTwo, []jwk.Key{secret(1, inSet("a")), secret(2, inSet("b"))}, verdict.DecryptFailed},
		{"kid in other letters", `{"kid":"B"}`, "dir", forTwo, []jwk.Key{secret(1, inSet("a")), secret(2, inSet("b"))}, verdict.KeyNotFound},
		{"no kid: all are tried", `{}`, "dir", forTwo, []jwk.Key{rsaPrivate, secret(1, inSet("a")), secret(2, inSet("b"))}, ""},
		{"empty kid is a kid", `{"kid":""}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.InSet = true })}, verdict.KeyNotFound},
		{"kid does not choose outside a set", `{"kid":"x"}`, "dir", forOne, []jwk.Key{forOne}, ""},
		{"none fits", `{}`, "dir", forOne, []jwk.Key{rsaPrivate}, verdict.KeyMismatch},
		{"use enc", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Use = "enc" })}, ""},
		{"use sig", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Use = "sig" })}, verdict.KeyRefused},
		{"key_ops decrypt", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Ops = []string{"encrypt", "decrypt"} })}, ""},
		{"key_ops unwrapKey for dir", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Ops = []string{"unwrapKey"} })}, verdict.KeyRefused},
		{"key_ops unwrapKey", `{}`, "A256KW", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Ops = []string{"unwrapKey"} })}, ""},
		{"key_ops without decrypt", `{}`, "A256KW", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Ops = []string{"encrypt", "wrapKey"} })}, verdict.KeyRefused},
		{"key_ops empty", `{}`, "A256KW", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Ops = []string{} })}, verdict.KeyRefused},
		{"alg of the key", `{}`, "A256KW", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Alg = "A256KW" })}, ""},
		{"another alg of the key", `{}`, "A256KW", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Alg = "A256GCMKW" })}, verdict.KeyMismatch},
		{"a signature's alg", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Alg = "HS256" })}, verdict.KeyMismatch},
		{"dir, the key for the enc", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Alg = "A256GCM" })}, ""},
		{"dir, the key for another enc", `{}`, "dir", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Alg = "A128CBC-HS256" })}, verdict.KeyMismatch},
		{"A256KW, the key for the enc", `{}`, "A256KW", forOne, []jwk.Key{secret(1, func(k *jwk.Key) { k.Alg = "A256GCM" })}, verdict.KeyMismatch},
		{"only the public key", `{}`, "RSA-OAEP", rsaPrivate, []jwk.Key{public(t, rsaPrivate)}, verdict.KeyMismatch},
		{"public and private key", `{}`, "RSA-OAEP", rsaPrivate, []jwk.Key{public(t, rsaPrivate), rsaPrivate}, ""},
		{"size of the AES key", `{}`, "A256KW", forOne, []jwk.Key{newKey(t, make([]byte, 16))}, verdict.KeyMismatch},
	}
	for _, test := range tests {
		token := made(t, test.header, "attack at dawn", test.maker, test.alg, "A256GCM")
		d, err := token.Decrypt(test.keys, Options{})
		if got := verdict.ClassOf(err); got != test.want {
			t.Errorf("%s: class %q (%v), want %q", test.name, got, err, test.want)
		}
		if got := string(d.Plaintext()); (got == "attack at dawn") != (test.want == "") {
			t.Errorf("%s: plaintext %q", test.name, got)
		}
	}
}

// TestEmptyKeyOpsOfAnECDHKey checks a public ECDH key with "key_ops":[], as Web Crypto
// writes it.
func TestEmptyKeyOpsOfAnECDHKey(t *testing.T) {
	private := newKey(t, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	empty := public(t, private)
	empty.Ops = []string{}
	token := made(t, "{}", "attack at dawn", empty, "ECDH-ES", "A256GCM")
	private.Ops = []string{"deriveBits"}
	if d, err := token.Decrypt([]jwk.Key{private}, Options{}); err != nil || string(d.Plaintext()) != "attack at dawn" {
		t.Errorf("%q, %v", d.Plaintext(), err)
	}
	private.Ops = []string{}
	if _, err := token.Decrypt([]jwk.Key{private}, Options{}); verdict.ClassOf(err) != verdict.KeyRefused {
		t.Errorf("a private key with empty key_ops: %v", err)
	}
}

// TestWrappingKeyOpsOfAnECDHKey checks an ECDH key whose "key_ops" are those of wrapping,
// as jose writes them. RFC 7517 §4.3 would call the operation deriveKey.
func TestWrappingKeyOpsOfAnECDHKey(t *testing.T) {
	private := newKey(t, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	private.Ops = []string{"wrapKey", "unwrapKey"}
	for _, alg := range []string{"ECDH-ES", "ECDH-ES+A128KW"} {
		token := made(t, "{}", "attack at dawn", public(t, private), alg, "A256GCM")
		if d, err := token.Decrypt([]jwk.Key{private}, Options{}); err != nil || string(d.Plaintext()) != "attack at dawn" {
			t.Errorf("%s: %q, %v", alg, d.Plaintext(), err)
		}
		refused := private
		refused.Ops = []string{"wrapKey"}
		if _, err := token.Decrypt([]jwk.Key{refused}, Options{}); verdict.ClassOf(err) != verdict.KeyRefused {
			t.Errorf("%s with a key that may only encrypt: %v", alg, err)
		}
	}
}

// TestKeyOpsOfAPrivateKey checks that a private key encrypts like its public half, which
// has the inverse operations, and that a public key that may only verify does not.
func TestKeyOpsOfAPrivateKey(t *testing.T) {
	private := newKey(t, rsaKey())
	private.Ops = []string{"unwrapKey"}
	token := made(t, "{}", "attack at dawn", private, "RSA-OAEP-256", "A256GCM")
	if d, err := token.Decrypt([]jwk.Key{private}, Options{}); err != nil || string(d.Plaintext()) != "attack at dawn" {
		t.Errorf("%q, %v", d.Plaintext(), err)
	}
	private.Ops = []string{"wrapKey", "encrypt"}
	if _, err := token.Decrypt([]jwk.Key{private}, Options{}); verdict.ClassOf(err) != verdict.KeyRefused {
		t.Errorf("a key that may only encrypt: %v", err)
	}
}

func TestAlgsNarrow(t *testing.T) {
	key := newKey(t, make([]byte, 32))
	token := made(t, "{}", "x", key, "A256KW", "A256GCM")
	if _, err := token.Decrypt([]jwk.Key{key}, Options{Algs: []string{"dir", "A256KW"}}); err != nil {
		t.Error(err)
	}
	_, err := token.Decrypt([]jwk.Key{key}, Options{Algs: []string{"dir"}})
	if verdict.ClassOf(err) != verdict.AlgRefused {
		t.Errorf("A256KW with Algs of dir: %v", err)
	}
}

// TestIterationsOverAllPasswords checks that a token cannot run its iterations for each
// of a thousand passwords.
func TestIterationsOverAllPasswords(t *testing.T) {
	token := made(t, "{}", "x", newKey(t, []byte("password")), "PBES2-HS256+A128KW", "A128GCM")
	header := token.Header
	header.Set("p2c", []byte(strconv.Itoa(MaxP2C)))
	parts := token.parts()
	parts[0] = header.Bytes()
	passwords := make([]jwk.Key, 11)
	for i := range passwords {
		passwords[i] = newKey(t, []byte{byte(i), 1})
	}
	_, err := parse(t, joined(parts)).Decrypt(passwords, Options{})
	if verdict.ClassOf(err) != verdict.LimitExceeded {
		t.Errorf("%v", err)
	}
}

func TestFewIterationsWarn(t *testing.T) {
	key := newKey(t, []byte("password"))
	d, err := made(t, "{}", "x", key, "PBES2-HS512+A256KW", "A128GCM").Decrypt([]jwk.Key{key}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w := d.Warnings(); len(w) != 1 || w[0].Class != verdict.WeakKey || w[0].Actual != 1000 || w[0].Expected != 210000 {
		t.Errorf("warnings: %+v", w)
	}
	plain := newKey(t, make([]byte, 32))
	d, err = made(t, "{}", "x", plain, "dir", "A256GCM").Decrypt([]jwk.Key{plain}, Options{})
	if w := d.Warnings(); err != nil || len(w) != 0 {
		t.Errorf("dir: %v, warnings %v", err, w)
	}
}

func deflated(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := must(flate.NewWriter(&out, flate.BestCompression))
	must(w.Write(b))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestZip(t *testing.T) {
	key := newKey(t, make([]byte, 32))
	zipped := func(content []byte) Token {
		return parse(t, forged(t, `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`, nil, make([]byte, 32), content))
	}
	full := bytes.Repeat([]byte("x"), DefaultMaxInflated)
	tests := []struct {
		name    string
		content []byte
		o       Options
		want    verdict.Class
	}{
		{"at the limit", deflated(t, full), Options{}, ""},
		{"one byte over", deflated(t, append(full, 'x')), Options{}, verdict.LimitExceeded},
		{"one byte over, raised", deflated(t, append(full, 'x')), Options{MaxInflated: DefaultMaxInflated + 1}, ""},
		{"lowered", deflated(t, full[:11]), Options{MaxInflated: 10}, verdict.LimitExceeded},
		{"nothing", nil, Options{}, verdict.Malformed},
		{"not compressed", []byte("attack at dawn"), Options{}, verdict.Malformed},
		{"cut", deflated(t, []byte("attack at dawn"))[:5], Options{}, verdict.Malformed},
		{"more data after the end", append(deflated(t, full), 0), Options{}, verdict.Malformed},
		{"zlib", append([]byte{0x78, 0x9c}, deflated(t, []byte("attack at dawn"))...), Options{}, verdict.Malformed},
	}
	for _, test := range tests {
		d, err := zipped(test.content).Decrypt([]jwk.Key{key}, test.o)
		if got := verdict.ClassOf(err); got != test.want {
			t.Errorf("%s: class %q (%v), want %q", test.name, got, err, test.want)
		}
		if (d.Plaintext() == nil) != (test.want != "") {
			t.Errorf("%s: %d bytes of plaintext", test.name, len(d.Plaintext()))
		}
	}
	// The tag is checked before decompression, so another key learns nothing about the
	// content.
	fails(t, "bomb under another key", zipped(deflated(t, full)), newKey(t, bytes.Repeat([]byte{1}, 32)), Options{})
}

func TestZipBombStaysSmall(t *testing.T) {
	key := newKey(t, make([]byte, 32))
	bomb := deflated(t, make([]byte, 32<<20))
	token := parse(t, forged(t, `{"alg":"dir","enc":"A256GCM","zip":"DEF"}`, nil, make([]byte, 32), bomb))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := token.Decrypt([]jwk.Key{key}, Options{})
	runtime.ReadMemStats(&after)
	if verdict.ClassOf(err) != verdict.LimitExceeded {
		t.Errorf("%v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes allocated for a bomb of %d", used, len(bomb))
	}
}

func TestDecrypted(t *testing.T) {
	key := newKey(t, make([]byte, 32))
	key.ID = "k"
	d, err := made(t, `{"cty":"jwt"}`, "a.b.c", key, "dir", "A256GCM").Decrypt([]jwk.Key{key}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !d.Nested() || d.Key().ID != "k" || d.Alg() != "dir" || d.Enc() != "A256GCM" {
		t.Errorf("nested %v, key %q, alg %s, enc %s", d.Nested(), d.Key().ID, d.Alg(), d.Enc())
	}
	if diff := cmp.Diff(`{"cty":"jwt","alg":"dir","enc":"A256GCM"}`, string(d.Token().Header.Bytes())); diff != "" {
		t.Error(diff)
	}
	if made(t, `{"cty":"json"}`, "{}", key, "dir", "A256GCM").Nested() {
		t.Error("cty json is treated as a token")
	}
}
