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
	if certificates := onlyCertificates(parts); len(certificates) > 0 {
		return Keystore{Certificates: certificates}, nil
	}
	return Keystore{}, err
}

// deepestASN1 is more than the nesting of any PKCS #12 file.
const deepestASN1 = 24

// An effort is what the parameters of a PKCS #12 file ask for, in iterations.
type effort struct{ most, all int64 }

func (e *effort) add(n int64) {
	n = min(max(n, 0), 1<<40)
	e.most, e.all = max(e.most, n), e.all+n
}

// count counts the iterations in parameters that are not encrypted: an INTEGER after an OCTET STRING,
// the salt. The library sets no limit.
func (e *effort) count(der []byte, depth int) {
	afterSalt := false
	for rest := der; len(rest) > 0; {
		var v asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			return
		}
		isInteger := v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger
		isOctets := v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString
		if isInteger && afterSalt {
			e.add(integer(v.FullBytes))
		}
		if (v.IsCompound || isOctets) && depth < deepestASN1 { // octets may hold another structure
			e.count(v.Bytes, depth+1)
		}
		afterSalt = isOctets
	}
}

// integer returns the value of an INTEGER, and a very large one if it does not fit.
func integer(der []byte) int64 {
	var n int64
	if _, err := asn1.Unmarshal(der, &n); err != nil {
		return 1 << 62
	}
	return n
}
