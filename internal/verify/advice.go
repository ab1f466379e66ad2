package verify

import (
	"cmp"
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// advise adds hints to failed checks that have none, from the claims of the token.
func (v *verification) advise() {
	for i := range v.checks {
		c := &v.checks[i]
		if c.Class == "" { // it passed
			continue
		}
		if c.Status == verdict.Fail && c.Hint == "" {
			c.Hint = v.hint(*c)
		}
		if c.Class == verdict.NotYetValid && c.Name == "nbf" {
			c.Hint = cmp.Or(ahead(v.token, v.at), c.Hint)
		}
	}
}

// hint returns the first hint that fits, the most exact ones first.
func (v *verification) hint(c verdict.Check) string {
	for _, look := range []func(verdict.Check) string{spelled, v.ofVendor, v.ofKind, v.next} {
		if hint := look(c); hint != "" {
			return hint
		}
	}
	return ""
}

// ofKind returns the hint for an ID token in place of an access token, or the reverse.
func (v *verification) ofKind(c verdict.Check) string {
	if c.Class != verdict.AudMismatch && c.Class != verdict.TypMismatch {
		return ""
	}
	return otherKind(v.Profile.Name == "id-token", v.token.Claims)
}

// ofVendor returns the hint that the issuer of the token is known for. The claims are verified
// when a check of aud, iss or sub fails.
func (v *verification) ofVendor(c verdict.Check) string {
	iss, _ := v.token.Claims.Text("iss")
	for _, known := range vendors {
		switch {
		case !known.issued(iss):
		case c.Name == "aud" && known.aud != nil:
			return known.aud(v.token.Claims, c)
		case c.Name == "iss" && known.iss != nil:
			return known.iss(v.token.Claims, c)
		case c.Name == "sub" && known.sub != nil:
			return known.sub(v.token.Claims, c)
		}
	}
	return ""
}

// otherKind returns the hint for a token that looks like an ID token when another kind is
// expected, or the reverse, by the claims that only one kind has.
func otherKind(wantID bool, claims jsonobject.Object) string {
	has := func(name string) bool { _, ok := claims.Get(name); return ok }
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
