// Package chain builds the certificate chain in the header of a token ("x5c", RFC 7515 §4.1.6) to
// anchors that the caller trusts (RFC 5280 §6). Without anchors x5c is not a source of keys.
package chain

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Source is the Source of the key of a leaf certificate.
const Source = "the token's x5c"

// maxCertificates limits the length of x5c. A longer one costs time, and no issuer has one.
const maxCertificates = 16

// Anchors are the certificates that a chain must reach, and what its leaf must be for.
type Anchors struct {
	Roots *x509.CertPool
	Name  string // of the leaf: a DNS name, URI, e-mail address or common name; "" for any
	Usage Usage  // the zero Usage allows any
}

// A Chain is a certificate chain that reaches an anchor, the leaf first.
type Chain struct {
	Key          jwk.Key // of the leaf
	Certificates []*x509.Certificate
}

// Subjects returns the subjects of the certificates.
func (c Chain) Subjects() []string {
	var names []string
	for _, cert := range c.Certificates {
		names = append(names, cert.Subject.String())
	}
	return names
}

// Of returns the chain of the certificates in a token's header, checked at an instant. Revocation is not checked. The errors are
// of class chain_invalid.
func (a Anchors) Of(header jsonobject.Object, at time.Time) (Chain, error) {
	certificates, err := parseHeader(header)
	if err != nil {
		return Chain{}, err
	}
	leaf := certificates[0]
	if err := a.checkLeaf(leaf); err != nil {
		return Chain{}, err
	}
	intermediates := x509.NewCertPool()
	for _, c := range certificates[1:] {
		intermediates.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: a.Roots, Intermediates: intermediates, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return Chain{}, explain(err)
	}
	chains = slices.DeleteFunc(chains, func(c []*x509.Certificate) bool { return !a.Usage.nests(c) })
	if len(chains) == 0 {
		return Chain{}, invalid("an issuer of the leaf %s must not certify %s: its own extended key usage lacks it", quoted(leaf), a.Usage.name)
	}
	if a.Name != "" && !isAlternative(leaf, a.Name) && slices.ContainsFunc(chains[0][1:], isConstrained) {
		return Chain{}, invalid("only the common name of the leaf is %s, to which the name constraints of its issuers do not apply (RFC 5280 §4.2.1.10)", phrase.Quote(a.Name))
	}
	key, err := jwk.New(leaf.PublicKey)
	if err != nil {
		return Chain{}, invalid("the key of the leaf cannot be used: %w", err)
	}
	key.Source, key.Format, key.Certificates = Source, "X.509 certificate", chains[0]
	return Chain{Key: key, Certificates: chains[0]}, nil
}

func invalid(format string, args ...any) *verdict.Error {
	return verdict.Errorf(verdict.ChainInvalid, "x5c: "+format, args...)
}

// parseHeader reads the certificates in the header.
func parseHeader(header jsonobject.Object) ([]*x509.Certificate, error) {
	v, ok := header.Get("x5c")
	if !ok {
		return nil, invalid("is missing, so no chain reaches a trust anchor")
	}
	texts, ok := v.Texts()
	switch {
	case !ok || len(texts) == 0:
		return nil, invalid("is not a list of certificates (RFC 7515 §4.1.6)")
	case len(texts) > maxCertificates:
		return nil, invalid("has %d certificates, the limit is %d", len(texts), maxCertificates)
	}
	var certificates []*x509.Certificate
	for i, text := range texts {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, invalid("[%d]: is not Base64 (RFC 7515 §4.1.6)", i)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, invalid("[%d]: is not a certificate", i)
		}
		certificates = append(certificates, c)
	}
	return certificates, nil
}

// checkLeaf refuses a leaf that must not sign, is for another use, or has another name.
// crypto/x509 does not ask for digitalSignature (RFC 5280 §4.2.1.3).
func (a Anchors) checkLeaf(leaf *x509.Certificate) error {
	switch {
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return invalid("the leaf %s must not sign: its key usage lacks digitalSignature (RFC 5280 §4.2.1.3)", quoted(leaf))
	case leaf.IsCA:
		return invalid("the leaf %s is a certificate authority", quoted(leaf))
	case !a.Usage.allows(leaf):
		return invalid("the leaf %s is not for %s", quoted(leaf), a.Usage.name)
	case a.Name != "" && !isNamed(leaf, a.Name):
		return invalid("the leaf is %s, want the name %s", quoted(leaf), phrase.Quote(a.Name))
	}
	return nil
}

func quoted(c *x509.Certificate) string { return phrase.Quote(c.Subject.String()) }

// isNamed reports whether a certificate has a name: a DNS name, with wildcards, or exactly a URI,
// an e-mail address or the common name.
func isNamed(c *x509.Certificate, name string) bool {
	return c.Subject.CommonName == name || isAlternative(c, name)
}

