// Package jwa is the table of signature algorithms (RFC 7518 §3, RFC 8037,
// RFC 9864): for each name the key it wants and the golang-jwt signing method
// that does the work. Names are compared byte for byte.
package jwa

import (
	"crypto"
	_ "crypto/sha256" // crypto.SHA256, linked in
	_ "crypto/sha512" // crypto.SHA384 and crypto.SHA512

	"github.com/golang-jwt/jwt/v5"
)

// None is the name of no algorithm at all (RFC 7518 §3.6). It is not in the
// table: nothing signed with it verifies.
const None = "none"

// RSA moduli outside these sizes are refused, in bits. RFC 7518 §3.3 sets the
// lower one; the upper one bounds the work a hostile key can ask for.
const (
	MinRSABits = 2048
	MaxRSABits = 16384
)

// An Algorithm is one row of the table.
type Algorithm struct {
	Name    string
	KeyType string      // the JWK "kty" it wants: oct, RSA, EC, OKP
	Curve   string      // the JWK "crv" it wants; "" for oct and RSA
	Hash    crypto.Hash // 0 where the algorithm hashes inside (Ed25519)
	Spec    string      // where it is defined

	// SignatureSize is the exact length of a signature in bytes; 0 for RSA,
	// whose signatures are as long as the modulus.
	SignatureSize int

	// MinKeyBytes is the least size of an HMAC secret (RFC 7518 §3.2): below it
	// a key is weak, not unusable.
	MinKeyBytes int

	method        jwt.SigningMethod
	deterministic jwt.SigningMethod // ECDSA by RFC 6979; nil where method is deterministic or cannot be
}

// Lookup returns the algorithm of that exact name.
func Lookup(name string) (Algorithm, bool) {
	for i := range table {
		if table[i].Name == name {
			return table[i], true
		}
	}
	return Algorithm{}, false
}

// All returns the algorithms, the ones to prefer for a new token first within
// each kind of key.
func All() []Algorithm { return table[:] }

// For returns the algorithms that fit a key of that type and curve. The first
// is what a new token is signed with when nobody asks for another.
func For(keyType, curve string) []Algorithm {
	var fit []Algorithm
	for _, a := range table {
		if a.KeyType == keyType && a.Curve == curve {
			fit = append(fit, a)
		}
	}
	return fit
}

// Verify reports whether sig is the signature of input under key: []byte for
// oct, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey for the others.
// That the key fits the algorithm is the caller's to check (jwk.Key.Fits).
func (a Algorithm) Verify(input string, sig []byte, key any) error {
	return a.method.Verify(input, sig, key)
}

// Sign returns the signature of input under a private key or secret.
// deterministic asks ECDSA for the nonce of RFC 6979, so that the same input
// gives the same bytes; RSA-PSS stays random.
func (a Algorithm) Sign(input string, key any, deterministic bool) ([]byte, error) {
	if deterministic && a.deterministic != nil {
		return a.deterministic.Sign(input, key)
	}
	return a.method.Sign(input, key)
}

// Repeatable reports whether signing twice can give the same bytes.
func (a Algorithm) Repeatable(deterministic bool) bool {
	switch a.KeyType {
	case "EC":
		return deterministic && a.deterministic != nil
	case "RSA":
		_, pss := a.method.(*jwt.SigningMethodRSAPSS)
		return !pss
	default:
		return true
	}
}

var table = [...]Algorithm{
	{Name: "HS256", KeyType: "oct", Hash: crypto.SHA256, Spec: "RFC 7518 §3.2", SignatureSize: 32, MinKeyBytes: 32, method: jwt.SigningMethodHS256},
	{Name: "HS384", KeyType: "oct", Hash: crypto.SHA384, Spec: "RFC 7518 §3.2", SignatureSize: 48, MinKeyBytes: 48, method: jwt.SigningMethodHS384},
	{Name: "HS512", KeyType: "oct", Hash: crypto.SHA512, Spec: "RFC 7518 §3.2", SignatureSize: 64, MinKeyBytes: 64, method: jwt.SigningMethodHS512},

	{Name: "RS256", KeyType: "RSA", Hash: crypto.SHA256, Spec: "RFC 7518 §3.3", method: jwt.SigningMethodRS256},
	{Name: "RS384", KeyType: "RSA", Hash: crypto.SHA384, Spec: "RFC 7518 §3.3", method: jwt.SigningMethodRS384},
	{Name: "RS512", KeyType: "RSA", Hash: crypto.SHA512, Spec: "RFC 7518 §3.3", method: jwt.SigningMethodRS512},
	{Name: "PS256", KeyType: "RSA", Hash: crypto.SHA256, Spec: "RFC 7518 §3.5", method: pss("PS256", crypto.SHA256)},
	{Name: "PS384", KeyType: "RSA", Hash: crypto.SHA384, Spec: "RFC 7518 §3.5", method: pss("PS384", crypto.SHA384)},
	{Name: "PS512", KeyType: "RSA", Hash: crypto.SHA512, Spec: "RFC 7518 §3.5", method: pss("PS512", crypto.SHA512)},

	{Name: "ES256", KeyType: "EC", Curve: "P-256", Hash: crypto.SHA256, Spec: "RFC 7518 §3.4", SignatureSize: 64, method: jwt.SigningMethodES256, deterministic: rfc6979{jwt.SigningMethodES256}},
	{Name: "ES384", KeyType: "EC", Curve: "P-384", Hash: crypto.SHA384, Spec: "RFC 7518 §3.4", SignatureSize: 96, method: jwt.SigningMethodES384, deterministic: rfc6979{jwt.SigningMethodES384}},
	{Name: "ES512", KeyType: "EC", Curve: "P-521", Hash: crypto.SHA512, Spec: "RFC 7518 §3.4", SignatureSize: 132, method: jwt.SigningMethodES512, deterministic: rfc6979{jwt.SigningMethodES512}},

	{Name: "EdDSA", KeyType: "OKP", Curve: "Ed25519", Spec: "RFC 8037 §3.1", SignatureSize: 64, method: jwt.SigningMethodEdDSA},
	{Name: "Ed25519", KeyType: "OKP", Curve: "Ed25519", Spec: "RFC 9864 §2.2", SignatureSize: 64, method: ed25519Method{jwt.SigningMethodEdDSA}},
}
