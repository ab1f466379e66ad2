package issue

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

// identify returns the signing key with the certificate and the kid that flags give it.
func (o signOptions) identify(sources *keysource.Sources, key jwk.Key) (jwk.Key, error) {
	for _, source := range []string{o.x5c, o.x5t} {
		if source == "" {
			continue
		}
		s, err := sources.Read(source)
		if err != nil {
			return key, err
		}
		if key.Certificates, err = certificateOf(key, s); err != nil {
			return key, err
		}
	}
	if !o.given("kid-as") {
		return key, nil
	}
	id, err := key.IDAs(o.kidAs)
	if err != nil {
		return key, hintForCertificate(err)
	}
	key.ID, key.HasID = id, true
	return key, nil
}

// hintForCertificate adds a hint to the error for a key without a certificate.
func hintForCertificate(err error) error {
	if e, ok := err.(*verdict.Error); ok && e.Class == verdict.KeyNotFound {
		return e.Hintf("--x5t CERT")
	}
	return err
}

// certificateOf returns the chain of certificates in the source whose key is the signing key.
func certificateOf(key jwk.Key, s keysource.Source) ([]*x509.Certificate, error) {
	public, _ := key.Public()
	any := false
	for _, k := range s.Set.Keys {
		any = any || len(k.Certificates) > 0
		if len(k.Certificates) > 0 && k.Thumbprint() == public.Thumbprint() {
			return k.Certificates, nil
		}
	}
	if !any {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "%s: has no certificate", s.Name)
	}
	return nil, verdict.Errorf(verdict.KeyMismatch, "%s: the certificate is of another key than %s", s.Name, key.Source)
}

// certify writes the certificate of the key into the header, as --x5c and --x5t ask.
func (o signOptions) certify(header *jsonobject.Object, key jwk.Key) {
	if o.x5t != "" {
		for _, name := range []string{"x5t", "x5t#S256"} {
			hash, _ := key.IDAs(name) // identify has found a certificate
			header.Set(name, jsonobject.Quote(hash))
		}
	}
	if o.x5c == "" {
		return
	}
	var texts []string
	for _, c := range key.Certificates {
		texts = append(texts, string(jsonobject.Quote(base64.StdEncoding.EncodeToString(c.Raw)))) // RFC 7515 §4.1.6
	}
	header.Set("x5c", jsonobject.Value("["+strings.Join(texts, ",")+"]"))
}

// checkNames refuses flags that contradict each other about the kid.
func (o signOptions) checkNames() error {
	switch {
	case !o.given("kid-as"):
		return nil
	case o.given("kid"):
		return verdict.Errorf(verdict.Usage, "--kid and --kid-as contradict each other: both set the kid")
	case !slices.Contains(jwk.IDForms(), o.kidAs):
		return verdict.Errorf(verdict.Usage, "--kid-as: is %q, must be one of %s", o.kidAs, strings.Join(jwk.IDForms(), " "))
	}
	return nil
}
