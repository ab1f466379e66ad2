package verify

import (
	"slices"
	"strings"

	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// advise adds hints to failed checks that have none, from the claims of the token. They are
// not verified and never become a part of what to type.
func (v *verification) advise() {
	for i := range v.checks {
		c := &v.checks[i]
		if c.Status != verdict.Fail || c.Hint != "" {
			continue
		}
		if alike(c.Expected, c.Actual) {
			c.Hint = "it is compared byte for byte: spell it alike on both sides"
			continue
		}
		if onlyScheme(c.Expected, c.Actual) {
			c.Hint = `only "https://" differs: allow both spellings, each with a flag of its own (Google writes both)`
			continue
		}
		switch c.Class {
		case verdict.AudMismatch, verdict.TypMismatch:
			c.Hint = otherKind(v.Profile.Name == "id-token", v.token)
			if c.Hint == "" && c.Class == verdict.AudMismatch {
				c.Hint = "get a token that is issued for this audience, or correct --aud"
			}
		case verdict.IssMismatch:
			c.Hint = "is the token from another environment? get one from the expected issuer"
		case verdict.MissingClaim:
			if names, ok := strings.CutPrefix(c.Name, "require:"); ok && strings.Contains(names, ",") {
				c.Hint = "one claim a flag: --require " + strings.ReplaceAll(names, ",", " --require ")
			}
		}
	}
}

// alike reports whether two names differ only in case or in a slash at the end.
func alike(wanted, got any) bool {
	w, ok := wanted.(string)
	g, isText := got.(string)
	return ok && isText && strings.EqualFold(strings.TrimRight(w, "/"), strings.TrimRight(g, "/"))
}

// onlyScheme reports whether two names differ only in "https://" at the start.
func onlyScheme(wanted, got any) bool {
	w, ok := wanted.(string)
	g, isText := got.(string)
	const scheme = "https://"
	return ok && isText && w != g && strings.TrimPrefix(w, scheme) == strings.TrimPrefix(g, scheme)
}

// otherKind returns the hint for a token that looks like an ID token when another kind is
// expected, or the reverse, by the claims that only one kind has.
func otherKind(wantID bool, t *token.Token) string {
	has := func(name string) bool { _, ok := t.Claims.Get(name); return ok }
	granted := slices.ContainsFunc([]string{"scope", "scp", "client_id"}, has)
	loggedIn := slices.ContainsFunc([]string{"nonce", "at_hash", "c_hash", "auth_time", "email"}, has)
	switch {
	case !wantID && loggedIn && !granted:
		return "it looks like an ID token, which is for the client that logged in: send the access token"
	case wantID && granted && !loggedIn:
		return "it looks like an access token, which is for the API: this profile is for the id_token"
	default:
		return ""
	}
}

// anotherKey returns the hint for a signature that does not verify for no known cause.
func anotherKey(t *token.Token, keys []jwk.Key) string {
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
