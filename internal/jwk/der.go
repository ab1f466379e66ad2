package jwk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"

	"jwt/internal/asn1der"
	"jwt/internal/verdict"
)

// A structure is the usual name of a DER structure that contains a key.
type structure string

const (
	spki         structure = "SPKI"             // SubjectPublicKeyInfo, RFC 5280 §4.1
	pkcs1        structure = "PKCS#1"           // RSAPrivateKey, RFC 8017 App. A.1.2
	pkcs1Pub     structure = "PKCS#1 public"    // RSAPublicKey, RFC 8017 App. A.1.1
	pkcs8        structure = "PKCS#8"           // PrivateKeyInfo, RFC 5958
	encrypted    structure = "encrypted PKCS#8" // EncryptedPrivateKeyInfo, RFC 5958 §3
	sec1         structure = "SEC 1"            // ECPrivateKey, RFC 5915
	x509Cert     structure = "X.509 certificate"
	pkcs12Format structure = "PKCS#12"
	pkcs7        structure = "PKCS#7"
)

func (s structure) private() bool {
	return s == pkcs1 || s == pkcs8 || s == encrypted || s == sec1
}

// structureOf detects the structure of a DER SEQUENCE from the types of its elements,
// which it also returns.
func structureOf(der []byte) (structure, []asn1.RawValue) {
	var outer asn1.RawValue
	if !asn1der.Parse(der, &outer) || outer.Tag != asn1.TagSequence {
		return "", nil
	}
	var elements []asn1.RawValue
	types := ""
	const most = 12 // more than any structure here has
	for rest := outer.Bytes; len(rest) > 0 && len(elements) < most; {
		var v asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			return "", nil
		}
		elements = append(elements, v)
		types += elementType(v)
	}
	for _, s := range structures {
		if types == s.types || s.more && strings.HasPrefix(types, s.types) {
			return s.structure, elements
		}
	}
	return "", nil
}

// structures lists the structures by the types of their elements, as elementType writes them.
var structures = []struct {
	types     string
	more      bool // others may follow
	structure structure
}{
	{"SB", false, spki},
	{"SO", false, encrypted},
	{"II", false, pkcs1Pub},
	{"IIIIIIIII", true, pkcs1},
	{"ISO", true, pkcs8},
	{"IO", true, sec1},
	{"SSB", false, x509Cert},
	{"IS", true, pkcs12Format},
	{"o", true, pkcs7},
}

func elementType(v asn1.RawValue) string {
	if v.Class != asn1.ClassUniversal {
		return "-"
	}
	switch v.Tag {
	case asn1.TagInteger:
		return "I"
	case asn1.TagSequence:
		return "S"
	case asn1.TagOctetString:
		return "O"
	case asn1.TagBitString:
		return "B"
	case asn1.TagOID:
		return "o"
	default:
		return "-"
	}
}

// der reads the key of a DER structure; wrapping names its encoding.
func (r *reader) der(wrapping string, der []byte) (Key, error) {
	kind, elements := structureOf(der)
	if kind == x509Cert {
		c, err := parseCertificate(der)
		if err != nil {
			return Key{}, err
		}
		return certificateKey([]*x509.Certificate{c})
	}
	if kind == pkcs12Format {
		return r.keystoreKey(der)
	}
	k, err := r.keyOf(kind, elements, der)
	if err != nil {
		return Key{}, err
	}
	k.Format = wrapping + " " + string(kind)
	return k, nil
}

func parseCertificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err == nil {
		return c, nil
	}
	if _, isRequest := x509.ParseCertificateRequest(der); isRequest == nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "this is a certificate request, not a certificate: no authority has signed it")
	}
	return nil, verdict.Errorf(verdict.KeyRefused, "the certificate cannot be read: %s", withoutPackage(err))
}

// certificateKey returns the public key of the first certificate of a chain.
func certificateKey(chain []*x509.Certificate) (Key, error) {
	material, err := certified(chain[0])
	if err != nil {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "the certificate is for a kind of key that no supported algorithm uses")
	}
	k, err := New(material)
	if err != nil {
		return Key{}, err
	}
	k.Format, k.Certificates = string(x509Cert), chain
	return k, nil
}

func (r *reader) keyOf(kind structure, elements []asn1.RawValue, der []byte) (Key, error) {
	var material any
	var err error
	switch kind {
	case spki:
		material, err = parseSPKI(der)
	case pkcs1Pub:
		material, err = x509.ParsePKCS1PublicKey(der)
	case pkcs1:
		if err := checkPKCS1(elements); err != nil {
			return Key{}, err
		}
		material, err = x509.ParsePKCS1PrivateKey(der)
	case pkcs8:
		inner, parts := structureOf(elements[2].Bytes)
		if inner == pkcs1 {
			if err := checkPKCS1(parts); err != nil {
				return Key{}, err
			}
		}
		material, err = parsePKCS8(der)
		if err == nil {
			err = checkSEC1(parts, material)
		}
	case sec1:
		if material, err = parseSEC1(der); err == nil {
			err = checkSEC1(elements, material)
		}
	case encrypted:
		return r.encryptedPKCS8(der)
	case pkcs7:
		return Key{}, bundled("DER")
	default:
		return Key{}, verdict.Errorf(verdict.KeyRefused, "the DER is not a key or certificate")
	}
	if err != nil {
		return Key{}, unusable(kind, elements, err)
	}
	return New(material)
}

