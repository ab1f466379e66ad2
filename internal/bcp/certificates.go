package bcp

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// MaxCertificates is the number of certificates of x5c that are read.
const MaxCertificates = 16

// Certificates returns the certificates in x5c (RFC 7515 §4.1.6), the signer's first. With
// an error it returns those before the invalid one. The certificates are not trusted.
func Certificates(header jsonobject.Object) ([]*x509.Certificate, error) {
	v, ok := header.Get("x5c")
	if !ok {
		return nil, nil
	}
	texts, ok := v.Texts()
	if !ok || len(texts) == 0 {
		return nil, errors.New("x5c must be an array of strings and not empty")
	}
	var certs []*x509.Certificate
	for i, text := range texts {
		if i == MaxCertificates {
			return certs, fmt.Errorf("x5c has %d certificates, only %d are read", len(texts), MaxCertificates)
		}
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return certs, fmt.Errorf("x5c[%d] is not standard Base64", i)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return certs, fmt.Errorf("x5c[%d] is not a certificate", i)
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

func x5cMalformed(r *inspection) []hit {
	if r.CertificatesErr == nil {
		return nil
	}
	return oneHit(Header, "x5c", r.CertificatesErr.Error())
}

func x5tMalformed(r *inspection) []hit {
	if len(r.Certificates) > 0 {
		return nil // x5tMismatch compares them
	}
	var hits []hit
	for _, t := range [...]struct {
		name string
		size int
	}{{"x5t", sha1.Size}, {"x5t#S256", sha256.Size}} {
		v, text, ok := get(r.Header, t.name)
		if !ok || v.Kind() != '"' {
			continue
		}
		sum, err := base64url.Decode(text)
		_, noHex := hex.DecodeString(string(sum))
		switch {
		case err != nil:
			hits = append(hits, hit{Header, t.name, "it is not base64url"})
		case len(sum) == 2*t.size && noHex == nil:
			hits = append(hits, hit{Header, t.name, fmt.Sprintf("it has %d bytes of hexadecimal text, must be %d bytes", len(sum), t.size)})
		case len(sum) != t.size:
			hits = append(hits, hit{Header, t.name, fmt.Sprintf("it has %s, must be %d", phrase.Count(len(sum), "byte"), t.size)})
		}
	}
	return hits
}

func x5tMismatch(r *inspection) []hit {
	if len(r.Certificates) == 0 {
		return nil
	}
	der := r.Certificates[0].Raw
	sum1, sum256 := sha1.Sum(der), sha256.Sum256(der)
	var hits []hit
	for _, t := range [...]struct {
		name string
		sum  []byte
	}{{"x5t", sum1[:]}, {"x5t#S256", sum256[:]}} {
		v, text, ok := get(r.Header, t.name)
		if !ok || v.Kind() != '"' {
			continue
		}
		if want := base64url.Encode(t.sum); text != want {
			hits = append(hits, hit{Header, t.name, "it is " + phrase.Quote(text) + ", the first certificate's is " + want})
		}
	}
	return hits
}

func certificateExpired(r *inspection) []hit {
	var hits []hit
	for i, c := range r.Certificates {
		name := certificateName(c)
		switch {
		case r.Now.After(c.NotAfter):
			hits = append(hits, hit{Key, x5cMember(i), name + " expired " + c.NotAfter.UTC().Format(time.RFC3339)})
		case r.Now.Before(c.NotBefore):
			hits = append(hits, hit{Key, x5cMember(i), name + " is valid from " + c.NotBefore.UTC().Format(time.RFC3339)})
		}
	}
	return hits
}

func certificateWeakHash(r *inspection) []hit {
	var hits []hit
	for i, c := range r.Certificates {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			continue // a self-signature protects nothing
		}
		switch c.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			hits = append(hits, hit{Key, x5cMember(i), certificateName(c) + " is signed with " + c.SignatureAlgorithm.String()})
		}
	}
	return hits
}

func weakCertificates(certs []*x509.Certificate) []hit {
	var hits []hit
	for i, c := range certs {
		k, ok := c.PublicKey.(*rsa.PublicKey)
		switch {
		case !ok:
		case k.N.BitLen() < jwa.MinRSABits:
			hits = append(hits, hit{Key, x5cMember(i), certificateName(c) + " has an RSA key of " + strconv.Itoa(k.N.BitLen()) + " bits"})
		case rsaFlaw(jwk.New(k)) != "":
			hits = append(hits, hit{Key, x5cMember(i), certificateName(c) + " has a key that can be broken: " + rsaFlaw(jwk.New(k))})
		}
	}
	return hits
}

func x5cMember(i int) string { return "/x5c/" + strconv.Itoa(i) }

func certificateName(c *x509.Certificate) string {
	name := c.Subject.String()
	if name == "" {
		name = "serial " + c.SerialNumber.Text(16)
	}
	return "the certificate of " + phrase.Quote(name)
}

// rsaFlaw returns why anybody can compute the private half of the key, or "".
func rsaFlaw(k jwk.Key, err error) string {
	var refused *verdict.Error
	if errors.As(err, &refused) && refused.Class == verdict.KeyRefused {
		return refused.Message
	}
	for _, w := range k.ModulusWarnings() {
		return w.Detail
	}
	return ""
}

// embeddedRSAFlaw returns the flaw of an RSA key in jwk.
func embeddedRSAFlaw(header jsonobject.Object) string {
	v, _ := header.Get("jwk")
	set, err := jwk.Parse(v)
	if len(set.Keys) == 1 {
		return rsaFlaw(set.Keys[0], nil)
	}
	return rsaFlaw(jwk.Key{}, err)
}

// embeddedRSABits returns the size of an RSA key in jwk.
func embeddedRSABits(header jsonobject.Object) (int, bool) {
	v, _ := header.Get("jwk")
	key, ok := v.Object()
	if !ok || textOf(key, "kty") != "RSA" {
		return 0, false
	}
	n, err := base64url.Decode(textOf(key, "n"))
	if err != nil {
		return 0, false
	}
	n = bytes.TrimLeft(n, "\x00")
	if len(n) == 0 {
		return 0, false
	}
	return 8*(len(n)-1) + bits.Len8(n[0]), true
}
