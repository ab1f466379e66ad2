package jwk

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"

	"jwt/internal/base64url"
)

// The public members of a JWK (RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2), of a
// key that Public returned.

func (k Key) rsaMembers() (n, e string) {
	p := k.material.(*rsa.PublicKey)
	return base64url.Encode(p.N.Bytes()), base64url.Encode(uintBytes(uint64(p.E)))
}

func (k Key) ecMembers() (x, y string) {
	point, err := k.material.(*ecdsa.PublicKey).Bytes() // 0x04 ‖ x ‖ y
	if err != nil {
		panic("jwk: a key off its curve was accepted: " + err.Error()) // New's callers check the point
	}
	half := 1 + (len(point)-1)/2
	return base64url.Encode(point[1:half]), base64url.Encode(point[half:])
}

func (k Key) okpMember() string {
	switch p := k.material.(type) {
	case ed25519.PublicKey:
		return base64url.Encode(p)
	default:
		return base64url.Encode(p.(*ecdh.PublicKey).Bytes())
	}
}
