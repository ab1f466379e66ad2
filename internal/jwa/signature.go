package jwa

import (
	"math/big"

	"jwt/internal/asn1der"
)

// RawSignature returns a signature that another program made in the form of a JWS. ECDSA in DER
// becomes r‖s (RFC 7518 §3.4); every other signature is already in its form.
func (a Algorithm) RawSignature(sig []byte, curve string) []byte {
	size := a.SignatureSize(curve)
	if a.KeyType != "EC" || len(sig) == size {
		return sig
	}
	var der struct{ R, S *big.Int }
	fits := func(n *big.Int) bool { return n.Sign() > 0 && n.BitLen() <= 8*size/2 }
	if !asn1der.Parse(sig, &der) || !fits(der.R) || !fits(der.S) {
		return sig
	}
	raw := make([]byte, size)
	der.R.FillBytes(raw[:size/2])
	der.S.FillBytes(raw[size/2:])
	return raw
}
