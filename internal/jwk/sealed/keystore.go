package sealed

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"

	"software.sslmate.com/src/go-pkcs12"
)

// A Keystore is what a PKCS #12 file holds, as .p12 and .pfx files do: a private key with its
// certificates, the leaf first, or certificates alone.
type Keystore struct {
	Private      any // nil if it has only certificates
	Certificates []*x509.Certificate
}

// OpenKeystore opens a PKCS #12 file. The error for a wrong password is ErrPassphrase.
func OpenKeystore(der []byte, password string) (Keystore, error) {
	if err := checkWork(der, nil); err != nil {
		return Keystore{}, err
	}
	parts, err := safeContents(der, password)
	if err == nil {
		err = checkWork(der, parts)
	}
	if err != nil {
		return Keystore{}, err
	}
	private, leaf, issuers, err := pkcs12.DecodeChain(der, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Keystore{}, ErrPassphrase
	case err == nil:
		return Keystore{private, append([]*x509.Certificate{leaf}, issuers...)}, nil
	}
	certificates := onlyCertificates(parts)
	if len(certificates) == 0 { // of a Java trust store with an old cipher
		certificates, _ = pkcs12.DecodeTrustStore(der, password)
	}
	if len(certificates) > 0 {
		return Keystore{Certificates: certificates}, nil
	}
	return Keystore{}, err
}

// deepestASN1 is more than the nesting of any PKCS #12 file.
const deepestASN1 = 24

// iterations returns the greatest number of iterations in the parameters of a PKCS #12 file that
// are not encrypted: an INTEGER after an OCTET STRING, the salt. The library sets no limit.
func iterations(der []byte, depth int) int64 {
	var most int64
	afterSalt := false
	for rest := der; len(rest) > 0; {
		var v asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			return most
		}
		isInteger := v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger
		isOctets := v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString
		if isInteger && afterSalt {
			most = max(most, integer(v.FullBytes))
		}
		if (v.IsCompound || isOctets) && depth < deepestASN1 { // octets may hold another structure
			most = max(most, iterations(v.Bytes, depth+1))
		}
		afterSalt = isOctets
	}
	return most
}

// integer returns the value of an INTEGER, and a very large one if it does not fit.
func integer(der []byte) int64 {
	var n int64
	if _, err := asn1.Unmarshal(der, &n); err != nil {
		return 1 << 62
	}
	return n
}
