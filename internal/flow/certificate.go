package flow

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"

	"jwt/internal/httpclient"
)

// showCertificate shows the certificate of the client in every request but those of other clients, one
// of which shows another certificate.
func (p *provider) showCertificate() error {
	s := p.client.Secrets
	if s.Certificate == "" {
		return nil
	}
	other, key, err := imitate(s.Certificate)
	if err != nil {
		return err
	}
	p.otherCertificate = other
	c := certified{own: s.Certificate, other: other, without: p.wires.base}
	if c.withOwn, err = httpclient.WithCertificate(httpclient.Transport(p.HTTP, 0), s.Certificate, s.TLSKey); err != nil {
		return err
	}
	if c.withOther, err = httpclient.WithCertificate(httpclient.Transport(p.HTTP, 0), other, key); err != nil {
		return err
	}
	p.wires.base = c
	return nil
}

// imitate returns a certificate with the same subject and names under a new key, which signs it.
func imitate(certificate string) (other, key string, err error) {
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		return "", "", errors.New("the certificate of the client is not PEM")
	}
	own, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", "", err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	same := &x509.Certificate{
		SerialNumber: own.SerialNumber, Subject: own.Subject, NotBefore: own.NotBefore, NotAfter: own.NotAfter,
		DNSNames: own.DNSNames, URIs: own.URIs, EmailAddresses: own.EmailAddresses, IPAddresses: own.IPAddresses,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, same, same, private.Public(), private)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", err
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", secret), nil
}

// A shown is the certificate of a request, "" for none, and whether the server ended the handshake
// because of it.
type shown struct {
	certificate string
	refused     bool
}

type shownKey struct{}

// showing returns a context for the requests of a client. What is shown is in the second result.
func (p *provider) showing(ctx context.Context, who identity) (context.Context, *shown) {
	s := &shown{}
	if who != nil {
		s.certificate = who.Certificate
	}
	return context.WithValue(ctx, shownKey{}, s), s
}

// A certified shows the certificate that the context of a request says, or else that of the client.
type certified struct {
	own, other                  string
	withOwn, withOther, without http.RoundTripper
}

func (c certified) RoundTrip(req *http.Request) (*http.Response, error) {
	s, ok := req.Context().Value(shownKey{}).(*shown)
	if !ok || s.certificate == c.own {
		return c.withOwn.RoundTrip(req)
	}
	to := c.without
	if s.certificate == c.other {
		to = c.withOther
	}
	resp, err := to.RoundTrip(req)
	var alert *net.OpError
	s.refused = errors.As(err, &alert) && alert.Op == "remote error" // as crypto/tls calls an alert of the server
	return resp, err
}
