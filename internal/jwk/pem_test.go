package jwk

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

var (
	notBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

// certificate returns a certificate for the key, issued by issuer or self-signed.
func certificate(t *testing.T, name string, k Key, issuer *x509.Certificate, issuerKey Key) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: notBefore, NotAfter: notAfter, BasicConstraintsValid: true, IsCA: true,
	}
	if issuer == nil {
		issuer, issuerKey = template, k
	}
	public, _ := k.Public()
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, public.material, issuerKey.material.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func certificatePEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func keyPEM(t *testing.T, k Key, private bool) string {
	t.Helper()
	text, err := k.Encode(FormatPEM, private, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPEMBlocks(t *testing.T) {
	leaf, root, other := makeKey(t, "P-256"), makeKey(t, "P-384"), makeKey(t, "Ed25519")
	rootC := certificate(t, "root", root, nil, Key{})
	leafC := certificate(t, "leaf", leaf, rootC, root)
	selfC := certificate(t, "leaf", leaf, nil, Key{})
	twinC := certificate(t, "leaf", other, nil, Key{}) // another key with the same name, as after a rotation
	weak := strings.TrimSpace(string(file(t, "refused/rsa1024pub.pem")))

	type got struct {
		Thumbprint   string
		Private      bool
		Format       string
		Certificates []string
	}
	public := func(k Key) got { return got{k.Thumbprint(), false, "PEM SPKI", nil} }
	private := func(k Key, certificates ...string) got {
		return got{k.Thumbprint(), true, "PEM PKCS#8", certificates}
	}
	certified := func(k Key, certificates ...string) got {
		return got{k.Thumbprint(), false, "X.509 certificate", certificates}
	}
	tests := []struct {
		name, text string
		want       []got
	}{
		{"two public keys", keyPEM(t, leaf, false) + keyPEM(t, other, false), []got{public(leaf), public(other)}},
		{"both halves", keyPEM(t, leaf, false) + keyPEM(t, leaf, true), []got{private(leaf)}},
		{"the halves the other way", keyPEM(t, leaf, true) + keyPEM(t, leaf, false), []got{private(leaf)}},
		{"a certificate", certificatePEM(selfC), []got{certified(leaf, "leaf")}},
		{"a key and its certificate", keyPEM(t, leaf, true) + certificatePEM(selfC), []got{private(leaf, "leaf")}},
		{"a certificate and its key", certificatePEM(selfC) + keyPEM(t, leaf, true), []got{private(leaf, "leaf")}},
		{"a key and its chain", keyPEM(t, leaf, true) + certificatePEM(leafC) + certificatePEM(rootC), []got{private(leaf, "leaf", "root")}},
		{"a chain", certificatePEM(leafC) + certificatePEM(rootC), []got{certified(leaf, "leaf", "root")}},
		{"a chain, the root first", certificatePEM(rootC) + certificatePEM(leafC), []got{certified(leaf, "leaf", "root")}},
		{"a chain, the root twice", certificatePEM(rootC) + certificatePEM(leafC) + certificatePEM(rootC), []got{certified(leaf, "leaf", "root")}},
		{"no chain: namesakes", certificatePEM(selfC) + certificatePEM(twinC), []got{certified(leaf, "leaf"), certified(other, "leaf")}},
		{"a certificate of another key", keyPEM(t, other, true) + certificatePEM(selfC), []got{private(other), certified(leaf, "leaf")}},
		{"parameters and a list", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n" + keyPEM(t, leaf, false), []got{public(leaf)}},
		{"with headers", strings.Replace(keyPEM(t, leaf, false), "-----\n", "-----\nComment: mine\n\n", 1), []got{public(leaf)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var keys []got
			for _, k := range set.Keys {
				var names []string
				for _, c := range k.Certificates {
					names = append(names, c.Subject.CommonName)
				}
				keys = append(keys, got{k.Thumbprint(), k.IsPrivate(), k.Format, names})
			}
			if diff := cmp.Diff(tt.want, keys); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	good := keyPEM(t, leaf, false)
	relabelled := func(text, from, to string) string { return strings.ReplaceAll(text, from, to) }
	refused := []struct {
		name, text string
		class      verdict.Class
		says       string
	}{
		{"a weak key after a good one", good + weak, verdict.KeyRefused, "PEM block 2 (PUBLIC KEY): RSA key of 1024 bits"},
		{"a good key after a weak one", weak + "\n" + good, verdict.KeyRefused, "PEM block 1 (PUBLIC KEY): RSA key of 1024 bits"},
		{"the second cut short", good + good[:60], verdict.KeyRefused, "no END line"},
		{"a private key called public", relabelled(keyPEM(t, leaf, true), "PRIVATE", "PUBLIC"), verdict.KeyRefused, "PUBLIC KEY holds PKCS#8, not what its label says"},
		{"a public key called private", relabelled(good, "PUBLIC", "PRIVATE"), verdict.KeyRefused, "holds SPKI, not what its label says"},
		{"a key called a certificate", relabelled(good, "PUBLIC KEY", "CERTIFICATE"), verdict.KeyRefused, "holds SPKI, not what its label says"},
		{"a certificate called a key", relabelled(certificatePEM(selfC), "CERTIFICATE", "PUBLIC KEY"), verdict.KeyRefused, "holds X.509 certificate, not what its label says"},
		{"ends as another", strings.Replace(good, "END PUBLIC", "END PRIVATE", 1), verdict.KeyRefused, "does not end as"},
		{"a bad character", strings.Replace(good, "MFk", "M*k", 1), verdict.KeyRefused, "not base64"},
		{"empty", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", verdict.KeyRefused, "has no key or certificate"},
		{"a broken BEGIN line", "-----BEGIN PUBLIC KEY\n" + good, verdict.KeyRefused, "broken BEGIN line"},
		{"too many", strings.Repeat(good[:27]+good[27:], MaxKeys+1), verdict.LimitExceeded, "1001 blocks"},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Parse([]byte(tt.text))
			expectError(t, set, err, tt.class, tt.says)
		})
	}
}

func TestCertificateDER(t *testing.T) {
	k := makeKey(t, "P-256")
	c := certificate(t, "leaf", k, nil, Key{})
	set, err := Parse(c.Raw)
	if err != nil {
		t.Fatal(err)
	}
	got := set.Keys[0]
	if diff := cmp.Diff(summary{"EC on P-256", "X.509 certificate", k.Thumbprint(), false, 256}, summaryOf(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.Certificates) != 1 || !got.Certificates[0].Equal(c) {
		t.Errorf("certificates %v", got.Certificates)
	}

	request, _ := lastBlock(file(t, "refused/request.pem"))
	set, err = Parse(request)
	expectError(t, set, err, verdict.KeyRefused, "a certificate request")
	broken := slices.Clone(c.Raw)
	broken[8] ^= 0xff // a type inside
	set, err = Parse(broken)
	expectError(t, set, err, verdict.KeyRefused, "the certificate cannot be read")
}

func TestX5C(t *testing.T) {
	leaf, root := makeKey(t, "P-256"), makeKey(t, "P-384")
	rootC := certificate(t, "root", root, nil, Key{})
	leafC := certificate(t, "leaf", leaf, rootC, root)
	x5c := func(certificates ...*x509.Certificate) edit {
		var texts []string
		for _, c := range certificates {
			texts = append(texts, `"`+base64.StdEncoding.EncodeToString(c.Raw)+`"`)
		}
		return edit{"x5c", "[" + strings.Join(texts, ",") + "]"}
	}
	x5t := edit{"x5t", `"` + thumbprintOf(crypto.SHA1, leafC) + `"`}
	x5t256 := edit{"x5t#S256", `"` + thumbprintOf(crypto.SHA256, leafC) + `"`}
	wrong := edit{"x5t#S256", `"` + thumbprintOf(crypto.SHA256, rootC) + `"`}

	set, err := Parse([]byte(edited(leaf, true, x5c(leafC, rootC), x5t, x5t256)))
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Keys[0].Certificates; len(got) != 2 || !got[0].Equal(leafC) || !got[1].Equal(rootC) {
		t.Errorf("certificates %v", got)
	}
	again, err := Parse(set.Keys[0].JWK(false).Bytes())
	if err != nil || len(again.Keys[0].Certificates) != 2 {
		t.Errorf("written and read again: %v", err)
	}
	if _, err := Parse([]byte(edited(leaf, false, wrong))); err != nil {
		t.Errorf("a thumbprint of a certificate that is not there: %v", err)
	}

	brokenLine := edit{"x5c", strings.Replace(x5c(leafC).value, "MI", `MI\n`, 1)}
	returned := edit{"x5c", strings.Replace(x5c(leafC).value, `"]`, `\r"]`, 1)}
	urlAlphabet := edit{"x5c", strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(x5c(leafC).value)}
	for _, folded := range []edit{brokenLine, returned} { // accepted by encoding/pem
		expectFlaw(t, edited(leaf, true, folded), "x5c[0]: is not base64")
	}
	for name, edits := range map[string][]edit{
		"x5c: the first certificate is for another key": {x5c(rootC, leafC)},
		"x5t#S256: is not the thumbprint":               {x5c(leafC), x5t, wrong},
		"x5t: is not the thumbprint":                    {x5c(leafC), {"x5t", `"` + base64url.Encode(make([]byte, 20)) + `"`}, x5t256},
	} {
		set, err := Parse([]byte(edited(leaf, true, edits...)))
		expectError(t, set, err, verdict.JWKInvalid, name)
	}
	expectFlaw(t, edited(leaf, true, urlAlphabet), "x5c[0]: is not base64")
	expectFlaw(t, edited(leaf, true, edit{"x5c", `["AAAA"]`}), "x5c[0]: is not a certificate")
	set, err = Parse([]byte(edited(makeKey(t, "oct"), true, x5c(leafC))))
	expectError(t, set, err, verdict.JWKInvalid, "x5c: the first certificate is for another key")
}

func thumbprintOf(h crypto.Hash, c *x509.Certificate) string {
	sum := h.New()
	sum.Write(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

func TestWarnings(t *testing.T) {
	k := makeKey(t, "P-256")
	k.Certificates = []*x509.Certificate{certificate(t, "leaf", k, nil, Key{})}
	warning := func(actual, detail string) []verdict.Check {
		return []verdict.Check{{Name: "certificate", Status: verdict.Warn, Class: verdict.SuspiciousTime, Actual: actual, Detail: detail + actual}}
	}
	for at, want := range map[time.Time][]verdict.Check{
		notBefore.Add(-1): warning("2020-01-01T00:00:00Z", "the key's certificate is not valid before "),
		notBefore:         nil,
		notAfter:          nil,
		notAfter.Add(1):   warning("2030-01-01T00:00:00Z", "the key's certificate expired on "),
	} {
		if diff := cmp.Diff(want, k.Warnings(at)); diff != "" {
			t.Errorf("at %s (-want +got):\n%s", at, diff)
		}
	}

	rsa := makeKey(t, "RSA")
	if got := rsa.Warnings(notBefore); got != nil {
		t.Errorf("a good RSA key: %v", got)
	}
	set, err := Parse([]byte(edited(rsa, false, edit{"e", `"Aw"`})))
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Keys[0].Warnings(notBefore); len(got) != 1 || got[0].Class != verdict.WeakKey {
		t.Errorf("exponent 3: %v", got)
	}
}

func TestOpenSSHLines(t *testing.T) {
	rsa, ec, ed := strings.TrimSpace(string(file(t, "rsa.pub"))), strings.TrimSpace(string(file(t, "p384.pub"))), strings.TrimSpace(string(file(t, "sshed25519.pub")))
	blob := strings.Fields(ec)[1]
	point, err := base64.StdEncoding.DecodeString(blob)
	if err != nil {
		t.Fatal(err)
	}
	longer := base64.StdEncoding.EncodeToString(append(point, 0))
	dsa := "ssh-dss " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x07ssh-dss\x00\x00\x00\x01\x05"))
	tests := []struct {
		name, text string
		keys       []string
		skipped    []int
	}{
		{"options", `command="echo \"ssh-rsa AAAA\" now",no-pty ` + ec, []string{"p384"}, nil},
		{"known_hosts", "host.example,192.0.2.1 " + ec, []string{"p384"}, nil},
		{"authority", "@cert-authority *.example " + ed, []string{"sshed25519"}, nil},
		{"several", "# mine\n\n" + rsa + "\r\n" + ed + "\n", []string{"rsa", "sshed25519"}, nil},
		{"several, some of no use", dsa + "\n" + ed + "\nnonsense\n", []string{"sshed25519"}, []int{0, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var prints, want []string
			for _, k := range set.Keys {
				prints = append(prints, k.Thumbprint())
			}
			for _, name := range tt.keys {
				want = append(want, thumbprints[name])
			}
			var skipped []int
			for _, s := range set.Skipped {
				skipped = append(skipped, s.Index)
			}
			if diff := cmp.Diff(want, prints) + cmp.Diff(tt.skipped, skipped); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, text := range map[string]string{
		"key type ssh-dss is not supported":         dsa,
		"is not the ssh-rsa key that its line says": "ssh-rsa " + blob,
		"is not base64":                              "ssh-rsa AAAA*",
		"none of the 2 keys of the OpenSSH file":     dsa + "\n" + dsa,
		"is damaged":                                 "ecdsa-sha2-nistp384 " + longer,
		"key type sk-ssh-ed25519@openssh.com":        "sk-ssh-ed25519@openssh.com " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x1ask-ssh-ed25519@openssh.com")),
		"RSA key of 8 bits":                          "ssh-rsa " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x01\x03\x00\x00\x00\x02\x00\xff")),
		"Ed25519 public key of 2 bytes, must be 32":  "ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x02ab")),
		"point of the OpenSSH key is not on the":     "ecdsa-sha2-nistp256 " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x13ecdsa-sha2-nistp256\x00\x00\x00\x08nistp256\x00\x00\x00\x01\x00")),
		"RSA public exponent of 40 bits: it must be": "ssh-rsa " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x06\x00\xff\xff\xff\xff\xff\x00\x00\x00\x00")),
	} {
		set, err := Parse([]byte(text))
		expectError(t, set, err, verdict.KeyRefused, name)
	}
}

// TestJWKMembers checks that members are in the usual order (RFC 7517 §4), and that
// private members are written only on request.
func TestJWKMembers(t *testing.T) {
	rest := map[string][2][]string{
		"RSA":       {{"n", "e"}, {"d", "p", "q", "dp", "dq", "qi"}},
		"P-521":     {{"crv", "x", "y"}, {"d"}},
		"Ed25519":   {{"crv", "x"}, {"d"}},
		"X25519":    {{"crv", "x"}, {"d"}},
		"Ed448":     {{"crv", "x"}, {"d"}},
		"secp256k1": {{"crv", "x", "y"}, {"d"}},
		"ML-DSA-65": {{"pub"}, {"priv"}},
		"oct":       {nil, {"k"}},
	}
	for kind, members := range rest {
		k := makeKey(t, kind)
		k.ID, k.HasID, k.Use, k.Alg, k.Ops = "", true, "sig", "x", []string{"sign"}
		first := []string{"kty", "kid", "use", "alg", "key_ops"}
		for private, want := range map[bool][]string{
			false: slices.Concat(first, members[0]),
			true:  slices.Concat(first, members[0], members[1]),
		} {
			var names []string
			o := k.JWK(private)
			for _, m := range o.Members() {
				names = append(names, m.Name)
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("%s, private %t (-want +got):\n%s", kind, private, diff)
			}
			wantOps := `["verify"]`
			if private || kind == "oct" {
				wantOps = `["sign"]`
			}
			if ops, _ := o.Get("key_ops"); string(ops) != wantOps {
				t.Errorf("%s, private %t: key_ops %s", kind, private, ops)
			}
		}
		bare := makeKey(t, kind).JWK(false)
		kty, _ := bare.Text("kty")
		for _, name := range []string{"kid", "use", "alg", "key_ops", "x5c"} {
			if v, ok := bare.Get(name); ok && (name != "alg" || kty != "AKP") {
				t.Errorf("%s: %s is %s, was never set", kind, name, v)
			}
		}
	}
}

func TestPEMAndDER(t *testing.T) {
	for _, kind := range Kinds() {
		k := makeKey(t, kind)
		for _, private := range []bool{true, false} {
			text, err := k.Encode(FormatPEM, private, nil)
			if k.IsSecret() {
				if verdict.ClassOf(err) != verdict.KeyMismatch {
					t.Errorf("a secret in PEM: %s, %v", text, err)
				}
				continue
			}
			der, derErr := k.DER(private)
			if err != nil || derErr != nil {
				t.Errorf("%s: %v, %v", kind, err, derErr)
				continue
			}
			for _, data := range [][]byte{text, der} {
				set, err := Parse(data)
				if err != nil || set.Keys[0].Thumbprint() != k.Thumbprint() || set.Keys[0].IsPrivate() != private {
					t.Errorf("%s, private %t, read again: %v", kind, private, err)
				}
			}
		}
		if p, ok := k.Public(); ok {
			if _, err := p.Encode(FormatPEM, true, nil); verdict.ClassOf(err) != verdict.KeyMismatch {
				t.Errorf("%s: the private PEM of a public key: %v", kind, err)
			}
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	for _, tt := range []struct {
		kind string
		size int
	}{{"RSA", 1024}, {"RSA", 8192}, {"RSA", 2049}, {"RSA", -1}, {"oct", 8}, {"oct", 1 << 20}, {"P-256", 256}, {"rsa", 0}, {"", 0}} {
		if k, err := Generate(tt.kind, tt.size); verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("Generate(%q, %d) = %s, %v", tt.kind, tt.size, k.Kind(), err)
		}
	}
	if k, err := Generate("oct", 64); err != nil || k.Bits() != 512 {
		t.Errorf("a secret of 64 bytes: %d bits, %v", k.Bits(), err)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"rsa.pkcs8.pem", "rsa.pkcs1.pem", "rsa.openssh", "rsa.pub", "p256.params.pem", "p256.openssh", "p521.pub",
		"sshed25519.openssh", "ed25519.spki.pem", "x25519.pkcs8.pem", "p256.enc-aes128-sha1.pem", "p256.enc-scrypt.pem",
		"secp256k1.pkcs8.pem", "secp256k1.sec1.pem", "secp256k1.compressed.pem", "ed448.pkcs8.pem", "ed448.cert.pem",
		"mldsa44.pkcs8.pem", "mldsa44.both.pem", "mldsa87.spki.pem",
	} {
		data := file(f, name)
		f.Add(data)
		if der, _ := lastBlock(data); der != nil {
			f.Add(der)
		}
		set, err := Parse(data)
		if err != nil {
			continue // it is encrypted
		}
		o := set.Keys[0].JWK(true)
		f.Add(o.Bytes())
		f.Add([]byte(`{"keys":[` + string(o.Bytes()) + `,{"kty":"AKP"}]}`))
	}
	for _, row := range handedOuts(f) {
		f.Add([]byte(row.text))
	}
	f.Add(file(f, "store.p12"))
	f.Add([]byte(`{"publicKey":"BDZYaggU_VwiGthVBE-T508lamS3_NFThQxZaQIxNTs","privateKey":"d5WbTaFkpYvfUc"}`))
	f.Add([]byte(`{"type":"HS256","key":"3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R"}`))
	f.Add([]byte(`{"kty":"oct","k":"AAAA","kid":"a","use":"sig","alg":"HS256","key_ops":["sign"]}`))
	cheap := func() ([]byte, error) { return nil, verdict.Errorf(verdict.KeyUnreadable, "no passphrase") }
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := ParseEncrypted(data, cheap)
		if err != nil && len(set.Keys) > 0 {
			t.Fatalf("an error and %d keys: %v", len(set.Keys), err)
		}
		if class := verdict.ClassOf(err); class == verdict.Internal || class == verdict.IO {
			t.Fatalf("class %s: %v", class, err)
		}
		for _, k := range set.Keys {
			checkWritten(t, k, k.JWK(true))
			if p, ok := k.Public(); ok {
				checkWritten(t, p, p.JWK(false))
			}
		}
	})
}

// checkWritten reads a key that was written and compares it.
func checkWritten(t *testing.T, k Key, written jsonobject.Object) {
	t.Helper()
	again, err := Parse(written.Bytes())
	if err != nil {
		t.Fatalf("written, but not read: %v\n%s", err, written.Bytes())
	}
	if len(again.Keys) != 1 || again.Keys[0].Thumbprint() != k.Thumbprint() || again.Keys[0].IsPrivate() != k.IsPrivate() {
		t.Fatalf("written and read, another key: %s", written.Bytes())
	}
}