// bundled returns the error for a PKCS#7 bundle in DER or PEM.
func bundled(form string) error {
	return verdict.Errorf(verdict.KeyUnreadable, "this is a PKCS#7 bundle, which is not supported").
		Hintf("openssl pkcs7 -print_certs -inform %s -in BUNDLE -out CERTIFICATES.pem", form)
}

// unusable returns the name of the kind of key that crypto/x509 does not support, or the
// message of crypto/x509, which contains types and object identifiers and never the
// content.
func unusable(kind structure, elements []asn1.RawValue, err error) error {
	algorithm := elements[0] // of SPKI
	if kind == pkcs8 {
		algorithm = elements[1]
	}
	var id struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	if _, bad := asn1.Unmarshal(algorithm.FullBytes, &id); bad == nil || kind == sec1 {
		name := algorithmName(id.Algorithm)
		var curve asn1.ObjectIdentifier
		if _, bad := asn1.Unmarshal(id.Parameters.FullBytes, &curve); bad == nil && name == "" {
			name = algorithmName(curve)
		}
		if explicitCurve(kind, elements, id.Algorithm, id.Parameters) {
			return verdict.Errorf(verdict.KeyRefused, "the %s key spells out the parameters of its curve; only named curves are accepted", kind).
				Hintf("openssl pkey -in KEY -ec_param_enc named_curve -out NEW.pem (with -pubin for a public key)")
		}
		if name != "" {
			return verdict.Errorf(verdict.KeyRefused, "the %s key is for %s, which no supported algorithm uses", kind, name)
		}
	}
	return verdict.Errorf(verdict.KeyRefused, "the %s key cannot be used: %s", kind, withoutPackage(err))
}

// explicitCurve reports whether the curve of an EC key is written as its parameters, which
// lets an attacker choose a weak one (RFC 5480 §2.1.1 forbids it).
func explicitCurve(kind structure, elements []asn1.RawValue, algorithm asn1.ObjectIdentifier, parameters asn1.RawValue) bool {
	if kind == sec1 {
		for _, v := range elements[2:] {
			if v.Class == asn1.ClassContextSpecific && v.Tag == 0 && len(v.Bytes) > 0 {
				return v.Bytes[0] == 0x30
			}
		}
		return false
	}
	return algorithm.String() == "1.2.840.10045.2.1" && parameters.Tag == asn1.TagSequence && parameters.Class == asn1.ClassUniversal && len(parameters.FullBytes) > 100
}

// algorithmName returns the name of a kind of key that crypto/x509 does not read.
func algorithmName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "1.2.840.10040.4.1":
		return "DSA"
	case "1.3.101.111":
		return "X448"
	}
	return ""
}

// checkPKCS1 checks the size of an RSA private key, before crypto/rsa does work that
// grows with it and to report a weak key as such.
func checkPKCS1(elements []asn1.RawValue) error {
	bits := bitLen(elements[1].Bytes)
	if err := checkRSABits(bits); err != nil {
		return err
	}
	for _, v := range elements[2:9] {
		if bitLen(v.Bytes) > bits {
			return verdict.Errorf(verdict.KeyRefused, "the RSA private key does not belong to its modulus")
		}
	}
	if len(elements) > 9 {
		return verdict.Errorf(verdict.KeyRefused, "RSA keys of more than two primes are not accepted")
	}
	return nil
}

// checkSEC1 compares the optional public key inside a private one (RFC 5915 §3), which
// crypto/x509 ignores. A difference shows that the key is damaged.
func checkSEC1(elements []asn1.RawValue, material any) error {
	k, ok := material.(*ecdsa.PrivateKey)
	if !ok {
		return nil
	}
	point, err := k.PublicKey.Bytes()
	if err != nil || len(elements) == 0 {
		return errors.New("the private key is damaged")
	}
	for _, v := range elements[2:] {
		if v.Class != asn1.ClassContextSpecific || v.Tag > 1 {
			return errors.New("the private key is damaged")
		}
		if v.Tag == 0 {
			continue // the curve
		}
		var written asn1.BitString
		exact := asn1der.Parse(v.Bytes, &written)
		if compressed := len(written.Bytes) < len(point); !exact || !compressed && !bytes.Equal(written.Bytes, point) {
			return errors.New("the private and the public half do not belong together")
		}
	}
	return nil
}

// bitLen returns the length in bits of a big-endian number. For a negative number the
// result is too large.
func bitLen(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	n := 8 * len(b)
	if n == 0 {
		return 0
	}
	for mask := byte(0x80); b[0]&mask == 0; mask >>= 1 {
		n--
	}
	return n
}
