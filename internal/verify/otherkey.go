package verify

import (
	"slices"
	"strings"

	"jwt/internal/diagnose"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// otherAlgorithm returns the hint for an algorithm that is refused. It proposes only one for
// which the caller has given a key.
func (v *verification) otherAlgorithm(c verdict.Check) string {
	name := one(c.Actual)
	switch alg, known := jwa.Lookup(name); {
	case c.Class != verdict.AlgRefused:
		return ""
	case c.Actual == nil:
		return "the issuer must write into alg with which algorithm it signs (RFC 7515 §4.1.1)"
	case strings.EqualFold(name, jwa.None):
		return "the issuer must sign its tokens: anyone can write one without a signature"
	case known:
		return v.notAllowed(alg)
	}
	for _, a := range jwa.All() {
		if strings.EqualFold(a.Name, strings.TrimSpace(name)) || sameLetters(a.Name, name) {
			return `the issuer must write "alg":"` + a.Name + `"`
		}
	}
	return ""
}

// notAllowed returns the hint for an algorithm that --alg excludes.
func (v *verification) notAllowed(alg jwa.Algorithm) string {
	keys, _ := v.keys.Keys()
	switch {
	case slices.ContainsFunc(keys, func(k jwk.Key) bool { return k.CanVerify(alg) }):
		return "if the issuer is meant to sign with " + alg.Name + ": --alg " + alg.Name
	case len(keys) > 0:
		return "the keys given are not for " + alg.Name + ": give the issuer's key and leave out --alg"
	}
	return ""
}

// otherKeySet returns the hint for a token whose key is not among those given. Nothing in the
// token is verified, so its issuer is named and never proposed as a source.
func (v *verification) otherKeySet(c verdict.Check) string {
	switch {
	case c.Class != verdict.KeyNotFound:
		return ""
	case v.Profile.OwnKey != "":
		return "a proof has its public key in the header: is this the access token instead?"
	}
	return "is the set old, or another issuer's?" + issuerKeys(v.token)
}

// issuerKeys says how to find the keys of the issuer that the token names.
func issuerKeys(t *token.Token) string {
	v, _ := t.Claims.Get("iss")
	if iss, ok := v.Text(); ok {
		return " the token says it is from " + phrase.Quote(iss) + ": --key oidc:ISSUER finds the issuer's"
	}
	return " --key oidc:ISSUER finds the issuer's keys"
}

// anotherKey returns the hint for a signature that does not verify for no known cause.
func anotherKey(t *token.Token, keys []jwk.Key) string {
	for _, k := range keys {
		if secret, ok := k.Material().([]byte); ok && diagnose.IsPlaceholder(secret) {
			return "the secret from " + k.Source + " is a placeholder that was not filled in: give the value it stands for"
		}
	}
	hint := "the token was changed, or another secret made it"
	find := ": --secret @FILE gives the issuer's"
	if slices.ContainsFunc(keys, func(k jwk.Key) bool { return !k.IsSecret() }) {
		hint, find = "the token was changed, or another key made it", ": --key oidc:ISSUER finds the issuer's"
	}
	v, _ := t.Claims.Get("iss")
	if iss, ok := v.Text(); ok {
		return hint + "; it says it is from " + phrase.Quote(iss) + find
	}
	return hint + find
}
