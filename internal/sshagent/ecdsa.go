package sshagent

import (
	"encoding/asn1"
	"math/big"
)

// ecdsaDER returns the two numbers of an ECDSA signature (RFC 5656 §3.1.2) as DER.
func ecdsaDER(content []byte) ([]byte, error) {
	r := reader{rest: content}
	first, second := r.octets(), r.octets()
	if r.short {
		return nil, errDamaged
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(first), new(big.Int).SetBytes(second)})
}
