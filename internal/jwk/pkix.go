package jwk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"

	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"jwt/internal/asn1der"
	"jwt/internal/jwa"
)

// The structures of keys that crypto/x509 does not read.
type (
	publicInfo struct { // SubjectPublicKeyInfo, RFC 5280 §4.1
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	privateInfo struct { // OneAsymmetricKey, RFC 5958 §2
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		Key        []byte
		Attributes asn1.RawValue  `asn1:"optional,tag:0"`
		Public     asn1.BitString `asn1:"optional,tag:1"`
	}
	ecPrivateKey struct { // RFC 5915 §3
		Version int
		Number  []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
)

var (
	ecPublicKeyID = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} // RFC 5480 §2.1.1
	secp256k1ID   = asn1.ObjectIdentifier{1, 3, 132, 0, 10}       // SEC 2 §2.4.1
	ed448ID       = asn1.ObjectIdentifier{1, 3, 101, 113}         // RFC 8410 §3
	mldsa44ID     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 17}
	mldsa65ID     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18} // RFC 9881 §2
	mldsa87ID     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 19}
)

var (
	errParameters = errors.New("its algorithm has parameters, which are not allowed")
	errHalves     = errors.New("the private and the public half do not belong together")
	errBroken     = errors.New("the key is damaged")
)

// kindOfID returns the kind of key for an algorithm identifier, and "" if crypto/x509
// reads it.
func kindOfID(id pkix.AlgorithmIdentifier) (string, error) {
	var curve asn1.ObjectIdentifier
	name := ""
	switch {
	case id.Algorithm.Equal(ecPublicKeyID):
		if asn1der.Parse(id.Parameters.FullBytes, &curve) && curve.Equal(secp256k1ID) {
			return "secp256k1", nil
		}
		return "", nil
	case id.Algorithm.Equal(pssID):
		return "RSASSA-PSS", nil
	case id.Algorithm.Equal(ed448ID):
		name = "Ed448"
	case id.Algorithm.Equal(mldsa44ID):
		name = "ML-DSA-44"
	case id.Algorithm.Equal(mldsa65ID):
		name = "ML-DSA-65"
	case id.Algorithm.Equal(mldsa87ID):
		name = "ML-DSA-87"
	}
	if name != "" && len(id.Parameters.FullBytes) > 0 {
		return "", errParameters
	}
	return name, nil
}

func parseSPKI(der []byte) (any, error) {
	var info publicInfo
	if !asn1der.Parse(der, &info) {
		return x509.ParsePKIXPublicKey(der)
	}
	kind, err := kindOfID(info.Algorithm)
	switch {
	case err != nil:
		return nil, err
	case info.Key.BitLength%8 != 0:
		return nil, errBroken
	case kind == "" && len(info.Key.Bytes) > 0 && info.Algorithm.Algorithm.Equal(ecPublicKeyID) && info.Key.Bytes[0]&^1 == 2:
		return compressed(info)
	case kind == "":
		return x509.ParsePKIXPublicKey(der)
	case kind == "RSASSA-PSS":
		return parsePSSPublic(info)
	case kind == "secp256k1":
		k, ok := secp256k1Point(info.Key.Bytes)
		if !ok {
			return nil, errors.New("the point is not on the curve secp256k1")
		}
		return k, nil
	case kind == "Ed448":
		return ed448.PublicKey(info.Key.Bytes), nil
	}
	scheme, _ := jwa.MLDSA(kind)
	return scheme.UnmarshalBinaryPublicKey(info.Key.Bytes)
}

// compressed reads a compressed point (RFC 5480 §2.2), x and the sign of y. crypto/x509
// does not support it.
func compressed(info publicInfo) (any, error) {
	var id asn1.ObjectIdentifier
	if !asn1der.Parse(info.Algorithm.Parameters.FullBytes, &id) {
		return nil, errBroken
	}
	curves := map[string]elliptic.Curve{
		"1.2.840.10045.3.1.7": elliptic.P256(), "1.3.132.0.34": elliptic.P384(), "1.3.132.0.35": elliptic.P521(),
	}
	curve, ok := curves[id.String()]
	if !ok {
		return nil, errors.New("the elliptic curve must be P-256, P-384, P-521 or secp256k1")
	}
	x, y := elliptic.UnmarshalCompressed(curve, info.Key.Bytes) // checks that the point is on the curve
	if x == nil {
		return nil, errors.New("the point is not on the curve " + curve.Params().Name)
	}
	size := len(info.Key.Bytes) - 1
	point := slices.Concat([]byte{4}, x.FillBytes(make([]byte, size)), y.FillBytes(make([]byte, size)))
	return ecdsa.ParseUncompressedPublicKey(curve, point)
}

