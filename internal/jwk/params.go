package jwk

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"

	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/base64url"
)

// A member is a name of a JWK with its octets, before base64url.
type member struct {
	name   string
	octets []byte
}

// publicMembers returns the members of the public key (RFC 7518 §6.2.1 and §6.3.1, RFC
// 8037 §2, RFC 9964 §3) in the usual order, none for a secret.
func (k Key) publicMembers() []member {
	p, ok := k.Public()
	if !ok {
		return nil
	}
	switch m := p.material.(type) {
	case *rsa.PublicKey:
		return []member{{"n", m.N.Bytes()}, {"e", big.NewInt(int64(m.E)).Bytes()}}
	case *ecdsa.PublicKey:
		return coordinates(mustOctets(m.Bytes()))
	case *secp256k1.PublicKey:
		return coordinates(m.SerializeUncompressed())
	case *ecdh.PublicKey:
		return []member{{"x", m.Bytes()}}
	case ed448.PublicKey:
		return []member{{"x", m}}
	case sign.PublicKey: // ML-DSA
		return []member{{"pub", mldsaPublic(m)}}
	default:
		return []member{{"x", m.(ed25519.PublicKey)}}
	}
}

// coordinates splits a point 0x04 ‖ x ‖ y into its coordinates.
func coordinates(point []byte) []member {
	half := 1 + (len(point)-1)/2
	return []member{{"x", point[1:half]}, {"y", point[half:]}}
}

// privateMembers returns the members that only a private key has (RFC 7518 §6.2.2
// and §6.3.2, RFC 8037 §2, RFC 9964 §4) or a secret (RFC 7518 §6.4).
func (k Key) privateMembers() []member {
	switch m := k.material.(type) {
	case []byte:
		return []member{{"k", m}}
	case *rsa.PrivateKey:
		p, q, crt := m.Primes[0], m.Primes[1], m.Precomputed
		return []member{
			{"d", m.D.Bytes()},
			{"p", p.Bytes()},
			{"q", q.Bytes()},
			{"dp", crt.Dp.Bytes()},
			{"dq", crt.Dq.Bytes()},
			{"qi", crt.Qinv.Bytes()},
		}
	case *ecdsa.PrivateKey:
		return []member{{"d", mustOctets(m.Bytes())}}
	case *ecdh.PrivateKey:
		return []member{{"d", m.Bytes()}}
	case ed25519.PrivateKey:
		return []member{{"d", m.Seed()}}
	case ed448.PrivateKey:
		return []member{{"d", m.Seed()}}
	case *secp256k1.PrivateKey:
		return []member{{"d", m.Serialize()}}
	case sign.PrivateKey: // ML-DSA
		return []member{{"priv", mldsaSeed(m)}}
	default:
		return nil
	}
}

// PrivateMembers returns the names of the members of the key's JWK that must never be
// shown.
func (k Key) PrivateMembers() []string {
	var names []string
	for _, m := range k.privateMembers() {
		names = append(names, m.name)
	}
	return names
}

// mustOctets returns the encoding of a key that New has accepted. It cannot fail.
func mustOctets(b []byte, err error) []byte {
	if err != nil {
		panic("jwk: a key that cannot be encoded was accepted: " + err.Error())
	}
	return b
}

func (m member) text() string { return base64url.Encode(m.octets) }
