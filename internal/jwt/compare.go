package jwt

import (
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// text checks the value of a claim, nil if it is absent, that must be a string and, if want is not empty, equal to one of
// its elements byte by byte (RFC 7519 §2: StringOrURI is case-sensitive and not
// canonicalized).
func (e *Examiner) text(name string, v jsonobject.Value, section string, mismatch verdict.Class, want []string) {
	switch {
	case v == nil && len(want) > 0:
		e.missing(name, name, "want "+phrase.Or(want), OneOrAll(want))
	case v == nil:
	case v.Kind() != '"':
		e.wrongType(name, v, "a string", section)
	case len(want) > 0:
		e.addOnce(name, v, func(v jsonobject.Value) verdict.Check {
			got, _ := v.Text()
			return oneOf(name, got, mismatch, want)
		})
	}
}

func oneOf(name, got string, mismatch verdict.Class, want []string) verdict.Check {
	c := verdict.Check{Name: name, Expected: OneOrAll(want), Actual: got}
	if slices.Contains(want, got) {
		c.Status = verdict.Pass
		c.Detail = name + ": is " + phrase.Quote(got)
	} else {
		c.Status, c.Class = verdict.Fail, mismatch
		c.Detail = name + ": is " + phrase.Quote(got) + ", want " + phrase.Or(want)
		if len(want) == 1 {
			c.Detail += nearMiss(got, want[0])
		}
	}
	return c
}

// audience checks "aud", a string or an array of strings (RFC 7519 §4.1.3): one of them
// must be an expected audience.
func (e *Examiner) audience() {
	v := e.registered.aud
	if v == nil {
		if len(e.Audiences) > 0 {
			e.missing("aud", "aud", "want "+phrase.Or(e.Audiences), OneOrAll(e.Audiences))
		}
		return
	}
	e.addOnce("aud", v, e.checkAudience)
}

func (e *Examiner) checkAudience(v jsonobject.Value) verdict.Check {
	const want = "a string or an array of strings"
	if list, ok := v.Texts(); ok {
		return e.compareAudience(v, list, list)
	}
	if single, ok := v.Text(); ok {
		return e.compareAudience(v, []string{single}, single)
	}
	if v.Kind() != '[' {
		return ofWrongType("aud", v, want, "RFC 7519 §4.1.3")
	}
	return verdict.Check{
		Name: "aud", Status: verdict.Fail, Class: verdict.ClaimsMalformed, Expected: want, Actual: v.Any(),
		Detail: "aud: is an array not only of strings: " + phrase.JSON(v) + ", must be " + want + " (RFC 7519 §4.1.3)",
	}
}

func (e *Examiner) compareAudience(v jsonobject.Value, list []string, actual any) verdict.Check {
	c := verdict.Check{Name: "aud", Actual: actual}
	if len(e.Audiences) > 0 {
		c.Expected = OneOrAll(e.Audiences)
	}
	switch i := slices.IndexFunc(list, func(a string) bool { return slices.Contains(e.Audiences, a) }); {
	case len(e.Audiences) == 0:
		c.Status, c.Class = verdict.Warn, verdict.AudUnchecked
		c.Detail = "aud: is " + phrase.JSON(v) + ", not compared with anything"
		c.Hint = "--aud NAME checks that the token is meant for NAME"
	case i >= 0 && len(list) == 1:
		c.Status, c.Detail = verdict.Pass, "aud: is "+phrase.Quote(list[i])
	case i >= 0:
		c.Status, c.Detail = verdict.Pass, "aud: has "+phrase.Quote(list[i])
	default:
		c.Status, c.Class = verdict.Fail, verdict.AudMismatch
		c.Detail = "aud: is " + phrase.JSON(v) + ", want " + phrase.Or(e.Audiences)
		if len(list) == 1 && len(e.Audiences) == 1 {
			c.Detail += nearMiss(list[0], e.Audiences[0])
		}
	}
	return c
}

// typ checks the "typ" of the header explicitly, as RFC 8725 §3.11 requires. It compares
// media types without parameters (RFC 7515 §4.1.9).
func (e *Examiner) typ() {
	v, ok := e.header.Get("typ")
	if !ok {
		if e.Type != nil {
			e.add(verdict.Check{
				Name: "typ", Status: verdict.Fail, Class: verdict.TypMismatch, Expected: *e.Type,
				Detail: "typ: the header has none, want " + phrase.Quote(*e.Type),
			})
		}
		return
	}
	switch {
	case v.Kind() != '"':
		e.add(verdict.Check{
			Name: "typ", Status: verdict.Fail, Class: verdict.Malformed, Expected: "a string", Actual: v.Any(),
			Detail: "typ: is " + v.Noun() + ", must be a string (RFC 7515 §4.1.9)",
		})
	case e.Type != nil:
		e.addOnce("typ", v, e.checkType)
	}
}

func (e *Examiner) checkType(v jsonobject.Value) verdict.Check {
	got, _ := v.Text()
	c := verdict.Check{Name: "typ", Status: verdict.Pass, Expected: *e.Type, Actual: got, Detail: "typ: is " + phrase.Quote(got)}
	if MediaType(got) != MediaType(*e.Type) {
		c.Status, c.Class = verdict.Fail, verdict.TypMismatch
		c.Detail += ", want " + phrase.Quote(*e.Type)
	}
	return c
}

// nonce checks the "nonce" of OpenID Connect Core §2, a string compared exactly.
func (e *Examiner) nonce() {
	if e.Nonce == nil {
		return
	}
	v, ok := e.claims.Get("nonce")
	if !ok {
		e.missing("nonce", "nonce", "want "+phrase.Quote(*e.Nonce), *e.Nonce)
		return
	}
	if got, ok := v.Text(); ok {
		e.add(oneOf("nonce", got, verdict.NonceMismatch, []string{*e.Nonce}))
		return
	}
	e.add(verdict.Check{
		Name: "nonce", Status: verdict.Fail, Class: verdict.NonceMismatch, Expected: *e.Nonce, Actual: v.Any(),
		Detail: "nonce: is " + v.Noun() + ", want " + phrase.Quote(*e.Nonce),
	})
}

// require requires a value other than null at the path.
func (e *Examiner) require(path string) {
	v, ok := e.claims.Lookup(path)
	c := verdict.Check{Name: "require:" + path, Status: verdict.Pass}
	switch {
	case !ok:
		c.Status, c.Class, c.Detail = verdict.Fail, verdict.MissingClaim, phrase.Short(path)+": missing, but required"
	case v.Kind() == 'n':
		c.Status, c.Class, c.Detail = verdict.Fail, verdict.MissingClaim, phrase.Short(path)+": is null, but required"
		c.Actual = v.Any()
	default:
		c.Actual, c.Detail = v.Any(), phrase.Short(path)+": is there"
	}
	e.add(c)
}