func parsePKCS8(der []byte) (any, error) {
	var info privateInfo
	if !asn1der.Parse(der, &info) {
		return x509.ParsePKCS8PrivateKey(der)
	}
	kind, err := kindOfID(info.Algorithm)
	switch {
	case err != nil:
		return nil, err
	case kind == "":
		return x509.ParsePKCS8PrivateKey(der)
	case kind == "RSASSA-PSS":
		return parsePSSPrivate(info)
	case kind == "secp256k1":
		return parseSecp256k1(info.Key)
	case kind == "Ed448":
		return parseEd448(info)
	}
	scheme, _ := jwa.MLDSA(kind)
	return parseMLDSA(scheme, info.Key)
}

func parseSEC1(der []byte) (any, error) {
	var k ecPrivateKey
	if asn1der.Parse(der, &k) && k.Curve.Equal(secp256k1ID) {
		return parseSecp256k1(der)
	}
	return x509.ParseECPrivateKey(der)
}

// parseSecp256k1 reads an ECPrivateKey. Its curve may be in the structure around it.
func parseSecp256k1(der []byte) (any, error) {
	var k ecPrivateKey
	if !asn1der.Parse(der, &k) || k.Version != 1 || k.Curve != nil && !k.Curve.Equal(secp256k1ID) {
		return nil, errBroken
	}
	number := bytes.TrimLeft(k.Number, "\x00") // some writers pad it, some remove leading zeros
	padding := make([]byte, max(0, secp256k1Size-len(number)))
	private, ok := secp256k1Number(append(padding, number...))
	if !ok {
		return nil, errors.New("the private key is out of range for the curve secp256k1")
	}
	if k.Public.Bytes == nil {
		return private, nil
	}
	if public, ok := secp256k1Point(k.Public.Bytes); !ok || !public.IsEqual(private.PubKey()) {
		return nil, errHalves
	}
	return private, nil
}

// parseEd448 reads a CurvePrivateKey (RFC 8410 §7).
func parseEd448(info privateInfo) (any, error) {
	var seed []byte
	if !asn1der.Parse(info.Key, &seed) || len(seed) != ed448.SeedSize {
		return nil, errBroken
	}
	private := ed448.NewKeyFromSeed(seed)
	if public := info.Public.Bytes; public != nil && !private.Public().(ed448.PublicKey).Equal(ed448.PublicKey(public)) {
		return nil, errHalves
	}
	return private, nil
}

func marshalSPKI(material any) ([]byte, error) {
	id, bits := pkix.AlgorithmIdentifier{}, []byte(nil)
	switch m := material.(type) {
	case *secp256k1.PublicKey:
		id, bits = asn1der.AlgorithmID(ecPublicKeyID, secp256k1ID), m.SerializeUncompressed()
	case ed448.PublicKey:
		id.Algorithm, bits = ed448ID, m
	case sign.PublicKey: // ML-DSA
		id.Algorithm, bits = mldsaID(m.Scheme()), mldsaPublic(m)
	default:
		return x509.MarshalPKIXPublicKey(material)
	}
	return asn1.Marshal(publicInfo{id, asn1.BitString{Bytes: bits, BitLength: 8 * len(bits)}})
}

func marshalPKCS8(material any) ([]byte, error) {
	info, err := privateInfo{}, error(nil)
	switch m := material.(type) {
	case *secp256k1.PrivateKey:
		info.Algorithm = asn1der.AlgorithmID(ecPublicKeyID, secp256k1ID)
		info.Key, err = asn1.Marshal(secp256k1Private(m, nil))
	case ed448.PrivateKey:
		info.Algorithm.Algorithm = ed448ID
		info.Key, err = asn1.Marshal(m.Seed())
	case sign.PrivateKey: // ML-DSA
		info.Algorithm.Algorithm = mldsaID(m.Scheme())
		info.Key, err = asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: mldsaSeed(m)}) // only the seed
	default:
		return x509.MarshalPKCS8PrivateKey(material)
	}
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(info)
}

func marshalSEC1(material any) ([]byte, error) {
	if m, ok := material.(*secp256k1.PrivateKey); ok {
		return asn1.Marshal(secp256k1Private(m, secp256k1ID))
	}
	return x509.MarshalECPrivateKey(material.(*ecdsa.PrivateKey))
}

func secp256k1Private(k *secp256k1.PrivateKey, curve asn1.ObjectIdentifier) ecPrivateKey {
	point := k.PubKey().SerializeUncompressed()
	return ecPrivateKey{1, k.Serialize(), curve, asn1.BitString{Bytes: point, BitLength: 8 * len(point)}}
}

// certified returns the public key of a certificate.
func certified(c *x509.Certificate) (any, error) {
	if c.PublicKey != nil {
		return c.PublicKey, nil
	}
	return parseSPKI(c.RawSubjectPublicKeyInfo)
}
