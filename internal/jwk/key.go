// Package jwk holds keys and key sets (RFC 7517, 7638, 8037) and reads them from
// JWK, PEM, DER, OpenSSH and X.509 text, told apart by content, never by name.
package jwk

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 only to name such a key when it is refused
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strings"
	"sync/atomic"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// Limits on what is read as a key (CONTRACT section 2).
const (
	MaxBytes = 1 << 20 // of one key or key set
	MaxKeys  = 1000    // in one set
)

// A Key is one key, public, private or secret, with what its owner said it is for.
type Key struct {
	Type  string // "kty": oct, RSA, EC, OKP, AKP
	Curve string // "crv": P-256, P-384, P-521, secp256k1, Ed25519, Ed448, X25519; "" for oct, RSA and AKP

	ID  string   // "kid"; HasID tells an empty one from none
	Alg string   // "alg": the one algorithm it may be used with; "" for any that fits, never so for AKP
	Use string   // "use": sig, enc or ""
	Ops []string // "key_ops"; nil where the key says nothing

	HasID bool
	// InSet says that the key came out of a JWK Set, where a token's kid chooses.
	InSet bool

	Format       string              // how it was written: "JWK", "PEM PKCS#8", "X.509 certificate", …
	Source       string              // where it was read, for reports: a path, a URL, env:NAME
	Certificates []*x509.Certificate // its certificate first, then the chain
	Trimmed      string              // the line end that was taken off the secret when it was read

	// material is what kindOf takes; the two after it are what kindOf says of it.
	material any
	private  bool
	bits     int
	pss      bool // an RSA key for RSASSA-PSS alone

	// known is what was worked out of the material already, for all copies of the
	// key: a batch asks for the thumbprint with every token.
	known *known
}

type known struct{ thumbprint atomic.Pointer[string] }

// New returns the key of that material: a []byte secret, or a public or private
// key of crypto/rsa, ecdsa, ed25519 or ecdh, secp256k1, ed448 or mldsa. It refuses
// what no algorithm may use.
func New(material any) (Key, error) {
	if secret, ok := material.([]byte); ok {
		material = bytes.Clone(secret)
	}
	k := Key{material: material}
	if err := k.kindOf(); err != nil {
		return Key{}, err
	}
	return k, nil
}

// kindOf fills in what the material is and refuses what must not be used. A new
// kind of key begins here; its members are in members.go.
func (k *Key) kindOf() error {
	k.known = new(known)
	switch m := k.material.(type) {
	case []byte:
		k.Type, k.private, k.bits = "oct", true, 8*len(m)
		if len(m) == 0 {
			return verdict.Errorf(verdict.KeyRefused, "the secret is empty")
		}
		return nil
	case *rsa.PublicKey:
		k.Type = "RSA"
		if err := checkRSA(m); err != nil {
			return err
		}
		k.bits = m.N.BitLen()
		return nil
	case *rsa.PrivateKey:
		k.Type, k.private = "RSA", true
		if err := checkRSAPrivate(m); err != nil {
			return err
		}
		k.bits = m.N.BitLen()
		return nil
	case pssKey:
		k.material, k.pss, k.Alg, k.Use = m.material, true, m.alg, "sig"
		return k.kindOf()
	case *ecdsa.PublicKey:
		return k.kindOfEC(m)
	case *ecdsa.PrivateKey:
		k.private = true
		if err := k.kindOfEC(&m.PublicKey); err != nil {
			return err
		}
		if _, err := m.Bytes(); err != nil {
			return verdict.Errorf(verdict.KeyRefused, "the private number is not one of the curve %s", k.Curve)
		}
		return nil
	case ed25519.PublicKey:
		k.Type, k.Curve, k.bits = "OKP", "Ed25519", 256
		return checkEd25519(m)
	case ed25519.PrivateKey:
		k.Type, k.Curve, k.private, k.bits = "OKP", "Ed25519", true, 256
		return checkEd25519Private(m)
	case *secp256k1.PublicKey:
		return k.kindOfSecp256k1(m)
	case *secp256k1.PrivateKey:
		k.private = true
		if m.Key.IsZero() {
			return verdict.Errorf(verdict.KeyRefused, "the private number is not one of the curve secp256k1")
		}
		return k.kindOfSecp256k1(m.PubKey())
	case ed448.PublicKey:
		k.Type, k.Curve, k.bits = "OKP", "Ed448", 448
		return checkEd448(m)
	case ed448.PrivateKey:
		k.Type, k.Curve, k.private, k.bits = "OKP", "Ed448", true, 448
		return checkEd448Private(m)
	case *mldsa.PublicKey:
		return k.kindOfMLDSA(m)
	case *mldsa.PrivateKey:
		k.private = true
		return k.kindOfMLDSA(m.PublicKey())
	case *ecdh.PublicKey:
		return k.kindOfX25519(m)
	case *ecdh.PrivateKey:
		k.private = true
		return k.kindOfX25519(m.PublicKey())
	case *dsa.PublicKey:
		return verdict.Errorf(verdict.KeyRefused, "a DSA key is of no use: no JOSE algorithm takes one")
	default:
		return verdict.Errorf(verdict.KeyRefused, "a key of type %T is of no use here", k.material)
	}
}

func (k *Key) kindOfEC(p *ecdsa.PublicKey) error {
	switch p.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
	default:
		return verdict.Errorf(verdict.KeyRefused, "the elliptic curve is none of P-256, P-384, P-521 and secp256k1")
	}
	k.Type, k.Curve, k.bits = "EC", p.Curve.Params().Name, p.Curve.Params().BitSize
	if _, err := p.Bytes(); err != nil {
		return verdict.Errorf(verdict.KeyRefused, "the point is not on the curve %s", k.Curve)
	}
	return nil
}

