package jwa

import (
	"crypto/sha256"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"github.com/golang-jwt/jwt/v5"
)

// es256k implements ECDSA on secp256k1 with SHA-256 (RFC 8812 §3.2). Signatures are r‖s (RFC
// 7518 §3.4) with the nonce of RFC 6979 and the lower of both values of s. Verify accepts both
// values, as with the other curves.
type es256k struct{}

func (es256k) Alg() string { return "ES256K" }

func (es256k) Verify(input string, sig []byte, key any) error {
	k, ok := key.(*secp256k1.PublicKey)
	if !ok {
		return jwt.ErrInvalidKeyType
	}
	var r, s secp256k1.ModNScalar
	if len(sig) != 64 || r.SetByteSlice(sig[:32]) || s.SetByteSlice(sig[32:]) { // true: not below the order
		return jwt.ErrECDSAVerification
	}
	digest := sha256.Sum256([]byte(input))
	if !ecdsa.NewSignature(&r, &s).Verify(digest[:], k) { // false where r or s is zero
		return jwt.ErrECDSAVerification
	}
	return nil
}

func (es256k) Sign(input string, key any) ([]byte, error) {
	k, ok := key.(*secp256k1.PrivateKey)
	switch {
	case !ok:
		return nil, jwt.ErrInvalidKeyType
	case k.Key.IsZero():
		return nil, jwt.ErrInvalidKey
	}
	digest := sha256.Sum256([]byte(input))
	sig := ecdsa.Sign(k, digest[:])
	r, s := sig.R(), sig.S()
	out := make([]byte, 64)
	r.PutBytesUnchecked(out[:32])
	s.PutBytesUnchecked(out[32:])
	return out, nil
}
