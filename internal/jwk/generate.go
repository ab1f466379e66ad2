package jwk

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// Sizes of new keys.
const (
	DefaultRSABits     = 2048
	maxNewRSABits      = 4096
	DefaultSecretBytes = 32
	minSecretBytes     = 16
	maxSecretBytes     = 1024
)

// A newKind is a kind of key that Generate makes. name is for users, kind is the name in
// keyKinds. The size is in bits for RSA, in bytes for oct, and 0 for the other kinds.
type newKind struct {
	name, kind string
	generate   func(size int) (any, error)
}

// newKinds lists the kinds of key. For an algorithm that takes several, the preferred
// kind is first.
var newKinds = [...]newKind{
	{"RSA", "RSA", newRSA},
	{"P-256", "EC/P-256", func(int) (any, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	{"P-384", "EC/P-384", func(int) (any, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) }},
	{"P-521", "EC/P-521", func(int) (any, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) }},
	{"secp256k1", "EC/secp256k1", func(int) (any, error) { return secp256k1.GeneratePrivateKey() }},
	{"Ed25519", "OKP/Ed25519", newEd25519},
	{"Ed448", "OKP/Ed448", newEd448},
	{"X25519", "OKP/X25519", func(int) (any, error) { return ecdh.X25519().GenerateKey(rand.Reader) }},
	{"ML-DSA-44", "AKP/ML-DSA-44", func(int) (any, error) { return newMLDSA("ML-DSA-44") }},
	{"ML-DSA-65", "AKP/ML-DSA-65", func(int) (any, error) { return newMLDSA("ML-DSA-65") }},
	{"ML-DSA-87", "AKP/ML-DSA-87", func(int) (any, error) { return newMLDSA("ML-DSA-87") }},
	{"oct", "oct", newSecret},
}

// Kinds returns the names of the kinds of key that Generate makes.
func Kinds() []string {
	names := make([]string, len(newKinds))
	for i, k := range newKinds {
		names[i] = k.name
	}
	return names
}

// Generate makes a new key. size is in bits for RSA and in bytes for oct. 0 means the
// default size; other kinds have no other size.
func Generate(kind string, size int) (Key, error) {
	for _, k := range newKinds {
		if k.name != kind {
			continue
		}
		if size != 0 && kind != "RSA" && kind != "oct" {
			return Key{}, verdict.Errorf(verdict.Usage, "a %s key has only one size", kind)
		}
		material, err := k.generate(size)
		if err != nil {
			return Key{}, err
		}
		return New(material)
	}
	return Key{}, verdict.Errorf(verdict.Usage, "unknown kind of key %q", kind).
		Hintf("one of %s", strings.Join(Kinds(), " "))
}

func newRSA(size int) (any, error) {
	if size == 0 {
		size = DefaultRSABits
	}
	if size < DefaultRSABits || size > maxNewRSABits || size%8 != 0 {
		return nil, verdict.Errorf(verdict.Usage, "RSA key size %d is out of range: %d to %d bits in steps of 8", size, DefaultRSABits, maxNewRSABits)
	}
	return rsa.GenerateKey(rand.Reader, size)
}

func newEd25519(int) (any, error) {
	_, k, err := ed25519.GenerateKey(nil)
	return k, err
}

func newEd448(int) (any, error) {
	_, k, err := ed448.GenerateKey(nil)
	return k, err
}

func newMLDSA(alg string) (any, error) {
	scheme, _ := jwa.MLDSA(alg)
	_, k, err := scheme.GenerateKey()
	return k, err
}

func newSecret(size int) (any, error) {
	if size == 0 {
		size = DefaultSecretBytes
	}
	if size < minSecretBytes || size > maxSecretBytes {
		return nil, verdict.Errorf(verdict.Usage, "secret size %d is out of range: %d to %d bytes", size, minSecretBytes, maxSecretBytes)
	}
	secret := make([]byte, size)
	_, err := rand.Read(secret)
	return secret, err
}