// isAlternative reports whether a certificate has the name as a subject alternative name, which
// name constraints apply to.
func isAlternative(c *x509.Certificate, name string) bool {
	isURI := func(u *url.URL) bool { return u.String() == name }
	return c.VerifyHostname(name) == nil || slices.Contains(c.EmailAddresses, name) || slices.ContainsFunc(c.URIs, isURI)
}

// isConstrained reports whether a certificate constrains the names of those below it.
func isConstrained(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidNameConstraints) })
}

// oidNameConstraints is the identifier of the extension.
var oidNameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}

// explain returns why crypto/x509 refused a chain.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	var wrong x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return invalid("the chain does not reach a trust anchor")
	case errors.As(err, &wrong) && wrong.Reason == x509.Expired:
		return invalid("the certificate %s is valid from %s to %s", quoted(wrong.Cert), day(wrong.Cert.NotBefore), day(wrong.Cert.NotAfter)).
			Hintf("--at TIME builds the chain as of then")
	}
	return invalid("%s", strings.TrimPrefix(err.Error(), "x509: "))
}

func day(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// A Usage is an extended key usage (RFC 5280 §4.2.1.12).
type Usage struct {
	name string
	oid  asn1.ObjectIdentifier
}

// usages are the names of the usages of RFC 5280, as OpenSSL writes them.
var usages = []struct{ name, oid string }{
	{"serverAuth", "1.3.6.1.5.5.7.3.1"},
	{"clientAuth", "1.3.6.1.5.5.7.3.2"},
	{"codeSigning", "1.3.6.1.5.5.7.3.3"},
	{"emailProtection", "1.3.6.1.5.5.7.3.4"},
	{"timeStamping", "1.3.6.1.5.5.7.3.8"},
	{"OCSPSigning", "1.3.6.1.5.5.7.3.9"},
}

// UsageNames returns the names that ParseUsage knows.
func UsageNames() []string {
	var names []string
	for _, u := range usages {
		names = append(names, u.name)
	}
	return names
}

// ParseUsage reads the name of a usage or its object identifier, like 1.2.840.113635.100.6.11.1.
func ParseUsage(text string) (Usage, error) {
	dotted := text
	for _, u := range usages {
		if u.name == text {
			dotted = u.oid
		}
	}
	var oid asn1.ObjectIdentifier
	for part := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return Usage{}, verdict.Errorf(verdict.Usage, "%s is not an extended key usage", phrase.Quote(text)).
				Hintf("one of %s, or an object identifier", strings.Join(UsageNames(), " "))
		}
		oid = append(oid, int(n))
	}
	return Usage{name: text, oid: oid}, nil
}

// The identifiers of the extension, and of the usage in it that stands for any.
var (
	oidExtendedKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidAnyUsage         = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

// allows reports whether the certificate lists the usage, as itself or as one of Apple's markers,
// which are extensions of their own.
func (u Usage) allows(c *x509.Certificate) bool {
	if u.oid == nil {
		return true
	}
	marked := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(u.oid) })
	return marked || slices.ContainsFunc(listed(c), u.oid.Equal)
}

// nests reports whether the issuers may certify the usage: each that lists usages lists it, or any
// usage, as crypto/x509 reads them. Without it an authority for servers could issue a certificate
// that signs code. A marker is not a usage.
func (u Usage) nests(chain []*x509.Certificate) bool {
	if u.oid == nil || !slices.ContainsFunc(listed(chain[0]), u.oid.Equal) {
		return true
	}
	certifies := func(oid asn1.ObjectIdentifier) bool { return oid.Equal(u.oid) || oid.Equal(oidAnyUsage) }
	return !slices.ContainsFunc(chain[1:], func(c *x509.Certificate) bool {
		usages := listed(c)
		return len(usages) > 0 && !slices.ContainsFunc(usages, certifies)
	})
}

// listed returns the extended key usages of a certificate.
func listed(c *x509.Certificate) []asn1.ObjectIdentifier {
	var usages []asn1.ObjectIdentifier
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtendedKeyUsage) {
			_, _ = asn1.Unmarshal(e.Value, &usages) // crypto/x509 has read it
		}
	}
	return usages
}

// ParseAnchors reads certificates in PEM or one in DER.
func ParseAnchors(data []byte) ([]*x509.Certificate, error) {
	if c, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{c}, nil
	}
	var all []*x509.Certificate
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, verdict.Errorf(verdict.KeyUnreadable, "has a %s, want certificates alone", phrase.Short(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, verdict.Errorf(verdict.KeyUnreadable, "certificate %d cannot be read", len(all)+1)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
			return nil, verdict.Errorf(verdict.KeyUnreadable, "is JSON, want a certificate in PEM or DER")
		}
		return nil, verdict.Errorf(verdict.KeyUnreadable, "has no certificate in PEM or DER")
	}
	return all, nil
}
