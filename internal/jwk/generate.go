package jwk

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"

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

// Kinds returns the names of the kinds of key that Generate makes.
func Kinds() []string {
	return []string{"RSA", "P-256", "P-384", "P-521", "Ed25519", "X25519", "oct"}
}

// Generate makes a new key from the system's randomness. size is in bits for
// RSA, in bytes for oct, and 0 for the default there and for all other kinds.
func Generate(kind string, size int) (Key, error) {
	if size != 0 && kind != "RSA" && kind != "oct" {
		return Key{}, verdict.Errorf(verdict.Usage, "a key of kind %s has one size only", kind)
	}
	material, err := generate(kind, size)
	if err != nil {
		return Key{}, err
	}
	return New(material)
}

func generate(kind string, size int) (any, error) {
	switch kind {
	case "RSA":
		if size == 0 {
			size = DefaultRSABits
		}
		if size < DefaultRSABits || size > maxNewRSABits || size%8 != 0 {
			return nil, verdict.Errorf(verdict.Usage, "an RSA key of %d bits is not made: %d to %d are, in steps of 8", size, DefaultRSABits, maxNewRSABits)
		}
		return rsa.GenerateKey(rand.Reader, size)
	case "P-256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "Ed25519":
		_, k, err := ed25519.GenerateKey(nil)
		return k, err
	case "X25519":
		return ecdh.X25519().GenerateKey(rand.Reader)
	case "oct":
		if size == 0 {
			size = DefaultSecretBytes
		}
		if size < minSecretBytes || size > maxSecretBytes {
			return nil, verdict.Errorf(verdict.Usage, "a secret of %d bytes is not made: %d to %d are", size, minSecretBytes, maxSecretBytes)
		}
		secret := make([]byte, size)
		_, err := rand.Read(secret)
		return secret, err
	}
	return nil, verdict.Errorf(verdict.Usage, "%q is no kind of key", kind)
}
