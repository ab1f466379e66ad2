package jwk

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"

	"jwt/internal/base64url"
)

// certificates reads "x5c" and compares it and the certificate thumbprints with the key
// (RFC 7517 §4.7 to §4.9). None of them decides anything, so that a wrong one is a flaw of
// the key, but a certificate for another key or a thumbprint of another certificate refuses
// it. Warnings reports certificates that
// are not valid.
func (m members) certificates(k *Key) error {
	if _, _, err := m.text("x5u"); err != nil && !m.isNull("x5u") {
		m.flaw("%s", err)
	}
	m.thumbprintOf("x5t", sha1.Size, "7517 §4.8")
	m.thumbprintOf("x5t#S256", sha256.Size, "7517 §4.9")
	chain, err := m.chain()
	switch {
	case err != nil:
		m.flaw("%s", err)
		return nil
	case len(chain) == 0:
		return nil
	case !k.matches(chain[0]):
		return invalid("x5c: the first certificate is for another key (RFC 7517 §4.7)")
	}
	k.Certificates = chain
	sum1, sum256 := sha1.Sum(chain[0].Raw), sha256.Sum256(chain[0].Raw)
	for _, sum := range []struct {
		name string
		sum  []byte
	}{{"x5t", sum1[:]}, {"x5t#S256", sum256[:]}} {
		if text, _ := m.o.Text(sum.name); len(text) == len(base64url.Encode(sum.sum)) && text != base64url.Encode(sum.sum) {
			return invalid("%s: is not the thumbprint of the first certificate in x5c", sum.name)
		}
	}
	return nil
}

// chain returns the certificates of "x5c"; none if it is absent, null or empty.
func (m members) chain() ([]*x509.Certificate, error) {
	v, ok := m.o.Get("x5c")
	if !ok || m.isNull("x5c") {
		return nil, nil
	}
	texts, ok := v.Texts()
	if !ok || len(texts) == 0 {
		return nil, invalid("x5c: must be an array of strings and not empty (RFC 7517 §4.7)")
	}
	chain := make([]*x509.Certificate, len(texts))
	for i, text := range texts {
		der, err := base64.StdEncoding.Strict().DecodeString(text) // not base64url (RFC 7517 §4.7)
		if err != nil || strings.ContainsAny(text, "\r\n") {       // encoding/base64 skips line breaks, even when strict
			return nil, invalid("x5c[%d]: is not base64 (the standard alphabet, padded: RFC 7517 §4.7)", i)
		}
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, invalid("x5c[%d]: is not a certificate: %s", i, withoutPackage(err))
		}
	}
	return chain, nil
}

// thumbprintOf checks the length of a certificate thumbprint, if it is present.
func (m members) thumbprintOf(name string, size int, section string) {
	if !m.has(name) || m.isNull(name) {
		return
	}
	if b, err := m.exactly(size, name, section); err != nil {
		if len(b) == 2*size && anyHex(b) != nil {
			err = invalid("%s: is the hexadecimal text of a thumbprint, must be its %d bytes (RFC %s)", name, size, section)
		}
		m.flaw("%s", err)
	}
}

// matches reports whether the certificate is for the key.
func (k Key) matches(c *x509.Certificate) bool {
	of, err := certificateKey([]*x509.Certificate{c})
	return err == nil && of.Thumbprint() == k.Thumbprint()
}

// chains sorts certificates of any order into chains, from the certificate of a key up
// through its issuers. The key of a certificate that issued another one does not verify
// tokens.
func chains(certificates []*x509.Certificate) [][]*x509.Certificate {
	issuers := make(map[*x509.Certificate]*x509.Certificate)
	issued := make(map[*x509.Certificate]bool)
	bySubject := make(map[string][]*x509.Certificate)
	for _, c := range certificates {
		bySubject[string(c.RawSubject)] = append(bySubject[string(c.RawSubject)], c)
	}
	for _, c := range certificates {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			continue
		}
		for _, issuer := range bySubject[string(c.RawIssuer)] {
			if mayIssue(issuer, c) {
				issuers[c], issued[issuer] = issuer, true // including copies of the issuer
			}
		}
	}
	var all [][]*x509.Certificate
	for _, c := range certificates {
		if issued[c] && len(issued) < len(certificates) { // otherwise the certificates issued each other in a circle
			continue
		}
		chain := []*x509.Certificate{c}
		for next := issuers[c]; next != nil && len(chain) <= maxChain; next = issuers[next] {
			chain = append(chain, next)
		}
		all = append(all, chain)
	}
	return all
}

// maxChain limits the length of a chain.
const maxChain = 16

// mayIssue distinguishes issuers of the same name by their key identifier (RFC 5280
// §4.2.1.1).
func mayIssue(issuer, c *x509.Certificate) bool {
	return len(c.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, issuer.SubjectKeyId)
}
