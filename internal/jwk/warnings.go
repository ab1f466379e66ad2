package jwk

import (
	"crypto/rsa"
	"time"

	"jwt/internal/verdict"
)

// Warnings returns what is doubtful about the key at that instant, though it may
// be used: a certificate out of date, an RSA exponent that NIST no longer takes.
func (k Key) Warnings(now time.Time) []verdict.Check {
	var warnings []verdict.Check
	if p, ok := k.VerificationMaterial().(*rsa.PublicKey); ok && p.E < 1<<16 {
		warnings = append(warnings, verdict.Check{
			Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey, Expected: 65537, Actual: p.E,
			Detail: "the RSA public exponent is smaller than 2^16 (FIPS 186-5 §5.1)",
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

func dated(detail string, t time.Time) verdict.Check {
	date := t.UTC().Format(time.RFC3339)
	return verdict.Check{
		Name: "certificate", Status: verdict.Warn, Class: verdict.SuspiciousTime,
		Actual: date, Detail: detail + date,
	}
}