func (k *Key) kindOfX25519(p *ecdh.PublicKey) error {
	if p.Curve() != ecdh.X25519() {
		return verdict.Errorf(verdict.KeyRefused, "an ECDH key must be X25519; keys on the NIST curves are ecdsa keys")
	}
	k.Type, k.Curve, k.bits = "OKP", "X25519", 256
	return checkX25519(p)
}

// Bits returns the size of the key as its kind counts it: modulus, curve or
// secret; 0 for AKP, whose algorithm's name tells.
func (k Key) Bits() int { return k.bits }

// IsPrivate reports whether the key can sign or decrypt; a secret can.
func (k Key) IsPrivate() bool { return k.private }

// IsSecret reports whether the key is a symmetric one.
func (k Key) IsSecret() bool { return k.Type == "oct" }

// Public returns the public half of the key, with the operations turned round,
// and false for a symmetric key, which has none.
func (k Key) Public() (Key, bool) {
	switch m := k.material.(type) {
	case []byte:
		return Key{}, false
	case *secp256k1.PrivateKey:
		k.material, k.private = m.PubKey(), false
	case interface{ Public() crypto.PublicKey }:
		k.material, k.private = m.Public(), false
	default:
		return k, true
	}
	if k.Ops != nil {
		k.Ops = publicOps(k.Ops)
	}
	return k, true
}

func publicOps(ops []string) []string {
	counterpart := map[string]string{"sign": "verify", "decrypt": "encrypt", "unwrapKey": "wrapKey"}
	public := []string{}
	for _, op := range ops {
		if c, ok := counterpart[op]; ok {
			op = c
		}
		if !slices.Contains(public, op) {
			public = append(public, op)
		}
	}
	return public
}

// VerificationMaterial returns what jwa.Algorithm.Verify takes: the secret or the public key.
func (k Key) VerificationMaterial() any {
	if p, ok := k.Public(); ok {
		return p.material
	}
	return k.material
}

// Material returns the key itself, private or secret part included. It is for
// signing and decrypting; never print or wrap it.
func (k Key) Material() any { return k.material }

// An Operation is what a key is about to be used for, by its name in "key_ops".
type Operation string

// The operations of RFC 7517 §4.3 that the program performs.
const (
	OpSign   Operation = "sign"
	OpVerify Operation = "verify"
)

// Algorithms returns the signature algorithms the key may be used with, its own
// "alg" obeyed, the preferred one first.
func (k Key) Algorithms() []jwa.Algorithm {
	return slices.DeleteFunc(jwa.For(k.Type, k.Curve), func(a jwa.Algorithm) bool {
		return k.Alg != "" && k.Alg != a.Name || k.pss && !a.PSS()
	})
}

// Fits reports why the key must not be used for op with the algorithm, or nil:
// its type and curve must be the algorithm's, and what it says of itself in
// "alg", "use" and "key_ops" is obeyed.
func (k Key) Fits(a jwa.Algorithm, op Operation) error {
	switch {
	case !a.Takes(k.Type, k.Curve) || k.Type == "AKP" && k.Alg != a.Name:
		return verdict.Errorf(verdict.KeyMismatch, "%s wants %s, the key is %s", a.Name, kindFor(a), k.Kind())
	case k.Alg != "" && k.Alg != a.Name:
		return verdict.Errorf(verdict.KeyMismatch, `the key is for "alg":%q alone, not for %s`, k.Alg, a.Name)
	case k.pss && !a.PSS():
		return verdict.Errorf(verdict.KeyMismatch, "the key is for RSASSA-PSS alone (PS256, PS384, PS512), not for %s", a.Name)
	case k.Use != "" && k.Use != "sig":
		return verdict.Errorf(verdict.KeyRefused, `the key says "use":%q, so it must not %s`, k.Use, op)
	case k.Ops != nil && !slices.Contains(k.Ops, string(op)):
		return verdict.Errorf(verdict.KeyRefused, `the key's "key_ops" %q do not list %q`, k.Ops, op)
	case op == OpSign && !k.IsPrivate():
		return verdict.Errorf(verdict.KeyMismatch, "a public key cannot sign")
	case k.isBlank():
		return verdict.Errorf(verdict.KeyRefused, "the secret is nothing but zero bytes, which is to HMAC the same as none")
	}
	return nil
}

// isBlank reports whether the key is a secret of zeros: HMAC fills a short key up
// with them (RFC 2104 §2), so that it is the key of whoever has none.
func (k Key) isBlank() bool {
	secret, ok := k.material.([]byte)
	return ok && len(bytes.Trim(secret, "\x00")) == 0
}

// Kind names the key in words: "RSA", "RSA-PSS", "EC on P-256", "ML-DSA-44", "a secret".
func (k Key) Kind() string {
	switch {
	case k.Type == "AKP":
		return k.Alg
	case k.pss:
		return "RSA-PSS"
	default:
		return kind(k.Type, k.Curve)
	}
}

// kindFor names the key that an algorithm is for, as Kind does.
func kindFor(a jwa.Algorithm) string {
	if a.KeyType == "AKP" {
		return "an " + a.Name + " key"
	}
	return kind(a.KeyType, strings.Join(a.Curves, " or "))
}

func kind(keyType, curve string) string {
	switch {
	case keyType == "oct":
		return "a secret"
	case curve == "":
		return keyType
	default:
		return keyType + " on " + curve
	}
}
