package jwk

import (
	"crypto/rsa"
	"slices"
	"strconv"
	"time"

	"jwt/internal/verdict"
)

// CertificateCheck is the name of the warning about an expired or not yet valid certificate.
const CertificateCheck = "certificate"

// Warnings returns the weaknesses of a usable key at that instant: a certificate that is
// expired or not yet valid, an RSA exponent that NIST no longer accepts, a secret that is
// not random.
func (k Key) Warnings(now time.Time) []verdict.Check {
	var warnings []verdict.Check
	if p, ok := k.VerificationMaterial().(*rsa.PublicKey); ok && p.E < 1<<16 {
		warnings = append(warnings, verdict.Check{
			Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey, Expected: 65537, Actual: p.E,
			Detail: "the RSA public exponent is smaller than 2^16 (FIPS 186-5 §5.1)",
		})
	}
	n := k.repeats()
	switch {
	case k.isAllZeros():
		warnings = append(warnings, verdict.Check{
			Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey, Actual: k.bits,
			Detail: "the secret is only zero bytes, which HMAC treats like an empty one",
		})
	case n > 0:
		what := "one byte"
		if n > 1 {
			what = strconv.Itoa(n) + " bytes"
		}
		warnings = append(warnings, verdict.Check{
			Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey, Actual: k.bits,
			Detail: "the secret repeats " + what + ": it is not random",
		})
	}
	for _, flaw := range k.flaws {
		warnings = append(warnings, verdict.Check{
			Name: "jwk", Status: verdict.Warn, Class: verdict.JWKInvalid, Detail: "the key's " + flaw,
		})
	}
	if len(k.Certificates) == 0 {
		return warnings
	}
	c := k.Certificates[0]
	switch {
	case now.After(c.NotAfter):
		warnings = append(warnings, dated("the key's certificate expired on ", c.NotAfter))
	case now.Before(c.NotBefore):
		warnings = append(warnings, dated("the key's certificate is not valid before ", c.NotBefore))
	}
	return warnings
}

// repeats returns the number of different bytes in a secret if there are too few for a
// random secret, or 0.
func (k Key) repeats() int {
	secret, _ := k.material.([]byte)
	const few = 4
	if len(secret) < few {
		return 0
	}
	var different []byte
	for _, c := range secret {
		if !slices.Contains(different, c) {
			different = append(different, c)
		}
		if len(different) == few {
			return 0
		}
	}
	return len(different)
}

// CertificateError returns an error if the key was read from a certificate that is not
// valid at that instant. It ignores certificates in a JWK, which Warnings reports.
func (k Key) CertificateError(now time.Time) error {
	if k.Format != string(x509Cert) {
		return nil
	}
	c := k.Certificates[0]
	switch {
	case now.After(c.NotAfter):
		return verdict.Errorf(verdict.KeyRefused, "the certificate expired on %s", c.NotAfter.UTC().Format(time.RFC3339)).
			Hintf("use its successor; --at %s reads it as of then", c.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.NotBefore):
		return verdict.Errorf(verdict.KeyRefused, "the certificate is not valid before %s", c.NotBefore.UTC().Format(time.RFC3339)).
			Hintf("--at %s reads it as of then", c.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

func dated(detail string, t time.Time) verdict.Check {
	date := t.UTC().Format(time.RFC3339)
	return verdict.Check{
		Name: CertificateCheck, Status: verdict.Warn, Class: verdict.SuspiciousTime,
		Actual: date, Detail: detail + date,
	}
}
