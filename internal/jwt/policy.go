package jwt

import (
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Policy is what a caller requires of the claims. The zero Policy checks what RFC 7519
// §4.1 says of every token: the types of registered claims, that it has not expired, and
// that it is valid already.
type Policy struct {
	Issuers   []string // "iss" must be one of them, byte for byte; nil: any
	Audiences []string // "aud" must have one of them; nil: any, with a warning
	Subject   *string
	Type      *string // the header's "typ", compared as a media type
	Nonce     *string

	MaxAge   *time.Duration // "iat" may be that long ago at most
	ValidFor *time.Duration // "exp" must be that far off at least
	Leeway   time.Duration  // how far the clocks may differ

	Require []string      // paths (Lookup) that must lead to something other than null
	Expect  []Expectation // values that must be there

	IgnoreExp bool // "exp" is of the right type, and not compared

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
//	nonce         when asked
//	exp           always; skipped when absent or to be ignored
//	nbf iat       when there
//	valid_for     when asked
//	max_age       when asked
//	require:PATH  one each
//	claim:PATH    one each
//
// A claim of the wrong type is claims_malformed under its own name and gets no other
// check. Expected and Actual are nil,
// string, bool, int, []string or jsontext.Value; times are strings like
// "2023-11-14T22:13:20Z (1700000000)". Detail begins with the claim it is about.
func (p Policy) Check(c Claims, header jsonobject.Object, now time.Time) []verdict.Check {
	e := &examination{Policy: p, claims: c.object, header: header, now: now}
	e.checks = make([]verdict.Check, 0, 10+len(p.Require)+len(p.Expect))
	members := len(c.object.Members())
	e.add(verdict.Check{Name: "claims", Status: verdict.Pass, Actual: members, Detail: "a JSON object of " + phrase.Count(members, "claim")})
	e.text("iss", "RFC 7519 §4.1.1", verdict.IssMismatch, p.Issuers)
	e.text("sub", "RFC 7519 §4.1.2", verdict.SubMismatch, one(p.Subject))
	e.audience()
	e.text("jti", "RFC 7519 §4.1.7", "", nil)
	e.typ()
	e.nonce()
	e.expiry()
	e.notBefore()
	e.issuedAt()
	e.validFor()
	e.maxAge()
	for _, path := range p.Require {
		e.require(path)
	}
	for _, x := range p.Expect {
		e.expect(x)
	}
	return e.checks
}

// CheckHeader is the part of Check that asks nothing of the claims: the check of
// "typ", for a token whose payload is opaque.
func (p Policy) CheckHeader(header jsonobject.Object) []verdict.Check {
	e := &examination{Policy: p, header: header}
	e.typ()
	return e.checks
}

// An examination is one run of a policy.
type examination struct {
	Policy
	claims, header jsonobject.Object
	now            time.Time
	exp, iat       date // as expiry and issuedAt found them

	checks []verdict.Check
}

func (e *examination) add(c verdict.Check) { e.checks = append(e.checks, c) }

// wrongType reports a registered claim that is not of its RFC 7519 type.
func (e *examination) wrongType(name string, v jsonobject.Value, want, section string) {
	e.add(verdict.Check{
		Name: name, Status: verdict.Fail, Class: verdict.ClaimsMalformed,
		Expected: want, Actual: v.Any(),
		Detail: name + ": is " + v.Noun() + ", must be " + want + " (" + section + ")",
	})
}

func (e *examination) missing(name, claim, why string, expected any) {
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
