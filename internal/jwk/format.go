package jwk

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"

	"jwt/internal/jwk/sealed"
	"jwt/internal/verdict"
)

// A Format is a format that keys are written in.
type Format string

// The formats. JWK and Set.With write the two JSON formats, Encode the others.
const (
	FormatJWK      Format = "jwk"
	FormatSet      Format = "jwks"
	FormatPEM      Format = "pem" // PKCS #8, or SPKI where public
	FormatPKCS1    Format = "pkcs1"
	FormatSEC1     Format = "sec1"
	FormatSPKI     Format = "spki"
	FormatDER      Format = "der" // what FormatPEM wraps
	FormatPKCS1DER Format = "pkcs1-der"
	FormatSEC1DER  Format = "sec1-der"
	FormatOpenSSH  Format = "openssh"
	FormatRaw      Format = "raw" // the bytes of a secret
)

// Formats returns all formats, the usual ones first.
func Formats() []Format {
	return []Format{
		FormatJWK, FormatSet, FormatPEM, FormatDER, FormatOpenSSH,
		FormatPKCS1, FormatSEC1, FormatSPKI, FormatPKCS1DER, FormatSEC1DER, FormatRaw,
	}
}

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", verdict.Errorf(verdict.Usage, "unknown key format %q", name).Hintf("one of %s", strings.Join(names, " "))
}

// IsJSON reports whether the format is JWK or JWK Set.
func (f Format) IsJSON() bool { return f == FormatJWK || f == FormatSet }

// IsText reports whether a file can hold several keys of this format.
func (f Format) IsText() bool {
	switch f {
	case FormatDER, FormatPKCS1DER, FormatSEC1DER, FormatRaw:
		return false
	}
	return true
}

// Public returns the format for the public half of a key in f.
func (f Format) Public() Format {
	switch f {
	case FormatSEC1:
		return FormatSPKI
	case FormatSEC1DER:
		return FormatDER
	}
	return f
}

// Encode returns the private key or its public half in a format that is not JSON. A
// passphrase that is not nil encrypts a private key.
func (k Key) Encode(f Format, private bool, passphrase []byte) ([]byte, error) {
	switch {
	case k.IsSecret() != (f == FormatRaw):
		return nil, k.noSuchForm(f)
	case private && !k.private:
		return nil, verdict.Errorf(verdict.KeyMismatch, "the key is public: it has no private half")
	case private && passphrase != nil:
		return k.encodeEncrypted(f, passphrase)
	case f == FormatRaw:
		return slices.Clone(k.material.([]byte)), nil
	case f == FormatOpenSSH && private:
		return k.openssh(true, nil)
	case f == FormatOpenSSH:
		return k.openssh(false, nil)
	}
	label, der, err := k.der(f, private)
	switch {
	case err != nil:
		return nil, err
	case f.IsText():
		return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}), nil
	default:
		return der, nil
	}
}

func (k Key) noSuchForm(f Format) error {
	if k.IsSecret() {
		return verdict.Errorf(verdict.KeyMismatch, "a secret is written as jwk, jwks or raw, not as %s", f)
	}
	return verdict.Errorf(verdict.KeyMismatch, "%s is for secrets, the key is %s", f, k.Kind())
}

func (k Key) encodeEncrypted(f Format, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, verdict.Errorf(verdict.KeyRefused, "the passphrase is empty")
	}
	switch f {
	case FormatOpenSSH:
		return k.openssh(true, passphrase)
	case FormatPEM, FormatDER:
		plain, err := k.DER(true)
		if err != nil {
			return nil, err
		}
		der, err := sealed.Encrypt(plain, passphrase)
		if err != nil || f == FormatDER {
			return der, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
	}
	return nil, verdict.Errorf(verdict.Usage, "%s has no secure encryption: use pem, der, openssh, jwk or jwks", f)
}

// der returns the DER structure of the format and its PEM label.
func (k Key) der(f Format, private bool) (label string, der []byte, err error) {
	switch f {
	case FormatPKCS1, FormatPKCS1DER:
		return k.pkcs1(private)
	case FormatSEC1, FormatSEC1DER:
		return k.sec1(private)
	case FormatSPKI:
		private = false
	}
	label = "PUBLIC KEY"
	if private {
		label = "PRIVATE KEY"
	}
	der, err = k.DER(private)
	return label, der, err
}

// pkcs1 returns RSAPrivateKey or RSAPublicKey (RFC 8017 App. A.1).
func (k Key) pkcs1(private bool) (string, []byte, error) {
	public, ok := k.VerificationMaterial().(*rsa.PublicKey)
	switch {
	case !ok:
		return "", nil, verdict.Errorf(verdict.KeyMismatch, "PKCS#1 is for RSA keys, the key is %s", k.Kind()).Hintf("--to pem")
	case private:
		return "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k.material.(*rsa.PrivateKey)), nil
	default:
		return "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public), nil
	}
}

// sec1 returns ECPrivateKey (RFC 5915 §3), which has no public counterpart.
func (k Key) sec1(private bool) (string, []byte, error) {
	switch {
	case k.Type != "EC":
		return "", nil, verdict.Errorf(verdict.KeyMismatch, "SEC 1 is for EC keys, the key is %s", k.Kind()).Hintf("--to pem")
	case !private:
		return "", nil, verdict.Errorf(verdict.KeyMismatch, "SEC 1 is for private keys, this is a public one").Hintf("--to spki")
	}
	der, err := encoded(marshalSEC1(k.material))
	return "EC PRIVATE KEY", der, err
}
