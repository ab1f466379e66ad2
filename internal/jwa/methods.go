package jwa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"math/big"

	"github.com/golang-jwt/jwt/v5"

	"jwt/internal/asn1der"
)

// pss returns golang-jwt's RSASSA-PSS with the salt length of RFC 7518 §3.5. golang-jwt's own
// methods accept any length when verifying.
func pss(name string, hash crypto.Hash) *jwt.SigningMethodRSAPSS {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}

// rfc6979 signs with ECDSA and the nonce of RFC 6979.
type rfc6979 struct{ *jwt.SigningMethodECDSA }

// Sign returns r‖s, each as long as the curve's order.
func (m rfc6979) Sign(input string, key any) ([]byte, error) {
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	if k.Curve.Params().BitSize != m.CurveBits {
		return nil, jwt.ErrInvalidKey
	}
	h := m.Hash.New()
	h.Write([]byte(input))
	der, err := k.Sign(nil, h.Sum(nil), m.Hash) // without randomness: RFC 6979
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if !asn1der.Parse(der, &sig) {
		return nil, errors.New("ecdsa: the signature is not the DER it must be")
	}
	out := make([]byte, 2*m.KeySize)
	sig.R.FillBytes(out[:m.KeySize])
	sig.S.FillBytes(out[m.KeySize:])
	return out, nil
}
