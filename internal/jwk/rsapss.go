package jwk

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"jwt/internal/asn1der"
	"jwt/internal/jwa"
)

// A pssKey is RSA key material with an algorithm identifier that restricts it to
// RSASSA-PSS (RFC 4055 §1.2): to PS256, PS384 and PS512, or to alg if it has parameters.
type pssKey struct {
	material any // *rsa.PublicKey or *rsa.PrivateKey
	alg      string
}

var (
	pssID = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10} // RFC 4055 §3.1
	mgf1  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
)

// pssParameters is RSASSA-PSS-params (RFC 4055 §3.1). The defaults are SHA-1 and a salt
// of 20 bytes.
type pssParameters struct {
	Hash    pkix.AlgorithmIdentifier `asn1:"optional,explicit,tag:0"`
	Mask    pkix.AlgorithmIdentifier `asn1:"optional,explicit,tag:1"`
	Salt    int                      `asn1:"optional,explicit,tag:2,default:20"`
	Trailer int                      `asn1:"optional,explicit,tag:3,default:1"`
}

// pssAlg returns the algorithm that the parameters of a key allow, "" for any. The salt
// of JWA is as long as the hash (RFC 7518 §3.5) and must not be shorter than the
// parameters require.
func pssAlg(parameters asn1.RawValue) (string, error) {
	if len(parameters.FullBytes) == 0 {
		return "", nil
	}
	var p pssParameters
	var mask pkix.AlgorithmIdentifier
	if !asn1der.Parse(parameters.FullBytes, &p) {
		return "", errBroken
	}
	sizes := map[string]int{"2.16.840.1.101.3.4.2.1": 256, "2.16.840.1.101.3.4.2.2": 384, "2.16.840.1.101.3.4.2.3": 512}
	bits := sizes[p.Hash.Algorithm.String()]
	sameMask := p.Mask.Algorithm.Equal(mgf1) && asn1der.Parse(p.Mask.Parameters.FullBytes, &mask) && mask.Algorithm.Equal(p.Hash.Algorithm)
	for _, alg := range []string{"PS256", "PS384", "PS512"} {
		if a, _ := jwa.Lookup(alg); 8*a.Hash.Size() == bits && sameMask && p.Salt <= a.Hash.Size() && p.Trailer == 1 {
			return alg, nil
		}
	}
	return "", errors.New("its RSASSA-PSS parameters require a hash, an MGF1 or a salt that PS256, PS384 and PS512 do not have (RFC 7518 §3.5)")
}

func parsePSSPublic(info publicInfo) (any, error) {
	alg, err := pssAlg(info.Algorithm.Parameters)
	if err != nil {
		return nil, err
	}
	public, err := x509.ParsePKCS1PublicKey(info.Key.Bytes)
	return pssKey{public, alg}, err
}

func parsePSSPrivate(info privateInfo) (any, error) {
	alg, err := pssAlg(info.Algorithm.Parameters)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS1PrivateKey(info.Key)
	return pssKey{private, alg}, err
}
