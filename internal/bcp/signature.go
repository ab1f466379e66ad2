package bcp

import (
	"slices"
	"strconv"
	"strings"

	"jwt/internal/audit"
	"jwt/internal/jwa"
	"jwt/internal/phrase"
)

// isNone reports whether a lax verifier may read the algorithm as none.
func isNone(alg string) bool { return strings.EqualFold(strings.TrimSpace(alg), jwa.None) }

func algNone(r *inspection) []hit {
	if !isNone(r.alg) {
		return nil
	}
	detail := "alg is " + phrase.Quote(r.alg) + ": anyone can have written this"
	if r.alg != jwa.None {
		detail = "alg is " + phrase.Quote(r.alg) + `, which careless verifiers read as "none"`
	}
	if n := len(r.Signed.Signature); n > 0 {
		detail += "; " + phrase.Count(n, "byte") + " are where the signature must be empty"
	}
	return oneHit(Header, "alg", detail)
}

func algMissing(r *inspection) []hit {
	v, _, ok := get(r.Header, "alg")
	switch {
	case !ok:
		return oneHit(Header, "alg", "the header has no alg")
	case v.Kind() != '"':
		return oneHit(Header, "alg", "alg is "+v.Noun()+", not a string")
	}
	return nil
}

func algUnknown(r *inspection) []hit {
	if _, _, ok := get(r.Header, "alg"); !ok || isNone(r.alg) {
		return nil
	}
	if _, known := jwa.Lookup(r.alg); known {
		return nil
	}
	if v, _ := r.Header.Get("alg"); v.Kind() != '"' {
		return nil // alg-missing reports it
	}
	for _, a := range jwa.All() {
		if strings.EqualFold(a.Name, strings.TrimSpace(r.alg)) {
			return oneHit(Header, "alg", "alg is "+phrase.Quote(r.alg)+"; the name is "+a.Name+", and names are case-sensitive")
		}
	}
	return oneHit(Header, "alg", "alg is "+phrase.Quote(r.alg))
}

func algLegacy(r *inspection) []hit {
	if r.alg != "EdDSA" {
		return nil
	}
	return oneHit(Header, "alg", "EdDSA does not state the curve")
}

func algSymmetric(r *inspection) []hit {
	if a, ok := jwa.Lookup(r.alg); !ok || a.KeyType != "oct" {
		return nil
	}
	return oneHit(Header, "alg", r.alg+" uses one secret that issuer and verifiers share")
}

// maxGuessedBytes limits the size of tokens for which secrets are tried. Each costs one
// HMAC.
const maxGuessedBytes = 64 << 10

func weakSecret(r *inspection) []hit {
	if len(r.Text()) > maxGuessedBytes {
		return nil
	}
	g, ok := audit.New(r.Signed)
	if !ok {
		return nil
	}
	for _, secret := range audit.WellKnown {
		if g.Try([]byte(secret)) {
			return oneHit(Signature, "", "the signature verifies under one of "+
				strconv.Itoa(len(audit.WellKnown))+" secrets from tutorials and defaults")
		}
	}
	return nil
}

func signatureEmpty(r *inspection) []hit {
	if len(r.Signed.Signature) > 0 || isNone(r.alg) {
		return nil
	}
	return oneHit(Signature, "", "alg is "+phrase.Quote(r.alg)+" but the signature is empty")
}

func signatureLength(r *inspection) []hit {
	a, ok := jwa.Lookup(r.alg)
	sig := r.Signed.Signature
	if !ok || len(sig) == 0 {
		return nil
	}
	if a.KeyType == "RSA" {
		if rsaSize(len(sig)) {
			return nil
		}
		return oneHit(Signature, "", "it has "+phrase.Count(len(sig), "byte")+", which no RSA key produces")
	}
	if slices.Contains(a.SignatureSizes, len(sig)) {
		return nil
	}
	var sizes []string
	for _, n := range a.SignatureSizes {
		sizes = append(sizes, strconv.Itoa(n))
	}
	detail := "it has " + phrase.Count(len(sig), "byte") + "; " + a.Name + " has " + strings.Join(sizes, " or ")
	if a.KeyType == "EC" && len(sig) > 8 && sig[0] == 0x30 {
		detail += " (it looks like DER)"
	}
	return oneHit(Signature, "", detail)
}

// rsaSize reports whether some RSA key, also a weak one, produces signatures of n bytes.
// In practice moduli are multiples of 128 bits.
func rsaSize(n int) bool { return n >= 64 && n <= jwa.MaxRSABits/8 && n%16 == 0 }

func weakRSA(r *inspection) []hit {
	var hits []hit
	a, ok := jwa.Lookup(r.alg)
	if n := len(r.Signed.Signature); ok && a.KeyType == "RSA" && rsaSize(n) && n < jwa.MinRSABits/8 {
		hits = append(hits, hit{Signature, "", "it has " + phrase.Count(n, "byte") + ", so its key has at most " + strconv.Itoa(8*n) + " bits"})
	}
	if bits, ok := embeddedRSABits(r.Header); ok && bits < jwa.MinRSABits {
		hits = append(hits, hit{Key, "jwk", "the RSA key in jwk has " + strconv.Itoa(bits) + " bits"})
	} else if flaw := embeddedRSAFlaw(r.Header); ok && flaw != "" {
		hits = append(hits, hit{Key, "jwk", "the key in jwk can be broken: " + flaw})
	}
	return append(hits, weakCertificates(r.Certificates)...)
}
