package jwa

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"hash"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// A Verifier verifies signatures under one key. For HMAC, RSA, ECDSA and Ed25519 it does what
// golang-jwt does, but keeps the hash, with the secret of an HMAC in it, and copies no input. Only
// one goroutine may use it.
type Verifier struct {
	method jwt.SigningMethod
	key    any

	hash  hash.Hash // nil unless check is set
	sum   []byte    // of the hash; reused
	check func(sum, sig []byte) error

	ed25519 ed25519.PublicKey // nil for other algorithms
}

// Verifier returns the verifier for a key, of the types that Verify takes.
func (a Algorithm) Verifier(key any) *Verifier {
	v := &Verifier{method: a.method, key: key}
	switch k := key.(type) {
	case []byte:
		if a.KeyType == "oct" {
			v.hash, v.check = hmac.New(a.Hash.New, k), equal
		}
	case *rsa.PublicKey:
		if a.KeyType == "RSA" {
			v.hash, v.check = a.Hash.New(), a.rsaCheck(k)
		}
	case *ecdsa.PublicKey:
		if curve := k.Params().Name; a.Takes("EC", curve) {
			v.hash, v.check = a.Hash.New(), ecdsaCheck(k, a.SignatureSize(curve))
		}
	case ed25519.PublicKey:
		if a.Takes("OKP", "Ed25519") && len(k) == ed25519.PublicKeySize {
			v.ed25519 = k
		}
	}
	return v
}

func equal(sum, sig []byte) error {
	if !hmac.Equal(sum, sig) {
		return jwt.ErrSignatureInvalid
	}
	return nil
}

// rsaCheck returns the check of the signature of a digest.
func (a Algorithm) rsaCheck(key *rsa.PublicKey) func(digest, sig []byte) error {
	if !a.PSS() {
		return func(digest, sig []byte) error { return rsa.VerifyPKCS1v15(key, a.Hash, digest, sig) }
	}
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash} // RFC 7518 §3.5
	return func(digest, sig []byte) error { return rsa.VerifyPSS(key, a.Hash, digest, sig, options) }
}

// ecdsaCheck returns the check of a signature r‖s of that size (RFC 7518 §3.4).
func ecdsaCheck(key *ecdsa.PublicKey, size int) func(digest, sig []byte) error {
	return func(digest, sig []byte) error {
		if len(sig) != size {
			return jwt.ErrSignatureInvalid
		}
		r, s := new(big.Int).SetBytes(sig[:size/2]), new(big.Int).SetBytes(sig[size/2:])
		if !ecdsa.Verify(key, digest, r, s) {
			return jwt.ErrSignatureInvalid
		}
		return nil
	}
}

// Verify reports whether sig is the signature of input.
func (v *Verifier) Verify(input, sig []byte) error {
	switch {
	case v.check != nil:
		v.hash.Reset()
		v.hash.Write(input)
		v.sum = v.hash.Sum(v.sum[:0])
		return v.check(v.sum, sig)
	case v.ed25519 == nil:
		return v.method.Verify(string(input), sig, v.key)
	case !ed25519.Verify(v.ed25519, input, sig):
		return jwt.ErrSignatureInvalid
	}
	return nil
}
