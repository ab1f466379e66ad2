// Package jwk holds keys and key sets (RFC 7517, 7638, 8037). It reads them from JWK,
// PEM, DER, OpenSSH and X.509 certificates; the format is detected from the content,
// never from the file name.
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

	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/jwa"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Limits on the size of keys and key sets (CONTRACT section 2).
const (
	MaxBytes = 1 << 20 // of one key or key set
	MaxKeys  = 1000    // in one set
)

// A Key is one public, private or secret key, with the restrictions on its use.
type Key struct {
	Type  string // "kty": oct, RSA, EC, OKP, AKP
	Curve string // "crv": P-256, P-384, P-521, secp256k1, Ed25519, Ed448, X25519; "" for oct, RSA and AKP

	ID  string   // "kid"; HasID distinguishes an empty one from an absent one
	Alg string   // "alg": the one algorithm it may be used with; "" for any that fits; AKP keys always have one
	Use string   // "use": sig, enc or ""
	Ops []string // "key_ops"; nil if absent

	HasID bool
	// InSet is true for a key of a JWK Set, in which a token's kid chooses.
	InSet bool

	Format       string              // the format of its source: "JWK", "PEM PKCS#8", "X.509 certificate", …
	Source       string              // the source for reports: a path, a URL, env:NAME
	Certificates []*x509.Certificate // the certificate of the key, then those of its issuers
	Age          string              // how old a cached source is: "cached, 40 s old"
	Trimmed      string              // the line end that was removed from a secret

	// flaws are the members of the JWK that say too little, too much or nothing, without
	// which the key is the same. Warnings reports them.
	flaws []string

	// material is one of the types that kindOf knows; kindOf sets the next three.
	material any
	private  bool
	bits     int
	pss      bool // the RSA key is restricted to RSASSA-PSS

	// cache is shared by all copies of the key: a batch asks for the thumbprint with
	// every token.
	cache *cache
}

// A cache holds results derived from the material.
type cache struct {
	thumbprint atomic.Pointer[string]
	prime      atomic.Pointer[bool]
}

// New returns the key for this material: a []byte secret, or a public or private key of
// crypto/rsa, ecdsa, ed25519 or ecdh, secp256k1 or circl (Ed448, ML-DSA). It refuses keys
// that no algorithm may use (key_refused).
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

// kindOf sets the fields that depend on the material, and refuses unsafe keys. A new kind
// of key starts here; its members are in params.go.
func (k *Key) kindOf() error {
	k.cache = new(cache)
	switch m := k.material.(type) {
	case []byte:
		k.Type, k.private, k.bits = "oct", true, 8*len(m)
		if len(m) == 0 {
			return verdict.Errorf(verdict.KeyRefused, "the secret is empty")
		}
		return nil
	case pssKey:
		k.material, k.pss, k.Alg, k.Use = m.material, true, m.alg, "sig"
		return k.kindOf()
	}
	if known, err := k.kindOfPrivate(); known {
		k.private = true
		return err
	}
	return k.kindOfPublic()
}

// kindOfPrivate is kindOf for a private key. It returns false for other material.
func (k *Key) kindOfPrivate() (known bool, err error) {
	switch m := k.material.(type) {
	case *rsa.PrivateKey:
		k.Type = "RSA"
		if err := checkRSAPrivate(m); err != nil {
			return true, err
		}
		k.bits = m.N.BitLen()
		return true, nil
	case *ecdsa.PrivateKey:
		return true, k.kindOfECPrivate(m)
	case *secp256k1.PrivateKey:
		if m.Key.IsZero() {
			return true, outOfRange("secp256k1")
		}
		return true, k.kindOfSecp256k1(m.PubKey())
	case ed25519.PrivateKey:
		k.Type, k.Curve, k.bits = "OKP", "Ed25519", 256
		return true, checkEd25519Private(m)
	case ed448.PrivateKey:
		k.Type, k.Curve, k.bits = "OKP", "Ed448", 448
		return true, checkEd448Private(m)
	case sign.PrivateKey:
		return true, k.kindOfMLDSA(m.Scheme())
	case *ecdh.PrivateKey:
		return true, k.kindOfX25519(m.PublicKey())
	}
	return false, nil
}

// kindOfPublic is kindOf for a public key. It refuses all other material.
func (k *Key) kindOfPublic() error {
	switch m := k.material.(type) {
	case *rsa.PublicKey:
		k.Type = "RSA"
		if err := checkRSA(m); err != nil {
			return err
		}
		k.bits = m.N.BitLen()
		return nil
	case *ecdsa.PublicKey:
		return k.kindOfEC(m)
	case *secp256k1.PublicKey:
		return k.kindOfSecp256k1(m)
	case ed25519.PublicKey:
		k.Type, k.Curve, k.bits = "OKP", "Ed25519", 256
		return checkEd25519(m)
	case ed448.PublicKey:
		k.Type, k.Curve, k.bits = "OKP", "Ed448", 448
		return checkEd448(m)
	case sign.PublicKey:
		return k.kindOfMLDSA(m.Scheme())
	case *ecdh.PublicKey:
		return k.kindOfX25519(m)
	case *dsa.PublicKey:
		return verdict.Errorf(verdict.KeyRefused, "DSA keys are not supported: no JOSE algorithm uses them")
	default:
		return verdict.Errorf(verdict.KeyRefused, "keys of type %T are not supported", k.material)
	}
}

