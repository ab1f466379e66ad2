package chain_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"jwt/internal/chain"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

var (
	noon   = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	marker = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 11, 1} // Apple's, of receipts
)

// issued is a certificate and its key.
type issued struct {
	*x509.Certificate
	key crypto.Signer
}

// issue makes a certificate signed by its issuer, or by itself.
func issue(t *testing.T, by *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	change(template)
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{c, key}
}

func authority(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject, c.IsCA, c.KeyUsage = pkix.Name{CommonName: name}, true, x509.KeyUsageCertSign
	}
}

func leaf(c *x509.Certificate) {
	c.Subject, c.DNSNames = pkix.Name{CommonName: "leaf"}, []string{"mds.example"}
	u, _ := url.Parse("https://issuer.example")
	c.URIs = []*url.URL{u}
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	c.ExtraExtensions = []pkix.Extension{{Id: marker, Value: []byte{5, 0}}}
}

func header(t *testing.T, certificates ...*issued) jsonobject.Object {
	t.Helper()
	var texts []string
	for _, c := range certificates {
		texts = append(texts, base64.StdEncoding.EncodeToString(c.Raw))
	}
	b, _ := json.Marshal(map[string]any{"alg": "ES256", "x5c": texts})
	o, err := jsonobject.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOf(t *testing.T) {
	root := issue(t, nil, authority("root"))
	intermediate := issue(t, root, authority("intermediate"))
	good := issue(t, intermediate, leaf)
	changed := func(change func(*x509.Certificate)) *issued {
		return issue(t, intermediate, func(c *x509.Certificate) { leaf(c); change(c) })
	}
	other := issue(t, nil, authority("root")) // of the same name
	forged := issue(t, other, leaf)
	fromLeaf := issue(t, good, leaf)
	pathless := issue(t, root, func(c *x509.Certificate) { authority("pathless")(c); c.MaxPathLenZero = true })
	below := issue(t, pathless, authority("below"))
	tooLong := issue(t, below, leaf)
	constrained := issue(t, root, func(c *x509.Certificate) {
		authority("constrained")(c)
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"mds.example"}, true
	})
	posing := issue(t, constrained, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "prod.example"} })
	outside := issue(t, constrained, func(c *x509.Certificate) { c.DNSNames = []string{"prod.example"} })
	within := issue(t, constrained, leaf)
	issuedBy := func(usages ...x509.ExtKeyUsage) jsonobject.Object {
		ca := issue(t, root, func(c *x509.Certificate) { authority("for some uses")(c); c.ExtKeyUsage = usages })
		return header(t, issue(t, ca, leaf), ca)
	}
	usage := func(text string) chain.Usage {
		u, err := chain.ParseUsage(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, row := range []struct {
		name   string
		header jsonobject.Object
		change func(*chain.Anchors)
		at     time.Time
		says   string // "" for a chain
	}{
		{"a chain", header(t, good, intermediate), nil, noon, ""},
		{"with its anchor", header(t, good, intermediate, root), nil, noon, ""},
		{"without the intermediate", header(t, good), nil, noon, "does not reach"},
		{"in another order", header(t, intermediate, good), nil, noon, "must not sign"},
		{"another root of the same name", header(t, forged, other), nil, noon, "x5c"},
		{"a leaf that issues", header(t, fromLeaf, good, intermediate), nil, noon, "x5c"},
		{"a chain longer than its authority allows", header(t, tooLong, below, pathless), nil, noon, "x5c"},
		{"a leaf that must not sign", header(t, changed(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), intermediate), nil, noon, "lacks digitalSignature"},
		{"a leaf without key usage", header(t, changed(func(c *x509.Certificate) { c.KeyUsage = 0 }), intermediate), nil, noon, ""},
		{"an authority as the leaf", header(t, issue(t, root, func(c *x509.Certificate) { authority("a")(c); c.KeyUsage |= x509.KeyUsageDigitalSignature })), nil, noon, "certificate authority"},
		{"expired", header(t, good, intermediate), nil, noon.Add(2 * time.Hour), "is valid from"},
		{"not yet valid", header(t, good, intermediate), nil, noon.Add(-2 * time.Hour), "is valid from"},
		{"the DNS name", header(t, good, intermediate), func(a *chain.Anchors) { a.Name = "mds.example" }, noon, ""},
		{"the URI", header(t, good, intermediate), func(a *chain.Anchors) { a.Name = "https://issuer.example" }, noon, ""},
		{"the common name", header(t, good, intermediate), func(a *chain.Anchors) { a.Name = "leaf" }, noon, ""},
		{"a name within constraints", header(t, within, constrained), func(a *chain.Anchors) { a.Name = "mds.example" }, noon, ""},
		{"a name outside of constraints", header(t, outside, constrained), func(a *chain.Anchors) { a.Name = "prod.example" }, noon, "x5c"},
		{"a common name under constraints", header(t, posing, constrained), func(a *chain.Anchors) { a.Name = "prod.example" }, noon, "only the common name"},
		{"another name", header(t, good, intermediate), func(a *chain.Anchors) { a.Name = "issuer.example" }, noon, "want the name"},
		{"the usage", header(t, good, intermediate), func(a *chain.Anchors) { a.Usage = usage("serverAuth") }, noon, ""},
		{"a marker as the usage", header(t, good, intermediate), func(a *chain.Anchors) { a.Usage = usage(marker.String()) }, noon, ""},
		{"another usage", header(t, good, intermediate), func(a *chain.Anchors) { a.Usage = usage("codeSigning") }, noon, "is not for codeSigning"},
		{"the usage, also of the issuer", issuedBy(x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth), func(a *chain.Anchors) { a.Usage = usage("serverAuth") }, noon, ""},
		{"the usage, of an issuer for any", issuedBy(x509.ExtKeyUsageAny), func(a *chain.Anchors) { a.Usage = usage("serverAuth") }, noon, ""},
		{"a usage that the issuer must not certify", issuedBy(x509.ExtKeyUsageClientAuth), func(a *chain.Anchors) { a.Usage = usage("serverAuth") }, noon, "must not certify serverAuth"},
		{"a marker under an issuer for other usages", issuedBy(x509.ExtKeyUsageClientAuth), func(a *chain.Anchors) { a.Usage = usage(marker.String()) }, noon, ""},
		{"no usage asked", issuedBy(x509.ExtKeyUsageClientAuth), nil, noon, ""},
		{"no anchors", header(t, good, intermediate), func(a *chain.Anchors) { a.Roots = x509.NewCertPool() }, noon, "does not reach"},
		{"no x5c", parse(t, `{"alg":"ES256"}`), nil, noon, "is missing, so no chain"},
		{"an empty x5c", parse(t, `{"x5c":[]}`), nil, noon, "not a list"},
		{"a text", parse(t, `{"x5c":"MII"}`), nil, noon, "not a list"},
		{"base64url", parse(t, `{"x5c":["_-_-"]}`), nil, noon, "not Base64"},
		{"no certificate", parse(t, `{"x5c":["AAAA"]}`), nil, noon, "not a certificate"},
		{"too many", parse(t, `{"x5c":["A`+strings.Repeat(`","A`, 16)+`"]}`), nil, noon, "the limit is 16"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := chain.Anchors{Roots: x509.NewCertPool()}
			a.Roots.AddCert(root.Certificate)
			if row.change != nil {
				row.change(&a)
			}
			c, err := a.Of(row.header, row.at)
			switch {
			case row.says == "" && (err != nil || len(c.Certificates) < 2 || c.Key.IsPrivate()):
				t.Errorf("%v, %v", c.Subjects(), err)
			case row.says != "" && (err == nil || verdict.ClassOf(err) != verdict.ChainInvalid || !strings.Contains(err.Error(), row.says)):
				t.Errorf("got %v, want one that says %q", err, row.says)
			}
		})
	}
}

func parse(t *testing.T, text string) jsonobject.Object {
	t.Helper()
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParseAnchors(t *testing.T) {
	root := issue(t, nil, authority("root"))
	block := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}))
	for _, row := range []struct {
		name, data string
		n          int
	}{
		{"PEM", block, 1},
		{"a bundle with remarks", "# one\n" + block + "# two\n" + block, 2},
		{"DER", string(root.Raw), 1},
		{"a key", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}})), 0},
		{"a damaged one in a bundle", block + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})), 0},
		{"JSON", `{"keys":[]}`, 0},
		{"nothing", "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := chain.ParseAnchors([]byte(row.data))
			if len(all) != row.n || (err == nil) != (row.n > 0) {
				t.Errorf("%d, %v", len(all), err)
			}
		})
	}
}

func TestParseUsageRefuses(t *testing.T) {
	for _, text := range []string{"", "ServerAuth", "1..2", "1.x", "1.99999999999"} {
		if u, err := chain.ParseUsage(text); err == nil {
			t.Errorf("%q: %v", text, u)
		}
	}
}
