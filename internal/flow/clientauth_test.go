package flow_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/authserver"
	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
	"jwt/internal/authserver/users/userstest"
	"jwt/internal/base64url"
	"jwt/internal/flow"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestClientAuthentication judges a server that wants the certificate of its client, and one that
// refuses assertions for the issuer. Behind both is the local server, whose client has a secret.
func TestClientAuthentication(t *testing.T) {
	const secret = "s3cr3t"
	certificate, key := selfSigned(t)
	own, _ := pem.Decode([]byte(certificate))
	isOwn := func(r *http.Request, form url.Values) bool {
		return len(r.TLS.PeerCertificates) == 1 && bytes.Equal(r.TLS.PeerCertificates[0].Raw, own.Bytes) && form.Get("client_id") == "web"
	}
	for name, tt := range map[string]struct {
		secrets authclient.OAuthSecrets
		proves  func(r *http.Request, form url.Values, issuer string) bool // that it is the client
		asks    tls.ClientAuthType
		rules   map[string]verdict.Status // other than pass
	}{
		"a certificate": {authclient.OAuthSecrets{Certificate: certificate, TLSKey: key}, func(r *http.Request, form url.Values, _ string) bool {
			return isOwn(r, form)
		}, tls.RequestClientCert, nil},
		"a certificate without which there is no connection": {authclient.OAuthSecrets{Certificate: certificate, TLSKey: key}, func(r *http.Request, form url.Values, _ string) bool {
			return isOwn(r, form)
		}, tls.RequireAndVerifyClientCert, nil},
		"a certificate of which only the name is checked": {authclient.OAuthSecrets{Certificate: certificate, TLSKey: key}, func(r *http.Request, form url.Values, _ string) bool {
			return len(r.TLS.PeerCertificates) == 1 && r.TLS.PeerCertificates[0].Subject.CommonName == "a client" && form.Get("client_id") == "web"
		}, tls.RequestClientCert, map[string]verdict.Status{flow.ClientSecretChecked: verdict.Fail}},
		"an assertion for the endpoint": {authclient.OAuthSecrets{ClientKey: privateKey}, func(r *http.Request, form url.Values, issuer string) bool {
			payload, _ := base64url.Decode(strings.Split(form.Get("client_assertion")+"..", ".")[1])
			return strings.Contains(string(payload), `"aud":"`+issuer+r.URL.Path+`"`) && strings.Contains(string(payload), `"iss":"web"`)
		}, tls.RequestClientCert, map[string]verdict.Status{flow.ClientSecretChecked: verdict.Skip}},
	} {
		t.Run(name, func(t *testing.T) {
			var local *authserver.Server
			shown := 0
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				form, _ := url.ParseQuery(string(body))
				if tt.proves(r, form, local.Issuer) {
					shown++
					form.Del("client_assertion")
					form.Del("client_assertion_type")
					form.Set("client_secret", secret)
					body = []byte(form.Encode())
				}
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				local.ServeHTTP(w, r)
			}))
			server.TLS = &tls.Config{ClientAuth: tt.asks, ClientCAs: x509.NewCertPool()}
			server.TLS.ClientCAs.AppendCertsFromPEM([]byte(certificate))
			server.StartTLS()
			defer server.Close()
			local = localWith(t, server.URL, `[{"client_id":"web","client_secret":"`+secret+`","redirect_uris":["`+fakeRedirect+`"]}]`)
			o := options(t, server.URL, "cookie")
			o.Preset, o.HTTP = presets.Preset{}, server.Client()
			o.OAuth = &flow.OAuth{Flow: flow.FlowCode, ClientID: "web", Secrets: tt.secrets, Redirect: fakeRedirect}
			o.Only = []string{flow.LoginWorks, flow.UnknownClientRefused, flow.ClientAuthRequired, flow.ClientSecretChecked, flow.IntrospectionActive, flow.IntrospectionAuth}
			if tt.secrets.ClientKey != "" { // nothing here verifies a signature
				o.Only = []string{flow.LoginWorks, flow.UnknownClientRefused, flow.ClientAuthRequired}
			}
			r := run(t, o)
			for _, x := range r.Results {
				want := verdict.Pass
				if status, ok := tt.rules[x.ID]; ok {
					want = status
				}
				if x.Status != want || x.Untried {
					t.Errorf("%s %s: %s", x.Status, x.ID, x.Actual)
				}
			}
			want := flow.Passed
			if tt.rules[flow.ClientSecretChecked] == verdict.Fail {
				want = flow.Failed
			}
			if shown == 0 || r.Verdict() != want {
				t.Errorf("%s, the client proved itself %d times", r.Verdict(), shown)
			}
		})
	}
}

// localWith returns a local server with clients, for another handler.
func localWith(t *testing.T, issuer, registered string) *authserver.Server {
	t.Helper()
	o := authserver.Options{Issuer: issuer, Store: store.NewMemory(), Now: time.Now, Users: &users.Set{}, Clients: &clients.Registry{}}
	if err := o.Users.Add("alice:" + userstest.CheapHash(password)); err != nil {
		t.Fatal(err)
	}
	if err := o.Clients.Read(strings.NewReader(registered)); err != nil {
		t.Fatal(err)
	}
	s, err := authserver.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// selfSigned returns a certificate and its key in PEM.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a client"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	der8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der8}))
}