func (k *Key) kindOfECPrivate(m *ecdsa.PrivateKey) error {
	if err := k.kindOfEC(&m.PublicKey); err != nil {
		return err
	}
	if _, err := m.Bytes(); err != nil {
		return outOfRange(k.Curve)
	}
	return nil
}

func outOfRange(curve string) error {
	return verdict.Errorf(verdict.KeyRefused, "the private key is out of range for the curve %s", curve)
}

func (k *Key) kindOfEC(p *ecdsa.PublicKey) error {
	switch p.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
	default:
		return verdict.Errorf(verdict.KeyRefused, "the elliptic curve must be P-256, P-384, P-521 or secp256k1")
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

// Bits returns the size of the modulus, curve or secret in bits; 0 for AKP, whose
// algorithm implies it.
func (k Key) Bits() int { return k.bits }

// IsPrivate reports whether the key can sign or decrypt. Secrets can.
func (k Key) IsPrivate() bool { return k.private }

func (k Key) IsSecret() bool { return k.Type == "oct" }

// Public returns the public half of the key, with the public counterparts of its
// operations, and false for a symmetric key.
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

// VerificationMaterial returns the argument of jwa.Algorithm.Verify: the secret or the
// public key.
func (k Key) VerificationMaterial() any {
	if p, ok := k.Public(); ok {
		return p.material
	}
	return k.material
}

// Material returns the key itself, including its private or secret part. It is for
// signing and decrypting; never print or wrap it.
func (k Key) Material() any { return k.material }

// An Operation is a use of a key, by its name in "key_ops".
type Operation string

// The operations of RFC 7517 §4.3 that the program performs.
const (
	OpSign   Operation = "sign"
	OpVerify Operation = "verify"
)

// Algorithms returns the signature algorithms that the key may be used with, the
// preferred one first. It obeys the key's "alg".
func (k Key) Algorithms() []jwa.Algorithm {
	return slices.DeleteFunc(jwa.For(k.Type, k.Curve), func(a jwa.Algorithm) bool {
		return k.Alg != "" && k.Alg != a.Name || k.pss && !a.PSS()
	})
}

// Fits returns why the key must not be used for op with the algorithm, or nil. Its type
// and curve must fit the algorithm, and its "alg", "use" and "key_ops" must allow the
// use.
func (k Key) Fits(a jwa.Algorithm, op Operation) error {
	switch {
	case !a.Takes(k.Type, k.Curve) || k.Type == "AKP" && k.Alg != a.Name:
		return verdict.Errorf(verdict.KeyMismatch, "%s needs %s, the key is %s", a.Name, kindFor(a), k.Kind())
	case k.Alg != "" && k.Alg != a.Name:
		return verdict.Errorf(verdict.KeyMismatch, `the key is for "alg":%q alone, not for %s`, k.Alg, a.Name)
	case k.pss && !a.PSS():
		return verdict.Errorf(verdict.KeyMismatch, "the key is for RSASSA-PSS only (PS256, PS384, PS512), not for %s", a.Name)
	case !k.forSignatures(op):
		return verdict.Errorf(verdict.KeyRefused, `the key says "use":%q, so it must not %s`, k.Use, op)
	case k.Ops != nil && !slices.Contains(k.Ops, string(op)):
		return verdict.Errorf(verdict.KeyRefused, `the key's "key_ops" %q do not list %q`, k.Ops, op)
	case op == OpSign && !k.IsPrivate():
		return verdict.Errorf(verdict.KeyMismatch, "a public key cannot sign")
	}
	return nil
}

// forSignatures reports whether "use" allows op. SPIFFE writes "jwt-svid" for the keys that
// verify JWT-SVIDs.
func (k Key) forSignatures(op Operation) bool {
	return k.Use == "" || k.Use == "sig" || k.Use == "jwt-svid" && op == OpVerify
}

// CanVerify reports whether the key may verify with the algorithm; Fits says why not.
func (k Key) CanVerify(a jwa.Algorithm) bool {
	return a.Takes(k.Type, k.Curve) && k.Fits(a, OpVerify) == nil
}

// isAllZeros reports whether the key is a secret of zero bytes. HMAC pads short keys
// with zeros (RFC 2104 §2), so an attacker without any secret could sign.
func (k Key) isAllZeros() bool {
	secret, ok := k.material.([]byte)
	return ok && len(bytes.Trim(secret, "\x00")) == 0
}

// Kind returns the kind of key in words: "RSA", "RSA-PSS", "EC on P-256", "ML-DSA-44", "a secret".
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

// Describe returns the kind of key, where it came from and its kid.
func (k Key) Describe() string {
	s := k.Kind() + " from " + k.Source
	if k.Age != "" {
		s += " (" + k.Age + ")"
	}
	if k.HasID {
		s += ", kid " + phrase.Quote(k.ID)
	}
	return s
}

// kindFor returns the kind of key that the algorithm needs, as Kind does.
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
