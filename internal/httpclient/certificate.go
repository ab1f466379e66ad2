package httpclient

import (
	"crypto/tls"
	"net/http"
)

// WithCertificate returns a transport that shows a certificate to servers: both are PEM. It
// clones a *http.Transport, and returns any other unchanged.
func WithCertificate(transport http.RoundTripper, certificate, key string) (http.RoundTripper, error) {
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return nil, err
	}
	t, ok := transport.(*http.Transport)
	if !ok {
		return transport, nil
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return t, nil
}
