package jwk

import (
	"bytes"
	"encoding/asn1"
	"errors"

	"github.com/cloudflare/circl/sign"

	"jwt/internal/asn1der"
	"jwt/internal/jwa"
)

// akp reads an algorithm key pair. The required "alg" determines the meaning of "pub" and
// "priv" (RFC 9964 §3).
func (m members) akp() (any, error) {
	alg, err := m.required("alg", "9964 §3")
	if err != nil {
		return nil, err
	}
	scheme, ok := jwa.MLDSA(alg)
	if !ok {
		return nil, invalid("alg: is %q, want ML-DSA-44, ML-DSA-65 or ML-DSA-87 for AKP", alg)
	}
	pub, err := m.exactly(scheme.PublicKeySize(), "pub", "9964 §5")
	if err != nil {
		return nil, err
	}
	public, err := scheme.UnmarshalBinaryPublicKey(pub)
	if err != nil {
		return nil, invalid("pub: is not a valid %s key", alg)
	}
	if !m.has("priv") {
		return public, nil
	}
	seed, err := m.exactly(scheme.SeedSize(), "priv", "9964 §4")
	if err != nil {
		return nil, err
	}
	derived, private := scheme.DeriveKey(seed)
	if !derived.Equal(public) {
		return nil, invalid("priv: does not belong to pub")
	}
	return private, nil
}

// kindOfMLDSA does not set bits: the name determines the size.
func (k *Key) kindOfMLDSA(s sign.Scheme) error {
	k.Type, k.Alg = "AKP", s.Name()
	return nil
}

func mldsaID(s sign.Scheme) asn1.ObjectIdentifier {
	switch s.Name() {
	case "ML-DSA-44":
		return mldsa44ID
	case "ML-DSA-65":
		return mldsa65ID
	default:
		return mldsa87ID
	}
}

// mldsaPublic returns the encoding of a public key (FIPS 204 §7.2, Algorithm 22).
func mldsaPublic(k sign.PublicKey) []byte {
	b, _ := k.MarshalBinary() // cannot fail
	return b
}

// mldsaSeed returns the seed of a private key. Every key that is read or generated here
// has one.
func mldsaSeed(k sign.PrivateKey) []byte { return k.(sign.Seeded).Seed() }

// mldsaBoth is a seed with the key expanded from it (RFC 9881 §6).
type mldsaBoth struct{ Seed, Expanded []byte }

// parseMLDSA reads the private key inside PKCS #8, which has one of three forms (RFC 9881
// §6): the seed, the key expanded from it, or both. An expanded key alone is refused,
// because a JWK needs the seed (RFC 9964 §4) and it cannot be recovered.
func parseMLDSA(scheme sign.Scheme, der []byte) (any, error) {
	var form asn1.RawValue
	if !asn1der.Parse(der, &form) {
		return nil, errBroken
	}
	both := mldsaBoth{Seed: form.Bytes}
	switch {
	case form.Class == asn1.ClassContextSpecific && form.Tag == 0 && !form.IsCompound:
	case form.Class == asn1.ClassUniversal && form.Tag == asn1.TagOctetString:
		return nil, errors.New("it contains only the expanded key, without the seed that a JWK needs (RFC 9964 §4)")
	default:
		if !asn1der.Parse(der, &both) {
			return nil, errBroken
		}
	}
	if len(both.Seed) != scheme.SeedSize() {
		return nil, errBroken
	}
	_, private := scheme.DeriveKey(both.Seed)
	if expanded, _ := private.MarshalBinary(); both.Expanded != nil && !bytes.Equal(both.Expanded, expanded) {
		return nil, errHalves
	}
	return private, nil
}
