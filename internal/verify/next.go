package verify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// nextSteps say what a person can do about a failed check that no other hint is about.
var nextSteps = []struct {
	class verdict.Class
	name  string // of the check; "" for any
	hint  string
}{
	{verdict.AudMismatch, "", "get a token that is issued for this audience, or correct --aud"},
	{verdict.IssMismatch, "", "is the token from another environment? get one from the expected issuer, or correct --iss"},
	{verdict.SubMismatch, "", "get a token of this subject, or correct --sub"},
	{verdict.NonceMismatch, "", "each login has a nonce of its own: give the one that this login sent"},
	{verdict.TypMismatch, "", "get a token of this kind, or correct --typ"},
	{verdict.ClaimMismatch, "scope", "get a token with this scope, or correct --scope"},
	{verdict.ClaimMismatch, "", "get a token with this value, or correct --claim"},
	{verdict.MissingClaim, "aud", "ask the issuer for a token for an API (audience=, resource= or a scope), or leave --aud out"},
	{verdict.MissingClaim, "iss", "the issuer must write iss, or leave --iss out"},
	{verdict.MissingClaim, "sub", "the issuer must write sub, or leave --sub out"},
	{verdict.MissingClaim, "nonce", "send a nonce with the login, or leave --nonce out"},
	{verdict.MissingClaim, "max_age", "the issuer must write iat, or leave out --max-age"},
	{verdict.MissingClaim, "valid_for", "the issuer must write exp, or leave out --valid-for"},
	{verdict.CritUnsupported, "", "the issuer must leave the extension out, or another verifier must know it"},
}

// next returns the next step for a failed check, or "".
func (v *verification) next(c verdict.Check) string {
	for _, look := range []func(verdict.Check) string{
		nothingWanted, wildcard, v.sameValue, v.otherName, v.inText, ofOtherKind, listed, v.memberName, proof, v.wrongNumber, wrongText, v.otherAlgorithm, unmarked, v.otherKeySet,
	} {
		if hint := look(c); hint != "" {
			return hint
		}
	}
	for _, n := range nextSteps {
		if n.class == c.Class && (n.name == "" || n.name == c.Name) {
			return n.hint
		}
	}
	return v.namesInstead(c)
}

// nothingWanted explains a flag that is empty, as an unset variable leaves it.
func nothingWanted(c verdict.Check) string {
	wanted, ok := c.Expected.([]string)
	if text, isText := c.Expected.(string); isText {
		wanted, ok = []string{text}, true
	}
	if !ok || !slices.Equal(wanted, []string{""}) || c.Name != "aud" && c.Name != "iss" && c.Name != "sub" {
		return ""
	}
	return "--" + c.Name + " is empty: is the shell variable set?"
}

// wildcard explains a wanted value that ends in an asterisk, where the claim begins as it does.
func wildcard(c verdict.Check) string {
	start, ok := strings.CutSuffix(one(c.Expected), "*")
	if !ok || start == "" || !strings.HasPrefix(one(c.Actual), start) {
		return ""
	}
	return "values are compared whole, * stands for itself: " + cmp.Or(flagFor(c.Name, one(c.Actual)), "give the whole value")
}

// kindNames are the names that issuers give to the kinds of tokens.
var kindNames = map[string]string{"refresh": "a refresh token", "id": "an ID token", "access": "an access token"}

// ofOtherKind recognises a token of another kind by the claim that names the kind.
func ofOtherKind(c verdict.Check) string {
	name := strings.TrimPrefix(c.Name, "claim:")
	if c.Class != verdict.ClaimMismatch || name != "token_type" && name != "typ" && name != "type" && name != "token_use" {
		return ""
	}
	is, isKind := kindNames[strings.ToLower(one(c.Actual))]
	want, wantsKind := kindNames[strings.ToLower(one(c.Expected))]
	switch {
	case !isKind:
		return ""
	case !wantsKind:
		want = "an access token"
	}
	if is == want {
		return ""
	}
	return "this is " + is + ": send " + strings.Replace(want, "an ", "the ", 1) + " that came with it"
}

