package inspect

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/jwk"
)

func TestOfKey(t *testing.T) {
	const ec = `"kty":"EC","crv":"P-256","x":"LflaCXX7TEVXsxwsUHvO-_weyvLgkLIOxbYKZxPfa2s","y":"aDE1Af0z0bc0yvYQ9L2NcpTNQyn5vuJs47hM7E3MtIA"`
	const ecdh = "ECDH-ES+A256KW ECDH-ES+A192KW ECDH-ES+A128KW ECDH-ES"
	const pbes2 = "PBES2-HS512+A256KW PBES2-HS384+A192KW PBES2-HS256+A128KW"
	type summary struct{ Signs, Encrypts, Masked, Warnings string }
	tests := []struct {
		jwk  string
		want summary
	}{
		{`{` + ec + `}`, summary{"ES256", ecdh, "", ""}},
		{`{` + ec + `,"use":"sig"}`, summary{"ES256", "", "", ""}},
		{`{` + ec + `,"use":"enc"}`, summary{"", ecdh, "", ""}},
		{`{` + ec + `,"alg":"ES256"}`, summary{"ES256", "", "", ""}},
		{`{` + ec + `,"alg":"ECDH-ES"}`, summary{"", "ECDH-ES", "", ""}},
		{`{` + ec + `,"key_ops":["verify"]}`, summary{"ES256", "", "", ""}},
		{`{` + ec + `,"key_ops":["sign"]}`, summary{"", "", "", ""}}, // a public key cannot
		{`{` + ec + `,"d":"HzZ0VqLokq8jURJNV-qMJSS5o-LaOmfN0_-0T7Ei048","key_ops":["sign"]}`, summary{"ES256", "", "d", ""}},
		{`{"kty":"oct","k":"IPPPJsk3sExPKK8DupovFCxVLsBbSaTjFrdqU3dSQO8"}`, summary{"HS256", "A256KW A256GCMKW dir " + pbes2, "k", ""}},
		{`{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}`, summary{"", "A128KW A128GCMKW dir " + pbes2, "k", ""}},
		{`{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg","alg":"HS256"}`, summary{"HS256", "", "k", "the secret has 16 bytes, HS256 wants at least 32 (RFC 7518 §3.2)"}},
		{`{"kty":"oct","k":"c2hvcnQ"}`, summary{"", pbes2, "k", "the secret has 5 bytes, HS256 wants at least 32 (RFC 7518 §3.2)"}},
		{`{"kty":"oct","k":"c2hvcnQ","use":"enc"}`, summary{"", pbes2, "k", ""}},
		{`{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"}`, summary{"HS256", "A256KW A256GCMKW dir " + pbes2, "k", "the secret repeats one byte: it is not random"}},
		{`{"kty":"oct","k":"YWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWI"}`, summary{"HS256", "A256KW A256GCMKW dir " + pbes2, "k", "the secret repeats 2 bytes: it is not random"}},
	}
	for _, tt := range tests {
		set, err := jwk.Parse([]byte(tt.jwk))
		if err != nil {
			t.Fatal(err)
		}
		k := OfKey(set.Keys[0], time.Unix(1700000000, 0))
		var warnings []string
		for _, w := range k.Warnings {
			warnings = append(warnings, w.Detail)
		}
		got := summary{strings.Join(k.Signs, " "), strings.Join(k.Encrypts, " "), strings.Join(k.Masked, " "), strings.Join(warnings, "; ")}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s:\n%s", tt.jwk, d)
		}
	}
}

// A thumbprint is a hash: of a secret that can be guessed, it is not shown.
func TestThumbprintOfSecrets(t *testing.T) {
	for secret, shown := range map[string]bool{
		"correct horse battery staple, they said": false,
		"short\x00":                    false,
		"sixteen bytes, \x01":          true,
		strings.Repeat("\xf3\x01", 16): true,
	} {
		k, err := jwk.New([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		opened := OfKey(k, time.Unix(1700000000, 0))
		if (opened.Thumbprint != "") != shown {
			t.Errorf("the thumbprint of %q is %q", secret, opened.Thumbprint)
		}
	}
}

// The certificate of RFC 7517 App. B is out of date, and issued by itself.
func TestKeyCertificates(t *testing.T) {
	k := vectorKey(t, "rfc/7517-b-x5c")
	got := OfKey(k, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if len(got.Certificates) != 1 || got.Certificates[0].State != Expired {
		t.Errorf("%+v", got.Certificates)
	}
	var details []string
	for _, w := range got.Warnings {
		details = append(details, w.Detail)
	}
	want := []string{"the key's certificate expired on 2018-08-14T22:29:15Z"}
	if d := cmp.Diff(want, details); d != "" {
		t.Error(d)
	}
	if err := k.CertificateError(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("a JWK is not refused for its x5c: %v", err)
	}
}

// A signature with a broken hash counts, but for that of a root over itself.
func TestCertificateHashes(t *testing.T) {
	leaf, root := pkix.Name{CommonName: "leaf"}, pkix.Name{CommonName: "root"}
	got := certificateWarnings([]*x509.Certificate{
		{Subject: leaf, Issuer: root, SignatureAlgorithm: x509.SHA1WithRSA},
		{Subject: leaf, Issuer: root, SignatureAlgorithm: x509.ECDSAWithSHA256},
		{Subject: leaf, Issuer: root, SignatureAlgorithm: x509.MD5WithRSA},
		{Subject: root, Issuer: root, SignatureAlgorithm: x509.SHA1WithRSA},
	})
	var details []string
	for _, w := range got {
		details = append(details, w.Detail)
	}
	want := []string{
		"the certificate is signed with SHA1-RSA, which can be forged",
		"certificate 3 is signed with MD5-RSA, which can be forged",
	}
	if d := cmp.Diff(want, details); d != "" {
		t.Error(d)
	}
}

func vectorKey(t *testing.T, id string) jwk.Key {
	t.Helper()
	file, err := os.ReadFile("../../testdata/vectors/rfc.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		var v struct {
			ID  string
			Key struct{ Value string }
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		if v.ID != id {
			continue
		}
		set, err := jwk.Parse([]byte(v.Key.Value))
		if err != nil {
			t.Fatal(err)
		}
		return set.Keys[0]
	}
	t.Fatalf("no vector %s", id)
	return jwk.Key{}
}
