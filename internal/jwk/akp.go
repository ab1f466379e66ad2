package jwk

import (
	"bytes"
	"crypto/sha3"
	"encoding/asn1"
	"errors"

	"filippo.io/mldsa"
)

// mldsaParameters returns the parameter set of that name, which is the "alg" of
// its keys too (RFC 9964 §5).
func mldsaParameters(name string) (mldsa.Parameters, bool) {
	for _, p := range []mldsa.Parameters{mldsa.MLDSA44(), mldsa.MLDSA65(), mldsa.MLDSA87()} {
		if p.String() == name {
			return p, true
		}
	}
	return mldsa.Parameters{}, false
}

// akp reads an algorithm key pair: what "pub" and "priv" hold is for the required
// "alg" to say (RFC 9964 §3).
func (m members) akp() (any, error) {
	alg, err := m.required("alg", "9964 §3")
	if err != nil {
		return nil, err
	}
	parameters, ok := mldsaParameters(alg)
	if !ok {
		return nil, invalid("alg: is %q, want ML-DSA-44, ML-DSA-65 or ML-DSA-87 for AKP", alg)
	}
	pub, err := m.exactly(parameters.PublicKeySize(), "pub", "9964 §5")
	if err != nil {
		return nil, err
	}
	public, err := mldsa.NewPublicKey(parameters, pub)
	if err != nil {
		return nil, invalid("pub: is no %s key", alg)
	}
	if !m.has("priv") {
		return public, nil
	}
	seed, err := m.exactly(mldsa.PrivateKeySize, "priv", "9964 §4")
	if err != nil {
		return nil, err
	}
	private, err := mldsa.NewPrivateKey(parameters, seed)
	if err != nil || !private.PublicKey().Equal(public) {
		return nil, invalid("priv: does not belong to pub")
	}
	return private, nil
}

// kindOfMLDSA leaves bits alone: the name says all about the size.
func (k *Key) kindOfMLDSA(p *mldsa.PublicKey) error {
	k.Type, k.Alg = "AKP", p.Parameters().String()
	return nil
}

func mldsaID(p mldsa.Parameters) asn1.ObjectIdentifier {
	switch p {
	case mldsa.MLDSA44():
		return mldsa44ID
	case mldsa.MLDSA65():
		return mldsa65ID
	default:
		return mldsa87ID
	}
}

// mldsaBoth is a seed with what it expands to (RFC 9881 §6).
type mldsaBoth struct{ Seed, Expanded []byte }

// parseMLDSA reads the private key inside PKCS #8, one of three forms (RFC 9881
// §6): the seed, the key expanded from it, or both. A JWK holds the seed
// (RFC 9964 §4), which cannot be got back out of the expanded key.
func parseMLDSA(parameters mldsa.Parameters, der []byte) (any, error) {
	var form asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &form); err != nil || len(rest) > 0 {
		return nil, errBroken
	}
	both := mldsaBoth{Seed: form.Bytes}
	switch {
	case form.Class == asn1.ClassContextSpecific && form.Tag == 0 && !form.IsCompound:
	case form.Class == asn1.ClassUniversal && form.Tag == asn1.TagOctetString:
		return nil, errors.New("it holds the expanded key alone, without the seed that a JWK is made of (RFC 9964 §4)")
	default:
		if rest, err := asn1.Unmarshal(der, &both); err != nil || len(rest) > 0 {
			return nil, errBroken
		}
	}
	k, err := mldsa.NewPrivateKey(parameters, both.Seed)
	if err != nil {
		return nil, errBroken
	}
	if both.Expanded != nil && !expands(k.PublicKey(), both.Expanded) {
		return nil, errHalves
	}
	return k, nil
}

// expands reports whether the expanded private key is that of the public key.
// Only the seed is ever used, so it will do to compare what names the public key
// in it: ρ, and the hash tr of it (FIPS 204 §7.2, Algorithm 24).
func expands(public *mldsa.PublicKey, expanded []byte) bool {
	const rho, tr, k = 32, 64, 32
	sizes := map[mldsa.Parameters]int{mldsa.MLDSA44(): 2560, mldsa.MLDSA65(): 4032, mldsa.MLDSA87(): 4896}
	if len(expanded) != sizes[public.Parameters()] {
		return false
	}
	encoded := public.Bytes()
	sum := sha3.SumSHAKE256(encoded, tr)
	return bytes.Equal(expanded[:rho], encoded[:rho]) && bytes.Equal(expanded[rho+k:rho+k+tr], sum)
}
