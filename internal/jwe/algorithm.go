package jwe

import (
	"crypto"
	_ "crypto/sha1" // crypto.SHA1, only for RSA-OAEP (RFC 7518 §4.3)
	_ "crypto/sha256"
	_ "crypto/sha512"

	"jwt/internal/jwk"
)

// A family is a way to obtain the content encryption key (RFC 7518 §4.1).
type family int

const (
	rsaOAEP  family = iota // §4.3: encrypted to an RSA key
	rsaPKCS1               // §4.2: RSA with the padding that Bleichenbacher's attack broke
	aesKW                  // §4.4: wrapped with AES Key Wrap
	aesGCMKW               // §4.7: wrapped with AES-GCM
	direct                 // §4.5: the shared secret itself
	ecdhES                 // §4.6: agreed on by Diffie-Hellman, directly or as a wrapping key
	pbes2                  // §4.8: wrapped under a key derived from a password
)

// An algorithm is one value of "alg".
type algorithm struct {
	name   string
	family family
	hash   crypto.Hash // of OAEP, and of PBES2's pseudorandom function
	kek    int         // size of the wrapping AES key in bytes; 0 if AES wraps nothing

	optIn bool // accepted only when requested by name, and only to decrypt
}

// The algorithms of RFC 7518 §4.1 and the two longer OAEP hashes of the JOSE registry. In
// each family the preferred ones for a new token come first.
var algorithms = [...]algorithm{
	{name: "RSA-OAEP-256", family: rsaOAEP, hash: crypto.SHA256},
	{name: "RSA-OAEP-384", family: rsaOAEP, hash: crypto.SHA384},
	{name: "RSA-OAEP-512", family: rsaOAEP, hash: crypto.SHA512},
	{name: "RSA-OAEP", family: rsaOAEP, hash: crypto.SHA1},
	{name: "RSA1_5", family: rsaPKCS1, optIn: true},

	{name: "ECDH-ES+A256KW", family: ecdhES, kek: 32},
	{name: "ECDH-ES+A192KW", family: ecdhES, kek: 24},
	{name: "ECDH-ES+A128KW", family: ecdhES, kek: 16},
	{name: "ECDH-ES", family: ecdhES},

	{name: "A256KW", family: aesKW, kek: 32},
	{name: "A192KW", family: aesKW, kek: 24},
	{name: "A128KW", family: aesKW, kek: 16},
	{name: "A256GCMKW", family: aesGCMKW, kek: 32},
	{name: "A192GCMKW", family: aesGCMKW, kek: 24},
	{name: "A128GCMKW", family: aesGCMKW, kek: 16},
	{name: "dir", family: direct},

	{name: "PBES2-HS512+A256KW", family: pbes2, hash: crypto.SHA512, kek: 32},
	{name: "PBES2-HS384+A192KW", family: pbes2, hash: crypto.SHA384, kek: 24},
	{name: "PBES2-HS256+A128KW", family: pbes2, hash: crypto.SHA256, kek: 16},
}

func lookupAlg(name string) (algorithm, bool) {
	for _, a := range algorithms {
		if a.name == name {
			return a, true
		}
	}
	return algorithm{}, false
}

// An encryption is one value of "enc" (RFC 7518 §5.1): AES-GCM, or AES-CBC with HMAC,
// which has a key of two halves. Sizes are in bytes.
type encryption struct {
	name         string
	key, iv, tag int
	cbc          bool
}

var encryptions = [...]encryption{
	{name: "A256GCM", key: 32, iv: 12, tag: 16},
	{name: "A192GCM", key: 24, iv: 12, tag: 16},
	{name: "A128GCM", key: 16, iv: 12, tag: 16},
	{name: "A256CBC-HS512", key: 64, iv: 16, tag: 32, cbc: true},
	{name: "A192CBC-HS384", key: 48, iv: 16, tag: 24, cbc: true},
	{name: "A128CBC-HS256", key: 32, iv: 16, tag: 16, cbc: true},
}

func lookupEnc(name string) (encryption, bool) {
	for _, e := range encryptions {
		if e.name == name {
			return e, true
		}
	}
	return encryption{}, false
}

// encryptedKeyBytes returns the length in bytes of the encrypted key, or -1 if the RSA modulus
// determines it.
func (a algorithm) encryptedKeyBytes(e encryption) int {
	switch {
	case a.family == rsaOAEP, a.family == rsaPKCS1:
		return -1
	case a.kek == 0:
		return 0
	case a.family == aesGCMKW:
		return e.key
	default:
		return e.key + 8 // RFC 3394 §2.2.1
	}
}

// AlgNames returns every known value of "alg", including RSA1_5.
func AlgNames() []string {
	var names []string
	for _, a := range algorithms {
		names = append(names, a.name)
	}
	return names
}

// EncNames returns every known value of "enc", the preferred first.
func EncNames() []string {
	var names []string
	for _, e := range encryptions {
		names = append(names, e.name)
	}
	return names
}

// IsPassword reports whether alg derives its key from a password (RFC 7518 §4.8).
func IsPassword(alg string) bool {
	a, ok := lookupAlg(alg)
	return ok && a.family == pbes2
}

// Algs returns the values of "alg" that a new token for the key may have, by its type and own
// "alg", the preferred first. A secret may be an AES key or a PBES2 password.
func Algs(key jwk.Key) []string {
	var fit []string
	for _, a := range algorithms {
		if !a.optIn && len(encs(a, key)) > 0 {
			fit = append(fit, a.name)
		}
	}
	return fit
}

// Encs returns the values of "enc" for alg and the key, the preferred first, and none if
// alg is unknown or does not fit the key.
func Encs(alg string, key jwk.Key) []string {
	a, ok := lookupAlg(alg)
	if !ok {
		return nil
	}
	return encs(a, key)
}

func encs(a algorithm, key jwk.Key) []string {
	var fit []string
	for _, e := range encryptions {
		if a.takes(key, e) == nil {
			fit = append(fit, e.name)
		}
	}
	return fit
}
