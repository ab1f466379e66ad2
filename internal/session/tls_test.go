package session

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/verdict"
)

// TestTLS logs in at https://example.com, which only a proxy can reach, whose certificate is
// from a CA of its own, and which wants the certificate of the client with each request.
func TestTLS(t *testing.T) {
	p := newProvider(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()
	p.url = "https://example.com"
	var tunnels, bare atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "example.com:443" {
			bare.Add(1)
			return
		}
		tunnels.Add(1)
		tunnel(w, server.Listener.Addr().String())
	}))
	defer proxy.Close()
	at, _ := url.Parse(proxy.URL)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	p.http = &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at), TLSClientConfig: &tls.Config{RootCAs: roots}}}

	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Proxy: func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "http" { // the loopback port
			return nil, nil
		}
		return at, nil
	}}}

	certificate, key := selfSigned(t, "a client")
	var shown atomic.Int32
	p.around = func(_ http.ResponseWriter, r *http.Request, handle func()) {
		guarded := r.URL.Path == "/token/" || r.URL.Path == "/userinfo" || r.URL.Path == "/api"
		if len(r.TLS.PeerCertificates) == 1 && r.TLS.PeerCertificates[0].Subject.CommonName == "a client" {
			shown.Add(1)
		} else if guarded {
			t.Errorf("%s gets no certificate", r.URL.Path)
		}
		handle()
	}
	s := p.mustLogin(authclient.FlowCode, func(l *Login) {
		l.OAuth.Certificate, l.OAuth.TLSKey = certificate, key
		l.Dialog.Visit = func(page string) {
			go func() {
				if resp, err := browser.Get(page); err == nil {
					resp.Body.Close()
				}
			}()
		}
	})
	if s.OAuth.ClientAuth != authclient.AuthTLS || p.last("/token/").form.Get("client_id") != "native" || p.last("/token/").header.Get("Authorization") != "" {
		t.Errorf("%+v", p.last("/token/"))
	}
	p.age()
	if _, err := p.client().Whoami(t.Context()); err != nil {
		t.Error(err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", p.url+"/api", nil)
	resp, err := p.client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if tunnels.Load() == 0 || bare.Load() != 0 || shown.Load() < 4 {
		t.Errorf("%d tunnels, %d other requests to the proxy, %d certificates", tunnels.Load(), bare.Load(), shown.Load())
	}

	c := p.client() // a client of a long-lived process shows the certificate of a later login, too
	for name, s := range map[string]*Session{"a client": s, "another": {OAuth: &authclient.OAuth{}}} {
		if name != "a client" {
			s.OAuth.Certificate, s.OAuth.TLSKey = selfSigned(t, name)
		}
		transport, err := c.transportFor(s)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := x509.ParseCertificate(transport.(*http.Transport).TLSClientConfig.Certificates[0].Certificate[0])
		if err != nil || shown.Subject.CommonName != name {
			t.Errorf("%s shows the certificate of %v: %v", name, shown.Subject, err)
		}
	}

	p.http = &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at)}} // without the CA
	_, err = p.client().Whoami(t.Context())
	mustFail(t, err, verdict.FetchFailed, "its certificate is not trusted")
}

// tunnel connects the client of a proxy to an address.
func tunnel(w http.ResponseWriter, to string) {
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go io.Copy(conn, client)
	io.Copy(client, conn)
}

// selfSigned returns a certificate and its key in PEM.
func selfSigned(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private := mustKey("P-256")
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.VerificationMaterial(), private.Material())
	if err != nil {
		t.Fatal(err)
	}
	der8, err := x509.MarshalPKCS8PrivateKey(private.Material())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der8}))
}