// wrongNumber explains a time that is text or in milliseconds.
func (v *verification) wrongNumber(c verdict.Check) string {
	if c.Class != verdict.ClaimsMalformed || c.Name != "exp" && c.Name != "nbf" && c.Name != "iat" {
		return ""
	}
	value, _ := v.token.Claims.Get(c.Name)
	d, isNumber := jwt.ParseNumericDate(value)
	if !isNumber {
		return "the issuer must write " + c.Name + " as a number of seconds, without quotes (RFC 7519 §2)"
	}
	if _, ok := d.InMilliseconds(); ok {
		return "the issuer must write seconds: divide the milliseconds by 1000"
	}
	return "the issuer must write seconds since 1970: " + c.Name + " of the start of 2025 is 1735689600"
}

// wrongText explains a claim that is not text and must be. Libraries differ in whether they refuse it.
func wrongText(c verdict.Check) string {
	switch {
	case c.Class != verdict.ClaimsMalformed:
		return ""
	case c.Name == "aud":
		return "the issuer must write aud as text, in quotes, or as an array of such texts"
	case c.Name == "iss", c.Name == "sub", c.Name == "jti":
		return "the issuer must write " + c.Name + " as text, in quotes"
	}
	return ""
}

// inText explains a missing member of a claim that is text with JSON in it.
func (v *verification) inText(c verdict.Check) string {
	_, path, _ := strings.Cut(c.Name, ":")
	if c.Class != verdict.MissingClaim {
		return ""
	}
	for _, m := range v.token.Claims.Members() {
		text, _ := m.Value.Text()
		if !strings.HasPrefix(path, m.Name+".") || !strings.HasPrefix(text, "{") {
			continue
		}
		return phrase.Short(m.Name) + " is JSON inside text, in which nothing is looked up: the issuer must write an object"
	}
	return ""
}

// memberName explains a claim that is an object whose members are named like the wanted word, as the
// roles of Zitadel are.
func (v *verification) memberName(c verdict.Check) string {
	name, isClaim := strings.CutPrefix(c.Name, "claim:")
	path := name + "." + one(c.Expected)
	if _, has := v.token.Claims.Lookup(path); !has || !isClaim || c.Class != verdict.ClaimMismatch {
		return ""
	}
	return "the claim is an object that has this member: --require " + quoteArg(path)
}

// listed explains a claim that is a list in one text, like scope.
func listed(c verdict.Check) string {
	name, isClaim := strings.CutPrefix(c.Name, "claim:")
	wanted, got := one(c.Expected), one(c.Actual)
	if c.Class != verdict.ClaimMismatch || !isClaim || wanted == "" || !slices.Contains(strings.Fields(got), wanted) {
		return ""
	}
	return "it is a list in one text, and compared whole: --claim " + claimArg(name, got)
}

// proof explains a DPoP proof for another request.
func proof(c verdict.Check) string {
	if strings.HasSuffix(c.Name, ":htm") || strings.HasSuffix(c.Name, ":htu") {
		return "a proof is for one request: the client must make one for each"
	}
	return ""
}

// unmarked explains a token of the usual type where that of an access token is expected.
func unmarked(c verdict.Check) string {
	want, is := one(c.Expected), one(c.Actual)
	if c.Class == verdict.TypMismatch && strings.HasSuffix(strings.ToLower(want), "at+jwt") && (is == "" || strings.EqualFold(is, "JWT")) {
		return "this issuer does not mark its access tokens (RFC 9068 §2.1): leave the type out, or switch it on at the issuer"
	}
	return ""
}

// ahead explains an nbf in the future, if the iat is as far: the issuer's clock differs from this one,
// or shows local time.
func ahead(t *token.Token, at time.Time) string {
	early := func(name string) time.Duration {
		value, _ := t.Claims.Get(name)
		d, ok := jwt.ParseNumericDate(value)
		if !ok {
			return 0
		}
		when, _ := d.Time()
		return when.Sub(at)
	}
	const fault, drift = 2 * time.Minute, 10 * time.Minute // of clocks
	nbf, iat := early("nbf"), early("iat")
	hours := nbf.Round(time.Hour)
	switch {
	case iat <= 0 || (iat-nbf).Abs() > fault:
		return ""
	case nbf <= drift:
		return "iat is in the future, too: the issuer's clock is ahead, or this one behind; --leeway " + reltime.Typed(nbf.Truncate(time.Minute)+time.Minute) + " accepts that"
	case hours < time.Hour || hours > 14*time.Hour || (nbf-hours).Abs() > fault:
		return ""
	}
	return "the issuer's clock is ahead by " + reltime.Typed(hours) + ": does it write local time? times are in UTC; --at TIME checks as of then"
}
