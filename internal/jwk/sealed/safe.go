package sealed

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"jwt/internal/asn1der"
	"jwt/internal/verdict"
)

// Object identifiers of PKCS #12 (RFC 7292) in dotted form.
const (
	oidData            = "1.2.840.113549.1.7.1"
	oidEncryptedData   = "1.2.840.113549.1.7.6"
	oidCertificateBag  = "1.2.840.113549.1.12.10.1.3"
	oidX509Certificate = "1.2.840.113549.1.9.22.1"
)

// contentInfo is ContentInfo (RFC 7292 §4).
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"` // its Bytes are the value
}

// encryptedContent is EncryptedData (RFC 5652 §8).
type encryptedContent struct {
	Version int
	Info    struct {
		Type      asn1.ObjectIdentifier
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte `asn1:"optional,tag:0"`
	}
}

// safeBag is SafeBag (RFC 7292 §4.2).
type safeBag struct {
	ID         asn1.ObjectIdentifier
	Value      asn1.RawValue   `asn1:"explicit,tag:0"` // as above
	Attributes []asn1.RawValue `asn1:"optional,set"`
}

// safeContents returns the bags of a PKCS #12 file that this passphrase opens, part by part. It
// leaves out the parts of an unknown cipher, and those of another passphrase.
// The library reads keys; this reads what it does not: certificates alone, and how much work the
// keys inside an encrypted part ask for.
func safeContents(der []byte, passphrase string) ([][]byte, error) {
	var file struct {
		Version int
		Safe    contentInfo
		MAC     asn1.RawValue `asn1:"optional"`
	}
	var safe []byte
	var parts []contentInfo
	if _, err := asn1.Unmarshal(der, &file); err != nil || !asn1der.Parse(file.Safe.Content.Bytes, &safe) {
		return nil, nil
	}
	if _, err := asn1.Unmarshal(safe, &parts); err != nil {
		return nil, nil
	}
	var all [][]byte
	left := 3 * maxIterations
	for _, p := range parts {
		part, err := p.open(passphrase, &left)
		if err != nil {
			return nil, err
		}
		all = append(all, part)
	}
	return all, nil
}

// open returns the bags of a part, or nil if it cannot open it. left is the work that the file may still
// ask for: that of scrypt is not in its iterations.
func (c contentInfo) open(passphrase string, left *int) ([]byte, error) {
	var plain []byte
	var sealed encryptedContent
	switch c.Type.String() {
	case oidData:
		asn1der.Parse(c.Content.Bytes, &plain)
		return plain, nil
	case oidEncryptedData:
		if !asn1der.Parse(c.Content.Bytes, &sealed) {
			return nil, nil
		}
		if sealed.Info.Algorithm.Algorithm.String() != oidPBES2 {
			return openOld(sealed.Info.Algorithm, sealed.Info.Data, passphrase)
		}
	default:
		return nil, nil
	}
	p, err := newData(sealed.Info.Algorithm, sealed.Info.Data)
	if err != nil {
		return nil, err
	}
	if *left -= p.Work; *left < 0 {
		return nil, verdict.Errorf(verdict.LimitExceeded, "the PKCS#12 file asks for too much work in all")
	}
	plain, err = p.Open([]byte(passphrase))
	if errors.Is(err, ErrPassphrase) {
		return nil, nil
	}
	return plain, err
}

// onlyCertificates returns the certificates in the opened parts, or nil if a key is there too.
func onlyCertificates(parts [][]byte) []*x509.Certificate {
	var all []*x509.Certificate
	for _, part := range parts {
		var bags []safeBag
		if _, err := asn1.Unmarshal(part, &bags); err != nil {
			continue
		}
		for _, b := range bags {
			if b.ID.String() != oidCertificateBag {
				return nil
			}
			if c, err := b.certificate(); err == nil {
				all = append(all, c)
			}
		}
	}
	return all
}

// certificate returns the certificate in the bag.
func (b safeBag) certificate() (*x509.Certificate, error) {
	var bag struct {
		Type asn1.ObjectIdentifier
		Data []byte `asn1:"explicit,tag:0"`
	}
	if !asn1der.Parse(b.Value.Bytes, &bag) || bag.Type.String() != oidX509Certificate {
		return nil, errors.New("the bag has no X.509 certificate")
	}
	return x509.ParseCertificate(bag.Data)
}

// checkWork refuses a PKCS #12 file whose keys ask for too many iterations, each or together, in the
// parameters that are visible or in those of the opened parts. The library sets no limit.
func checkWork(der []byte, opened [][]byte) error {
	const most = 8 * maxIterations // of a file: its key, certificates and MAC, with room
	var e effort
	e.count(der, 0)
	for _, part := range opened {
		e.count(part, 0)
	}
	switch {
	case e.most > maxIterations:
		return verdict.Errorf(verdict.LimitExceeded, "the PKCS#12 file asks for %d iterations, the limit is %d", e.most, maxIterations)
	case e.all > most:
		return verdict.Errorf(verdict.LimitExceeded, "the PKCS#12 file asks for %d iterations in all, the limit is %d", e.all, most)
	}
	return nil
}
