package jwt

import (
	"bytes"
	"slices"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Policy is what a caller requires of the claims. The zero Policy makes the checks of
// RFC 7519 §4.1: the types of registered claims, "exp" and "nbf".
type Policy struct {
	Issuers   []string // "iss" must be one of them, byte for byte; nil: any
	Audiences []string // "aud" must contain one of them; nil: any, with a warning
	Subject   *string
	Type      *string // the "typ" of the header, compared as a media type
	Nonce     *string

	MaxAge   *time.Duration // maximum age by "iat"
	ValidFor *time.Duration // minimum time until "exp"
	Leeway   time.Duration  // how far clocks may differ

	Require []string      // paths (Lookup) to values other than null
	Expect  []Expectation // required values
	Scopes  []string      // all of them must be in the scope

	IgnoreExp bool // "exp" must be of the right type, but is not compared

	Location *time.Location // the zone of times in messages; nil is UTC
}

// Check checks the claims and the header of their token at the instant now. It reports
// all failures, not only the first. The checks are, in this order:
//
//	claims        the payload is an object without duplicate members
//	iss sub       the expected values; if none is expected, only if malformed
//	aud           likewise; a warning if present and none is expected
//	jti           only if malformed
//	typ           of the header; if none is expected, only if malformed
//	nonce         if Nonce is set
//	exp           always; skipped if absent or IgnoreExp is set
//	nbf iat       if present
//	valid_for     if ValidFor is set
//	max_age       if MaxAge is set
//	require:PATH  one for each of Require
//	claim:PATH    one for each of Expect
//	scope         if Scopes is set
//
// A claim of the wrong type gives one check with its name and class claims_malformed, and
// no others. Expected and Actual are nil, string, bool, int, []string or jsontext.Value;
// times are strings like "2023-11-14T22:13:20Z (1700000000)". Detail begins with the name
// of the claim.
func (p Policy) Check(c Claims, header jsonobject.Object, now time.Time) []verdict.Check {
	return verdict.WriteOut(p.At(now, header).Check(make([]verdict.Check, 0, 10+len(p.Require)+len(p.Expect)), c))
}

// CheckHeader makes only the check of "typ": the only one for a token with an opaque payload.
func (p Policy) CheckHeader(header jsonobject.Object) []verdict.Check {
	e := &Examiner{Policy: p, header: header}
	e.typ()
	return e.checks
}

// An Examiner checks the claims of many tokens with the same header against one policy at one
// instant. Only one goroutine may use it.
type Examiner struct {
	Policy
	now time.Time

	// Limits of times, and how checks state them.
	expAfter, startBy time.Time
	after, atOrBefore any

	header   jsonobject.Object
	ofHeader []verdict.Check // the check of "typ", which each token has

	// The claims that are checked, and their results.
	claims        jsonobject.Object
	registered    registered
	exp, nbf, iat date
	checks        []verdict.Check

	counted  verdict.Check // the check of the number of claims
	repeated []repetition
}

// registered are the values of the claims of RFC 7519 §4.1; nil if they are absent.
type registered struct{ iss, sub, aud, exp, nbf, iat, jti jsonobject.Value }

// read finds them in claims without duplicates.
func (r *registered) read(claims jsonobject.Object) {
	*r = registered{}
	for name, v := range claims.All() {
		switch string(name) {
		case "iss":
			r.iss = v
		case "sub":
			r.sub = v
		case "aud":
			r.aud = v
		case "exp":
			r.exp = v
		case "nbf":
			r.nbf = v
		case "iat":
			r.iat = v
		case "jti":
			r.jti = v
		}
	}
}

// A repetition is the check of a claim that is compared with the policy alone. Most tokens of a
// batch have the issuer and the audience of the one before.
type repetition struct {
	name  string
	value jsonobject.Value // a copy
	check verdict.Check
	kept  *verdict.Kept
}

// At returns the Examiner of the policy at an instant, for tokens with that header.
func (p Policy) At(now time.Time, header jsonobject.Object) *Examiner {
	e := &Examiner{Policy: p, now: now, expAfter: now.Add(-p.Leeway), startBy: now.Add(p.Leeway), ofHeader: p.CheckHeader(header)}
	e.after, e.atOrBefore = "after "+e.stampOf(e.expAfter), "at or before "+e.stampOf(e.startBy)
	return e
}

// Check appends the checks of claims and the header of their token, as Policy.Check lists them.
// Their texts must be written before the next call.
func (e *Examiner) Check(checks []verdict.Check, c Claims) []verdict.Check {
	e.claims, e.checks = c.object, checks
	e.registered.read(c.object)
	e.count()
	e.text("iss", e.registered.iss, "RFC 7519 §4.1.1", verdict.IssMismatch, e.Issuers)
	e.text("sub", e.registered.sub, "RFC 7519 §4.1.2", verdict.SubMismatch, one(e.Subject))
	e.audience()
	e.text("jti", e.registered.jti, "RFC 7519 §4.1.7", "", nil)
	e.checks = append(e.checks, e.ofHeader...)
	e.nonce()
	e.expiry()
	e.notBefore()
	e.issuedAt()
	e.validFor()
	e.maxAge()
	for _, path := range e.Require {
		e.require(path)
	}
	for _, x := range e.Expect {
		e.expect(x)
	}
	e.scopes()
	return e.checks
}

func (e *Examiner) count() {
	if n := e.claims.Len(); e.counted.Actual != n {
		e.counted = verdict.Check{Name: "claims", Status: verdict.Pass, Actual: n, Detail: "a JSON object of " + phrase.Count(n, "claim"), Kept: new(verdict.Kept)}
	}
	e.checks = append(e.checks, e.counted)
}

// addOnce adds the check of a claim, which depends on its value and the policy alone.
func (e *Examiner) addOnce(name string, v jsonobject.Value, check func(jsonobject.Value) verdict.Check) {
	const longest = 256 // bytes of a value that is kept
	if len(v) > longest {
		e.add(check(v))
		return
	}
	at := slices.IndexFunc(e.repeated, func(r repetition) bool { return r.name == name })
	if at < 0 {
		at = len(e.repeated)
		e.repeated = append(e.repeated, repetition{name: name, kept: new(verdict.Kept)})
	}
	r := &e.repeated[at]
	if string(r.value) != string(v) {
		r.value = bytes.Clone(v)
		r.check = check(r.value)
		r.check.Kept, r.kept.Rendered = r.kept, r.kept.Rendered[:0]
	}
	e.checks = append(e.checks, r.check)
}

func (e *Examiner) add(c verdict.Check) { e.checks = append(e.checks, c) }

// next adds a check that is not filled in yet.
func (e *Examiner) next() *verdict.Check {
	e.checks = append(e.checks, verdict.Check{})
	return &e.checks[len(e.checks)-1]
}

// wrongType reports a registered claim whose type is not that of RFC 7519.
func (e *Examiner) wrongType(name string, v jsonobject.Value, want, section string) {
	e.add(ofWrongType(name, v, want, section))
}

func ofWrongType(name string, v jsonobject.Value, want, section string) verdict.Check {
	return verdict.Check{
		Name: name, Status: verdict.Fail, Class: verdict.ClaimsMalformed,
		Expected: want, Actual: v.Any(),
		Detail: name + ": is " + v.Noun() + ", must be " + want + " (" + section + ")",
	}
}

func (e *Examiner) missing(name, claim, why string, expected any) {
	e.add(verdict.Check{
		Name: name, Status: verdict.Fail, Class: verdict.MissingClaim,
		Expected: expected, Detail: claim + ": missing, " + why,
	})
}

func one(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}
