package token

import (
	"slices"
	"strconv"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwt"
	"jwt/internal/verdict"
)

// Warnings returns the warnings about the token and the one inside.
func (t *Token) Warnings() []verdict.Check {
	var warnings []verdict.Check
	if t.Decrypted != nil {
		warnings = t.Decrypted.Warnings()
	}
	warnings = append(warnings, t.ownWarnings()...)
	switch {
	case t.Inside != nil:
		warnings = append(warnings, t.Inside.Warnings()...)
	case t.insideErr != nil:
		warnings = append(warnings, verdict.Check{
			Class:  verdict.Malformed,
			Detail: "the header says that a token is inside (cty JWT), but the plaintext is not one: " + t.insideErr.Error(),
		})
	}
	return warnings
}

func (t *Token) ownWarnings() []verdict.Check {
	var warnings []verdict.Check
	if t.isUnsecured() {
		warnings = append(warnings, verdict.Check{
			Class:  verdict.UnsecuredToken,
			Detail: "the token is unsecured (alg none): anyone can have written it, jwt verify refuses it",
		})
	}
	for _, w := range [...]string{t.withoutAlg(), t.detached(), t.cutOff(), t.compressed(), t.Opener()} {
		if w != "" {
			warnings = append(warnings, verdict.Check{Class: verdict.Malformed, Detail: w})
		}
	}
	if w, ok := jwt.ContentTypeWarning(t.Header, t.Payload); ok && t.Kind != compact.JWE {
		warnings = append(warnings, w)
	}
	warnings = append(warnings, t.flawWarnings()...)
	for _, part := range []struct {
		name   string
		object jsonobject.Object
	}{{"header", t.Header}, {"payload", t.Claims}} {
		if names := part.object.Duplicates(); len(names) > 0 {
			warnings = append(warnings, verdict.Check{
				Class:  verdict.DuplicateMember,
				Detail: "the " + part.name + " has " + strings.Join(names, ", ") + " more than once: parsers disagree on which counts, jwt verify refuses it",
			})
		}
	}
	if d := t.Disclosures; d != nil && d.Err != nil {
		warnings = append(warnings, verdict.Check{
			Class: verdict.ClassOf(d.Err), Detail: "the disclosures do not match the token, jwt verify refuses it: " + d.Err.Error(),
		})
	}
	return warnings
}

func (t *Token) withoutAlg() string {
	if _, ok := t.Header.Get("alg"); ok {
		return ""
	}
	return "the header has no alg, so it is not the header of a JWT (RFC 7515 §4.1.1), jwt verify refuses it"
}

// IsDetached reports whether the payload of a signed token is sent beside it (RFC 7515 appendix F).
func (t *Token) IsDetached() bool {
	return t.Kind == compact.JWS && len(t.Payload) == 0 && len(t.Signed.Signature) > 0
}

// detached reports a payload that is sent beside the token.
func (t *Token) detached() string {
	if !t.IsDetached() {
		return ""
	}
	return "the payload is detached: it is sent beside the token, such as in the body of a request (RFC 7515 appendix F); the token has no claims"
}

// cutOff reports a signature that is shorter than its algorithm makes them. Shorter ones are
// placeholders.
func (t *Token) cutOff() string {
	const shortest = 12
	alg, n := t.algorithm(), len(t.Signed.Signature)
	if alg == nil || t.Kind == compact.JWE || n < shortest || len(alg.SignatureSizes) == 0 || n >= slices.Min(alg.SignatureSizes) {
		return ""
	}
	return "the signature has " + strconv.Itoa(n) + " bytes, " + alg.Name + " makes " + strconv.Itoa(slices.Min(alg.SignatureSizes)) + ": was the token cut off?"
}

// algorithm returns the algorithm that the header names, or nil if it is not known.
func (t *Token) algorithm() *jwa.Algorithm {
	name, _ := t.Header.Get("alg")
	all := jwa.All()
	for i := range all {
		if name.IsText(all[i].Name) {
			return &all[i]
		}
	}
	return nil
}

// compressed reports a payload that is compressed, which no signed token may have.
func (t *Token) compressed() string {
	switch {
	case t.inflated:
		return "the payload is DEFLATE-compressed (zip DEF, as in a SMART Health Card) and shown inflated"
	case t.Deflated():
		return "the payload is DEFLATE-compressed (zip DEF, as in a SMART Health Card)"
	}
	return ""
}

// isUnsecured reports whether the token has no signature and an alg that lax parsers accept
// as "none", in any case.
func (t *Token) isUnsecured() bool {
	if t.Kind == compact.JWE || len(t.Signed.Signature) > 0 {
		return false
	}
	name, _ := t.Header.Text("alg")
	return strings.EqualFold(name, jwa.None)
}
