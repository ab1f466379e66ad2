package inspect

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"time"

	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// A Key is a key and what is known of it. Only Key itself may hold private values.
type Key struct {
	Key jwk.Key

	Signs        []string // signature algorithms it may be used with
	Encrypts     []string // encryption algorithms
	Masked       []string // names of the private members of its JWK
	Thumbprint   string   // "" where it would confirm a guessed secret
	Certificates []Certificate
	Warnings     []verdict.Check
}

// OfKey inspects a key at an instant.
func OfKey(k jwk.Key, now time.Time) Key {
	opened := Key{
		Key: k, Signs: signs(k), Encrypts: jwe.UsableAlgs(k), Masked: k.PrivateMembers(),
		Certificates: certificates(k.Certificates, now), Warnings: k.Warnings(now),
	}
	if !k.IsSecret() || unguessable(k) {
		opened.Thumbprint = k.Thumbprint()
	}
	opened.Warnings = append(opened.Warnings, k.ModulusWarnings()...)
	opened.Warnings = append(opened.Warnings, certificateWarnings(k.Certificates)...)
	if k.IsSecret() && len(opened.Warnings) == 0 {
		opened.Warnings = opened.secretWarnings()
	}
	if k.Alg == "RSA1_5" {
		opened.Warnings = append(opened.Warnings, verdict.Check{
			Name: "alg", Status: verdict.Warn, Class: verdict.LegacyAlg, Actual: k.Alg,
			Detail: "RSA1_5 is open to padding oracles (RFC 8725 §3.2)",
		})
	}
	return opened
}

// signs returns the signature algorithms that the key may be used with. A secret that is
// too short for HMAC counts only if its "alg" says HMAC.
func signs(k jwk.Key) []string {
	op := jwk.OpVerify
	if k.IsPrivate() {
		op = jwk.OpSign
	}
	var names []string
	for _, a := range k.Algorithms() {
		if k.Fits(a, op) == nil && (k.Bits() >= 8*a.MinKeyBytes || k.Alg == a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// unguessable reports whether a secret looks random: long, and not text that a person may have
// chosen.
func unguessable(k jwk.Key) bool {
	secret, _ := k.Material().([]byte)
	return len(secret) >= 16 && slices.ContainsFunc(secret, func(c byte) bool { return c < ' ' || c > '~' })
}

// secretWarnings reports a secret that is too short for its use.
func (k Key) secretWarnings() []verdict.Check {
	secret, _ := k.Key.Material().([]byte)
	for _, a := range k.Key.Algorithms() {
		isFor := k.Key.Alg == a.Name || len(k.Signs) == 0 && !aesSize(len(secret)) && k.Key.Use != "enc"
		if isFor && k.Key.Bits() < 8*a.MinKeyBytes {
			return []verdict.Check{{
				Name: "key_strength", Status: verdict.Warn, Class: verdict.WeakKey, Actual: k.Key.Bits(),
				Detail: fmt.Sprintf("the secret has %d bytes, %s wants at least %d (RFC 7518 §3.2)", len(secret), a.Name, a.MinKeyBytes),
			}}
		}
	}
	return nil
}

func aesSize(n int) bool { return n == 16 || n == 24 }

// certificateWarnings reports certificate signatures that are no longer secure. A root's
// signature over itself protects nothing and is ignored.
func certificateWarnings(chain []*x509.Certificate) []verdict.Check {
	var warnings []verdict.Check
	for i, c := range chain {
		if c.Issuer.String() == c.Subject.String() {
			continue
		}
		switch c.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			name := "the certificate"
			if i > 0 {
				name = "certificate " + strconv.Itoa(i+1)
			}
			warnings = append(warnings, verdict.Check{
				Name: "certificate", Status: verdict.Warn, Class: verdict.WeakKey, Actual: c.SignatureAlgorithm.String(),
				Detail: name + " is signed with " + c.SignatureAlgorithm.String() + ", which can be forged",
			})
		}
	}
	return warnings
}
