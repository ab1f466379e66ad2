package jwa

import (
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/golang-jwt/jwt/v5"
)

// eddsa implements "EdDSA", whose curve is that of the key (RFC 8037 §3.1).
type eddsa struct{}

func (eddsa) Alg() string { return "EdDSA" }

func (eddsa) Verify(input string, sig []byte, key any) error {
	if _, ok := key.(ed448.PublicKey); ok {
		return ed448Method{}.Verify(input, sig, key)
	}
	return jwt.SigningMethodEdDSA.Verify(input, sig, key)
}

func (eddsa) Sign(input string, key any) ([]byte, error) {
	if _, ok := key.(ed448.PrivateKey); ok {
		return ed448Method{}.Sign(input, key)
	}
	return jwt.SigningMethodEdDSA.Sign(input, key)
}

// ed25519Method implements EdDSA on Ed25519 under its fully specified name (RFC 9864 §2.2).
type ed25519Method struct{ *jwt.SigningMethodEd25519 }

func (ed25519Method) Alg() string { return "Ed25519" }

// ed448Method implements EdDSA on Ed448 with an empty context (RFC 8032 §5.2).
type ed448Method struct{}

func (ed448Method) Alg() string { return "Ed448" }

func (ed448Method) Verify(input string, sig []byte, key any) error {
	k, ok := key.(ed448.PublicKey)
	switch {
	case !ok:
		return jwt.ErrInvalidKeyType
	case len(k) != ed448.PublicKeySize:
		return jwt.ErrInvalidKey
	case !ed448.Verify(k, []byte(input), sig, ""):
		return jwt.ErrSignatureInvalid
	}
	return nil
}

func (ed448Method) Sign(input string, key any) ([]byte, error) {
	k, ok := key.(ed448.PrivateKey)
	switch {
	case !ok:
		return nil, jwt.ErrInvalidKeyType
	case len(k) != ed448.PrivateKeySize:
		return nil, jwt.ErrInvalidKey
	}
	return ed448.Sign(k, []byte(input), ""), nil
}
