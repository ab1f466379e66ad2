package sshagent

import (
	"encoding/asn1"
	"math/big"

	"jwt/internal/sshwire"
)

// ecdsaDER returns the two numbers of an ECDSA signature (RFC 5656 §3.1.2) as DER.
func ecdsaDER(content []byte) ([]byte, error) {
	r := sshwire.Reader{Rest: content}
	first, second := r.Octets(), r.Octets()
	if r.Short {
		return nil, errDamaged
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(first), new(big.Int).SetBytes(second)})
}
