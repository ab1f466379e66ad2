package jwa

import (
	"filippo.io/mldsa"
	"github.com/golang-jwt/jwt/v5"
)

// mlDSA is ML-DSA of FIPS 204 with one of its parameter sets, its context empty
// (RFC 9964 §5).
type mlDSA struct {
	parameters    func() mldsa.Parameters
	deterministic bool // FIPS 204 §3.4: no fresh randomness in signing
}

func (m mlDSA) Alg() string { return m.parameters().String() }

func (m mlDSA) Verify(input string, sig []byte, key any) error {
	k, ok := key.(*mldsa.PublicKey)
	switch {
	case !ok:
		return jwt.ErrInvalidKeyType
	case k.Parameters() != m.parameters():
		return jwt.ErrInvalidKey
	case mldsa.Verify(k, []byte(input), sig, nil) != nil:
		return jwt.ErrSignatureInvalid
	}
	return nil
}

func (m mlDSA) Sign(input string, key any) ([]byte, error) {
	k, ok := key.(*mldsa.PrivateKey)
	switch {
	case !ok:
		return nil, jwt.ErrInvalidKeyType
	case k.PublicKey().Parameters() != m.parameters():
		return nil, jwt.ErrInvalidKey
	case m.deterministic:
		return k.SignDeterministic([]byte(input), nil)
	}
	return k.Sign(nil, []byte(input), nil)
}
