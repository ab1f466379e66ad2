package verify

import (
	"net/url"
	"slices"
	"strings"

	"jwt/internal/diagnose"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// advise adds hints to failed checks that have none, from the claims of the token.
func (v *verification) advise() {
	for i := range v.checks {
		c := &v.checks[i]
		if c.Status == verdict.Fail && c.Hint == "" {
			c.Hint = v.hint(*c)
		}
		if hint := ahead(v.token, v.at); hint != "" && c.Class == verdict.NotYetValid && c.Name == "nbf" {
			c.Hint = hint
		}
	}
}

func (v *verification) hint(c verdict.Check) string {
	if hint := spelling(one(c.Expected), one(c.Actual)); hint != "" {
		return hint
	}
	if hint := v.ofVendor(c); hint != "" {
		return hint
	}
	switch c.Class {
	case verdict.AudMismatch, verdict.TypMismatch:
		if hint := otherKind(v.Profile.Name == "id-token", v.token); hint != "" {
			return hint
		}
	case verdict.MissingClaim:
		if names, ok := strings.CutPrefix(c.Name, "require:"); ok && strings.Contains(names, ",") {
			return "one claim a flag: --require " + strings.ReplaceAll(names, ",", " --require ")
		}
		if hint := missing(c.Name, v.token); hint != "" {
			return hint
		}
	}
	return v.next(c)
}

// ofVendor returns the hint that the issuer of the token is known for. The claims are verified
// when a check of aud or iss fails.
func (v *verification) ofVendor(c verdict.Check) string {
	iss, _ := v.token.Claims.Text("iss")
	for _, known := range vendors {
		switch {
		case !known.issued(iss):
		case c.Name == "aud" && known.aud != nil:
			return known.aud(v.token.Claims, c)
		case c.Name == "iss" && known.iss != nil:
			return known.iss(v.token.Claims, c)
		}
	}
	return ""
}

// spelling returns the hint for two names that differ in one detail.
func spelling(wanted, got string) string {
	if wanted == "" || got == "" || wanted == got {
		return ""
	}
	const alike = " differs: it is compared byte for byte, so spell it alike on both sides"
	switch {
	case strings.TrimRight(wanted, "/") == strings.TrimRight(got, "/"):
		return "only the slash at the end" + alike
	case strings.EqualFold(wanted, got):
		return "only the case of letters" + alike
	case strings.EqualFold(strings.TrimRight(wanted, "/"), strings.TrimRight(got, "/")):
		return "only the case of letters and the slash at the end differ: it is compared byte for byte, so spell it alike on both sides"
	case strings.TrimPrefix(wanted, "https://") == strings.TrimPrefix(got, "https://"):
		return `only "https://" differs: allow both spellings, each with a flag of its own (Google writes both)`
	}
	w, werr := url.Parse(wanted)
	g, gerr := url.Parse(got)
	switch {
	case werr != nil || gerr != nil || w.Host == "" || g.Host == "" || w.Path != g.Path:
		return ""
	case w.Host == g.Host:
		return "only the scheme differs: is the issuer behind a proxy that ends TLS? set its public URL there"
	case w.Scheme == g.Scheme && w.Hostname() == g.Hostname():
		return "only the port differs: is the issuer behind a proxy? set its public URL there"
	}
	return ""
}

// missing returns the hint for a missing claim that has another name.
func missing(name string, t *token.Token) string {
	other := map[string][]string{
		"aud": {"client_id", "azp", "appid", "cid"}, "sub": {"user_id", "uid", "userId", "id"}, "exp": {"expires", "expires_at", "expiresAt"},
		"scope": {"scp", "scopes", "permissions"}, "scp": {"scope"}, "client_id": {"azp", "appid", "cid"}, "azp": {"client_id"},
	}
	claim := strings.TrimPrefix(name, "require:")
	for _, o := range other[claim] {
		if _, has := t.Claims.Get(o); has {
			return "the token has " + o + " instead: --claim " + o + "=VALUE or --require " + o
		}
	}
	return ""
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
