package inspect

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strconv"
	"time"
)

// A Certificate is one of the certificates in x5c. Its chain is not verified.
type Certificate struct {
	Subject, Issuer     string
	Serial              string // hexadecimal
	NotBefore, NotAfter time.Time
	State               State  // Current, NotYetValid or Expired
	Key                 string // "RSA, 2048 bits", "EC on P-256"
	Signature           string // the algorithm it is signed with
	SHA256              string // fingerprint, hexadecimal
}

func certificates(certs []*x509.Certificate, now time.Time) []Certificate {
	var list []Certificate
	for _, c := range certs {
		sum := sha256.Sum256(c.Raw)
		opened := Certificate{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.Text(16),
			NotBefore: c.NotBefore, NotAfter: c.NotAfter, State: Current,
			Key: keyKind(c), Signature: c.SignatureAlgorithm.String(), SHA256: hex.EncodeToString(sum[:]),
		}
		switch {
		case now.After(c.NotAfter):
			opened.State = Expired
		case now.Before(c.NotBefore):
			opened.State = NotYetValid
		}
		list = append(list, opened)
	}
	return list
}

// keyKind describes the public key of a certificate, also of a kind that is not supported.
func keyKind(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA, " + strconv.Itoa(k.N.BitLen()) + " bits"
	case *ecdsa.PublicKey:
		return "EC on " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return c.PublicKeyAlgorithm.String()
	}
}
