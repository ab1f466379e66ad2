package diagnose

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"math/big"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
)

// signPSS signs with RSASSA-PSS (RFC 8017 §8.1.1) and any parameters, which
// crypto/rsa does not.
func signPSS(t *testing.T, key *rsa.PrivateKey, hash, mask crypto.Hash, salt int, input string) []byte {
	t.Helper()
	bits := key.N.BitLen() - 1
	size := (bits + 7) / 8
	s := bytes.Repeat([]byte{0x5a}, salt)
	w := hash.New()
	w.Write(make([]byte, 8))
	w.Write(digest(hash, input))
	w.Write(s)
	h := w.Sum(nil)
	db := append(append(make([]byte, size-salt-len(h)-2), 1), s...)
	subtle.XORBytes(db, db, mgf1(mask, h, len(db)))
	db[0] &= 0xff >> (8*size - bits)
	m := new(big.Int).SetBytes(concat(db, h, []byte{0xbc}))
	return m.Exp(m, key.D, key.N).FillBytes(make([]byte, key.Size()))
}

// RSASSA-PSS with parameters other than those of RFC 7518 §3.5 is reported with the difference.
func TestDiagnosePSS(t *testing.T) {
	key := jwktest.KeyFor("PS256").Material().(*rsa.PrivateKey)
	tests := []struct {
		alg        string
		hash, mask crypto.Hash
		salt       int
		id, detail string
	}{
		{"PS256", crypto.SHA256, crypto.SHA1, 32, "pss_mgf1", "the signature verifies as RSASSA-PSS with SHA-256 whose MGF1 is with SHA-1, not with SHA-256"},
		{"PS256", crypto.SHA256, crypto.SHA1, 20, "pss_mgf1", "the signature verifies as RSASSA-PSS with SHA-256 whose MGF1 is with SHA-1, not with SHA-256"},
		{"PS512", crypto.SHA512, crypto.SHA256, 64, "pss_mgf1", "the signature verifies as RSASSA-PSS with SHA-512 whose MGF1 is with SHA-256, not with SHA-512"},
		{"RS256", crypto.SHA256, crypto.SHA1, 32, "pss_mgf1", "the signature verifies as RSASSA-PSS with SHA-256 whose MGF1 is with SHA-1, not with SHA-256"},
		{"PS256", crypto.SHA1, crypto.SHA1, 20, "pss_hash", "the signature verifies as RSASSA-PSS with SHA-1, but the header says PS256"},
		{"PS256", crypto.SHA384, crypto.SHA1, 48, "pss_hash", "the signature verifies as RSASSA-PSS with SHA-384, but the header says PS256"},
		{"PS256", crypto.SHA256, crypto.SHA256, 20, "pss_salt", "the signature verifies as RSASSA-PSS with SHA-256 and a salt of 20 bytes, not of 32"},
		{"PS256", crypto.SHA256, crypto.SHA256, 0, "pss_salt", "the signature verifies as RSASSA-PSS with SHA-256 and a salt of 0 bytes, not of 32"},
		{"PS384", crypto.SHA384, crypto.SHA384, 1, "pss_salt", "the signature verifies as RSASSA-PSS with SHA-384 and a salt of 1 byte, not of 48"},
		{"PS256", crypto.SHA256, crypto.SHA256, 222, "pss_salt", "the signature verifies as RSASSA-PSS with SHA-256 and a salt of 222 bytes, not of 32"},
	}
	for _, tt := range tests {
		input := encode(`{"alg":"`+tt.alg+`"}`) + "." + encode(claims)
		token := parse(t, input+"."+base64url.Encode(signPSS(t, key, tt.hash, tt.mask, tt.salt, input)))
		causes := diagnose(t, token, []jwk.Key{jwktest.Public(jwktest.KeyFor("PS256"))})
		wantProven(t, tt.id, causes)
		if len(causes) == 1 && causes[0].Detail != tt.detail {
			t.Errorf("%s, %s, %s, %d: %s", tt.alg, tt.hash, tt.mask, tt.salt, causes[0].Detail)
		}
	}
}

// With a modulus of 8n + 1 bits the encoded message is one byte shorter.
func TestDiagnosePSSOddModulus(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2049)
	if err != nil {
		t.Fatal(err)
	}
	k, err := jwk.New(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	input := encode(`{"alg":"PS256"}`) + "." + encode(claims)
	sig := signPSS(t, key, crypto.SHA256, crypto.SHA1, 32, input)
	wantProven(t, "pss_mgf1", diagnose(t, parse(t, input+"."+base64url.Encode(sig)), []jwk.Key{k}))
}

// Other signatures are not reported as PSS.
func TestDiagnosePSSNot(t *testing.T) {
	k := jwktest.KeyFor("PS256")
	key := k.Material().(*rsa.PrivateKey)
	input := encode(`{"alg":"PS256"}`) + "." + encode(claims)
	other := signPSS(t, key, crypto.SHA256, crypto.SHA1, 32, input+"x")
	right := signPSS(t, key, crypto.SHA256, crypto.SHA1, 32, input)
	flipped := bytes.Clone(right)
	flipped[len(flipped)/2] ^= 1
	for name, sig := range map[string][]byte{
		"of another input":     other,
		"one bit off":          flipped,
		"cut":                  right[:len(right)-1],
		"zero":                 make([]byte, key.Size()),
		"one":                  append(make([]byte, key.Size()-1), 1),
		"the modulus":          key.N.Bytes(),
		"beyond the modulus":   bytes.Repeat([]byte{0xff}, key.Size()),
		"of no bytes but one":  {0xbc},
		"longer than a key is": append([]byte{0}, right...),
	} {
		for _, c := range diagnose(t, parse(t, input+"."+base64url.Encode(sig)), []jwk.Key{jwktest.Public(k)}) {
			if c.Proven && c.ID != "signature_long" {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}
