package jwk

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

// IsDID reports whether text is a DID that is a key itself: did:key or did:jwk. Others name a
// document elsewhere.
func IsDID(text string) bool {
	return strings.HasPrefix(text, "did:key:") || strings.HasPrefix(text, "did:jwk:")
}

// parseDID reads the public key in a did:key or did:jwk, also with the fragment of its
// verification method.
func parseDID(text string) (Set, error) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "#")
	if encoded, ok := strings.CutPrefix(text, "did:jwk:"); ok {
		b, err := base64url.Decode(encoded)
		if err != nil {
			return Set{}, verdict.Errorf(verdict.KeyRefused, "did:jwk: is not the base64url of a JWK: %w", err)
		}
		return publicJWK(b)
	}
	encoded, ok := strings.CutPrefix(text, "did:key:z")
	if !ok {
		return Set{}, verdict.Errorf(verdict.KeyRefused, "did:key: the key does not begin with z, the mark of base58btc")
	}
	b, ok := base58(encoded)
	if !ok {
		return Set{}, verdict.Errorf(verdict.KeyRefused, "did:key: is not base58btc")
	}
	k, err := multikey(b)
	k.Format = "did:key"
	return single(k, err)
}

// publicJWK reads the JWK of a did:jwk. Everybody can read it, so it must not be private.
func publicJWK(text []byte) (Set, error) {
	set, err := Parse(text)
	switch {
	case err != nil:
		return Set{}, err
	case len(set.Keys) != 1 || set.Keys[0].Format != "JWK" || set.Keys[0].InSet:
		return Set{}, verdict.Errorf(verdict.KeyRefused, "did:jwk: is not one JWK")
	case set.Keys[0].IsPrivate():
		return Set{}, verdict.Errorf(verdict.KeyRefused, "did:jwk: has a private key or a secret, must have a public key")
	}
	return set, nil
}

// multikey reads a public key after its multicodec number.
func multikey(b []byte) (Key, error) {
	code, n := binary.Uvarint(b)
	if n <= 0 {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "did:key: is cut short")
	}
	material, err := multicodecKey(code, b[n:])
	if err != nil {
		return Key{}, err
	}
	return New(material)
}

// multicodecKey reads the kinds of keys that tokens are signed with.
func multicodecKey(code uint64, b []byte) (any, error) {
	curves := map[uint64]elliptic.Curve{0x1200: elliptic.P256(), 0x1201: elliptic.P384(), 0x1202: elliptic.P521()}
	curve, isEC := curves[code]
	switch {
	case code == 0xed && len(b) == ed25519.PublicKeySize:
		return ed25519.PublicKey(b), nil
	case isEC:
		return compressedPoint(curve, b)
	case code == 0x1205:
		return x509.ParsePKCS1PublicKey(b)
	case code == 0xe7:
		return ecSecp256k1(b, nil)
	}
	return nil, verdict.Errorf(verdict.KeyRefused, "did:key: the kind of key (multicodec 0x%x, %d bytes) does not sign tokens", code, len(b))
}

// maxBase58 limits the work of decoding, which grows with the square of the length. An RSA key
// of 4096 bits has some 720 characters.
const maxBase58 = 2048

// base58 decodes the Bitcoin alphabet.
func base58(text string) ([]byte, bool) {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if text == "" || len(text) > maxBase58 {
		return nil, false
	}
	n := new(big.Int)
	for _, c := range []byte(text) {
		digit := strings.IndexByte(alphabet, c)
		if digit < 0 {
			return nil, false
		}
		n.Mul(n, big.NewInt(58)).Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(text) - len(strings.TrimLeft(text, "1"))
	return append(make([]byte, zeros), n.Bytes()...), true
}
