package bcp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jws"
)

// issue returns the DER of a certificate that is valid from an hour before at to an hour after.
func issue(t *testing.T, key crypto.Signer, issuer string, at time.Time, algorithm x509.SignatureAlgorithm) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signer"},
		NotBefore: at.Add(-time.Hour), NotAfter: at.Add(time.Hour), SignatureAlgorithm: algorithm,
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: issuer}}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func x5c(ders ...[]byte) string {
	var texts []string
	for _, der := range ders {
		texts = append(texts, `"`+base64.StdEncoding.EncodeToString(der)+`"`)
	}
	return "x5c=[" + strings.Join(texts, ",") + "]"
}

func TestCertificateRules(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	fine := issue(t, ec, "CA", now, x509.ECDSAWithSHA256)
	sum1, sum256 := sha1.Sum(fine), sha256.Sum256(fine)
	many := slices.Repeat([][]byte{fine}, MaxCertificates+1)
	tests := []struct {
		name   string
		header string
		want   []string
	}{
		{"fine", header(x5c(fine)), []string{"header-x5c"}},
		{"expired", header(x5c(fine, issue(t, ec, "CA", now.Add(-2*time.Hour), x509.ECDSAWithSHA256))), []string{"certificate-expired", "header-x5c"}},
		{"not yet valid", header(x5c(issue(t, ec, "CA", now.Add(2*time.Hour), x509.ECDSAWithSHA256))), []string{"certificate-expired", "header-x5c"}},
		{"last second", header(x5c(issue(t, ec, "CA", now.Add(-time.Hour), x509.ECDSAWithSHA256))), []string{"header-x5c"}},
		{"weak key", header(x5c(issue(t, weak, "CA", now, x509.SHA256WithRSA))), []string{"weak-rsa", "header-x5c"}},
		{"SHA-1", header(x5c(issue(t, ec, "CA", now, x509.ECDSAWithSHA1))), []string{"certificate-weak-hash", "header-x5c"}},
		{"SHA-1 by itself", header(x5c(issue(t, ec, "signer", now, x509.ECDSAWithSHA1))), []string{"header-x5c"}},
		{"thumbprints", header(x5c(fine), `x5t="`+base64url.Encode(sum1[:])+`"`, `x5t#S256="`+base64url.Encode(sum256[:])+`"`), []string{"header-x5c"}},
		{"wrong thumbprint", header(x5c(fine), `x5t="`+base64url.Encode(sum256[:])+`"`), []string{"x5t-mismatch", "header-x5c"}},
		{"wrong SHA-256 thumbprint", header(x5c(fine), `x5t#S256="`+base64url.Encode(sum1[:])+`"`), []string{"x5t-mismatch", "header-x5c"}},
		{"too many", header(x5c(many...)), []string{"x5c-malformed", "header-size", "header-x5c"}},
		{"cut short", header(x5c(fine, fine[:40])), []string{"x5c-malformed", "header-x5c"}},
	}
	for _, tt := range tests {
		got := slices.DeleteFunc(ids(review(t, sample{header: tt.header}.text())), func(id string) bool { return id == "cookie-size" })
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCertificates(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	fine := issue(t, ec, "CA", now, x509.ECDSAWithSHA256)
	token, err := jws.Parse(sample{header: header(x5c(fine, fine, []byte("no")))}.text())
	if err != nil {
		t.Fatal(err)
	}
	certs, err := Certificates(token.Header)
	if len(certs) != 2 || err == nil || !strings.Contains(err.Error(), "x5c[2]") {
		t.Errorf("%d certificates, error %v; want 2 and one about x5c[2]", len(certs), err)
	}
}
