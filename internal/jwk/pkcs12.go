package jwk

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"

	"software.sslmate.com/src/go-pkcs12"

	"jwt/internal/verdict"
)

// keystoreKey reads the private key of a PKCS #12 file (RFC 7292), as .p12 and .pfx files hold
// it, with its certificates. A file with certificates alone gives the key of the first one. The
// empty password is tried first, because many files have it.
func (r *reader) keystoreKey(der []byte) (Key, error) {
	if err := checkWork(der, nil); err != nil {
		return Key{}, err
	}
	password := ""
	k, err := openKeystore(der, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		given, askErr := r.Ask("the PKCS#12 file", maxWork/20)
		if askErr != nil {
			return Key{}, askErr
		}
		k, err = openKeystore(der, string(given))
	}
	var own *verdict.Error
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Key{}, verdict.Errorf(verdict.KeyUnreadable, "the passphrase does not open the PKCS#12 file")
	case errors.As(err, &own), err == nil:
		return k, err
	}
	return Key{}, verdict.Errorf(verdict.KeyUnreadable, "the PKCS#12 file cannot be read: %s", withoutPackage(err)).
		Hintf("openssl pkcs12 -in STORE -nodes -out KEY.pem, with -legacy for an old one")
}

func openKeystore(der []byte, password string) (Key, error) {
	parts, err := safeContents(der, password)
	if err == nil {
		err = checkWork(der, parts)
	}
	if err != nil {
		return Key{}, err
	}
	private, leaf, issuers, err := pkcs12.DecodeChain(der, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return Key{}, err
	case err != nil:
		certificates := onlyCertificates(parts)
		if len(certificates) == 0 { // of a Java trust store with an old cipher
			certificates, _ = pkcs12.DecodeTrustStore(der, password)
		}
		if len(certificates) == 0 {
			return Key{}, err
		}
		return certificateKey(certificates[:1])
	}
	k, err := New(private)
	if err != nil {
		return Key{}, err
	}
	k.Format = string(pkcs12Format)
	if leaf != nil && k.matches(leaf) {
		k.Certificates = append([]*x509.Certificate{leaf}, issuers...)
	}
	return k, nil
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
