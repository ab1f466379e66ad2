package jwa

import (
	"crypto/hmac"
	"hash"

	"github.com/golang-jwt/jwt/v5"
)

// A Verifier verifies signatures under one key. It keeps the state of an HMAC after its secret,
// so only one goroutine may use it.
type Verifier struct {
	method jwt.SigningMethod
	key    any

	mac hash.Hash // of an HMAC
	sum []byte    // reused
}

// Verifier returns the verifier for a key, of the types that Verify takes.
func (a Algorithm) Verifier(key any) *Verifier {
	v := &Verifier{method: a.method, key: key}
	if secret, ok := key.([]byte); ok && a.KeyType == "oct" {
		v.mac = hmac.New(a.Hash.New, secret)
	}
	return v
}

// Verify reports whether sig is the signature of input.
func (v *Verifier) Verify(input, sig []byte) error {
	if v.mac == nil {
		return v.method.Verify(string(input), sig, v.key)
	}
	v.mac.Reset()
	v.mac.Write(input)
	v.sum = v.mac.Sum(v.sum[:0])
	if !hmac.Equal(v.sum, sig) {
		return jwt.ErrSignatureInvalid
	}
	return nil
}
