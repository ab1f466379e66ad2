package token

import (
	"strings"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
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

// isUnsecured reports whether the token has no signature and an alg that lax parsers accept
// as "none", in any case.
func (t *Token) isUnsecured() bool {
	alg, _ := t.Header.Get("alg")
	name, _ := alg.Text()
	return t.Kind != compact.JWE && len(t.Signed.Signature) == 0 && strings.EqualFold(name, jwa.None)
}
