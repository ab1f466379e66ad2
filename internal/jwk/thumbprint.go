package jwk

import (
	"crypto/sha256"
	"encoding/binary"

	"jwt/internal/base64url"
)

// Thumbprint returns the SHA-256 JWK thumbprint of the key (RFC 7638 §3) in
// base64url. That of a secret is a hash of the secret: show it to nobody whom
// the secret is not shown to.
func (k Key) Thumbprint() string {
	sum := sha256.Sum256(k.thumbprintInput())
	return base64url.Encode(sum[:])
}

// thumbprintInput is the JSON object of the required members alone, in
// lexicographic order and without white space (RFC 7638 §3.2, RFC 8037 §2).
func (k Key) thumbprintInput() []byte {
	p, ok := k.Public()
	if !ok {
		return []byte(`{"k":"` + base64url.Encode(k.material.([]byte)) + `","kty":"oct"}`)
	}
	switch k.Type {
	case "RSA":
		n, e := p.rsaMembers()
		return []byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`)
	case "EC":
		x, y := p.ecMembers()
		return []byte(`{"crv":"` + k.Curve + `","kty":"EC","x":"` + x + `","y":"` + y + `"}`)
	default:
		return []byte(`{"crv":"` + k.Curve + `","kty":"OKP","x":"` + p.okpMember() + `"}`)
	}
}

// uintBytes is n in big-endian bytes without leading zeros.
func uintBytes(n uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, n)
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}
