// Package jwa holds the table of signature algorithms (RFC 7518 §3, RFC 8037, RFC 8812, RFC
// 9864, RFC 9964): for each name the kind of key and the golang-jwt signing method. Names are
// compared byte for byte.
package jwa

import (
	"crypto"
	_ "crypto/sha256" // crypto.SHA256, linked in
	_ "crypto/sha512" // crypto.SHA384 and crypto.SHA512
	"slices"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
	"github.com/golang-jwt/jwt/v5"
)

// None is the "alg" of a token without a signature (RFC 7518 §3.6). It is not in the table, so
// it never verifies.
const None = "none"

// Bounds on RSA moduli, in bits. RFC 7518 §3.3 sets the lower one; the upper one limits the
// work that a hostile key can cause.
const (
	MinRSABits = 2048
	MaxRSABits = 16384
)

// An Algorithm is one row of the table.
type Algorithm struct {
	Name    string
	KeyType string      // the JWK "kty" it requires: oct, RSA, EC, OKP, AKP
	Curves  []string    // the JWK "crv" it requires, one of them; nil for oct, RSA and AKP
	Hash    crypto.Hash // 0 if the algorithm hashes itself (EdDSA, ML-DSA)
	Spec    string      // where it is defined

	// SignatureSizes lists the exact lengths of signatures in bytes, one for each of Curves;
	// nil for RSA, whose signatures are as long as the modulus.
	SignatureSizes []int

	// MinKeyBytes is the minimum size of an HMAC secret (RFC 7518 §3.2). A shorter one is
	// weak, but usable.
	MinKeyBytes int

	method        jwt.SigningMethod
	deterministic jwt.SigningMethod // the variant without randomness, if method has one
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

// All returns the algorithms. Within each kind of key the preferred ones come first.
func All() []Algorithm { return table[:] }

// For returns the algorithms for a key of that type and curve. The first is the default for a
// new token. An AKP key is only for the algorithm in its "alg" (RFC 9964 §3).
func For(keyType, curve string) []Algorithm {
	var fit []Algorithm
	for _, a := range table {
		if a.Takes(keyType, curve) {
			fit = append(fit, a)
		}
	}
	return fit
}

// Takes reports whether the algorithm is for keys of that type and curve. Only EdDSA is for
// several curves, of which the key selects one (RFC 8037 §3.1).
func (a Algorithm) Takes(keyType, curve string) bool {
	if a.KeyType != keyType {
		return false
	}
	return slices.Contains(a.Curves, curve) || a.Curves == nil && curve == ""
}

// On returns the algorithm restricted to one of its curves.
func (a Algorithm) On(curve string) Algorithm {
	if i := slices.Index(a.Curves, curve); i >= 0 {
		a.Curves, a.SignatureSizes = a.Curves[i:i+1], a.SignatureSizes[i:i+1]
	}
	return a
}

// SignatureSize returns the exact length in bytes of a signature under a key on that curve, or
// 0 if the algorithm does not determine it.
func (a Algorithm) SignatureSize(curve string) int {
	if sizes := a.On(curve).SignatureSizes; len(sizes) == 1 {
		return sizes[0]
	}
	return 0
}

// Verify reports whether sig is the signature of input under key: []byte for
// oct, *rsa.PublicKey, *ecdsa.PublicKey, *secp256k1.PublicKey, ed25519.PublicKey,
// ed448.PublicKey or a circl sign.PublicKey of ML-DSA for the others. The caller must check that
// the key fits the algorithm (jwk.Key.Fits).
func (a Algorithm) Verify(input string, sig []byte, key any) error {
	return a.Verifier(key).Verify([]byte(input), sig)
}

// Sign returns the signature of input under a private key or secret. deterministic selects the
// ECDSA nonce of RFC 6979 and the deterministic variant of ML-DSA (FIPS 204 §3.4), so that the
// same input gives the same bytes. RSA-PSS stays random.
func (a Algorithm) Sign(input string, key any, deterministic bool) ([]byte, error) {
	if deterministic && a.deterministic != nil {
		return a.deterministic.Sign(input, key)
	}
	return a.method.Sign(input, key)
}

// Repeatable reports whether signing twice gives the same bytes.
func (a Algorithm) Repeatable(deterministic bool) bool {
	return !a.PSS() && (deterministic || a.deterministic == nil)
}

// PSS reports whether the algorithm is RSASSA-PSS (RFC 7518 §3.5).
func (a Algorithm) PSS() bool {
	_, pss := a.method.(*jwt.SigningMethodRSAPSS)
	return pss
}

var table = [...]Algorithm{
	{Name: "HS256", KeyType: "oct", Hash: crypto.SHA256, Spec: "RFC 7518 §3.2", SignatureSizes: []int{32}, MinKeyBytes: 32, method: jwt.SigningMethodHS256},
	{Name: "HS384", KeyType: "oct", Hash: crypto.SHA384, Spec: "RFC 7518 §3.2", SignatureSizes: []int{48}, MinKeyBytes: 48, method: jwt.SigningMethodHS384},
	{Name: "HS512", KeyType: "oct", Hash: crypto.SHA512, Spec: "RFC 7518 §3.2", SignatureSizes: []int{64}, MinKeyBytes: 64, method: jwt.SigningMethodHS512},

	{Name: "RS256", KeyType: "RSA", Hash: crypto.SHA256, Spec: "RFC 7518 §3.3", method: jwt.SigningMethodRS256},
	{Name: "RS384", KeyType: "RSA", Hash: crypto.SHA384, Spec: "RFC 7518 §3.3", method: jwt.SigningMethodRS384},
	{Name: "RS512", KeyType: "RSA", Hash: crypto.SHA512, Spec: "RFC 7518 §3.3", method: jwt.SigningMethodRS512},
	{Name: "PS256", KeyType: "RSA", Hash: crypto.SHA256, Spec: "RFC 7518 §3.5", method: pss("PS256", crypto.SHA256)},
	{Name: "PS384", KeyType: "RSA", Hash: crypto.SHA384, Spec: "RFC 7518 §3.5", method: pss("PS384", crypto.SHA384)},
	{Name: "PS512", KeyType: "RSA", Hash: crypto.SHA512, Spec: "RFC 7518 §3.5", method: pss("PS512", crypto.SHA512)},

	{Name: "ES256", KeyType: "EC", Curves: []string{"P-256"}, Hash: crypto.SHA256, Spec: "RFC 7518 §3.4", SignatureSizes: []int{64}, method: jwt.SigningMethodES256, deterministic: rfc6979{jwt.SigningMethodES256}},
	{Name: "ES384", KeyType: "EC", Curves: []string{"P-384"}, Hash: crypto.SHA384, Spec: "RFC 7518 §3.4", SignatureSizes: []int{96}, method: jwt.SigningMethodES384, deterministic: rfc6979{jwt.SigningMethodES384}},
	{Name: "ES512", KeyType: "EC", Curves: []string{"P-521"}, Hash: crypto.SHA512, Spec: "RFC 7518 §3.4", SignatureSizes: []int{132}, method: jwt.SigningMethodES512, deterministic: rfc6979{jwt.SigningMethodES512}},
	{Name: "ES256K", KeyType: "EC", Curves: []string{"secp256k1"}, Hash: crypto.SHA256, Spec: "RFC 8812 §3.2", SignatureSizes: []int{64}, method: es256k{}},

	{Name: "EdDSA", KeyType: "OKP", Curves: []string{"Ed25519", "Ed448"}, Spec: "RFC 8037 §3.1", SignatureSizes: []int{64, 114}, method: eddsa{}},
	{Name: "Ed25519", KeyType: "OKP", Curves: []string{"Ed25519"}, Spec: "RFC 9864 §2.2", SignatureSizes: []int{64}, method: ed25519Method{jwt.SigningMethodEdDSA}},
	{Name: "Ed448", KeyType: "OKP", Curves: []string{"Ed448"}, Spec: "RFC 9864 §2.2", SignatureSizes: []int{114}, method: ed448Method{}},

	{Name: "ML-DSA-44", KeyType: "AKP", Spec: "RFC 9964 §5", SignatureSizes: []int{2420}, method: mlDSA{mldsa44.Scheme, false}, deterministic: mlDSA{mldsa44.Scheme, true}},
	{Name: "ML-DSA-65", KeyType: "AKP", Spec: "RFC 9964 §5", SignatureSizes: []int{3309}, method: mlDSA{mldsa65.Scheme, false}, deterministic: mlDSA{mldsa65.Scheme, true}},
	{Name: "ML-DSA-87", KeyType: "AKP", Spec: "RFC 9964 §5", SignatureSizes: []int{4627}, method: mlDSA{mldsa87.Scheme, false}, deterministic: mlDSA{mldsa87.Scheme, true}},
}
