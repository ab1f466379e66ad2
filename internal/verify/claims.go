package verify

import (
	"slices"
	"strconv"
	"strings"

	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/sdjwt"
	"jwt/internal/verdict"
)

// claims checks the claims of a JWS, and returns them.
func (v *verification) claims(verified jws.Verified) jwt.Claims {
	claims, err := v.Verifier.claims.ClaimsOf(verified)
	if err != nil {
		v.add(verdict.Failed("claims", err))
		return jwt.Claims{}
	}
	v.token.TakeClaims(claims)
	if v.opening == nil || v.opening.nested {
		v.contentType(verified)
	}
	if v.opening == nil || v.opening.examiner == nil {
		v.hold(v.Policy.Policy, claims, verified)
		return claims
	}
	v.checks = v.opening.examiner.Check(v.checks, claims)
	v.profile(claims, verified)
	return claims
}

// contentType warns of a "cty" that the payload does not have.
func (v *verification) contentType(verified jws.Verified) {
	if w, ok := jwt.ContentTypeWarning(verified.Header(), verified.Payload()); ok {
		v.add(w)
	}
}

// hold checks claims against the policy and the profile.
func (v *verification) hold(policy jwt.Policy, claims jwt.Claims, verified jws.Verified) {
	policy, fits := v.narrow(policy, verified)
	examiner := policy.At(v.at, verified.Protected())
	if fits && v.opening != nil {
		v.opening.examiner = examiner
	}
	v.checks = examiner.Check(v.checks, claims)
	v.profile(claims, verified)
}

// narrow narrows the policy to the issuers whose key verified the token: a key discovered from an
// issuer is accepted for that issuer only, whatever else the policy allows. It reports whether the
// policy allows one of them; if not, it adds the check that fails.
func (v *verification) narrow(policy jwt.Policy, verified jws.Verified) (jwt.Policy, bool) {
	owners := v.keys.IssuersOf(verified.Key())
	switch {
	case len(owners) == 0:
	case len(policy.Issuers) == 0:
		policy.Issuers = owners
	default:
		both := slices.DeleteFunc(slices.Clone(policy.Issuers), func(iss string) bool { return !slices.Contains(owners, iss) })
		if len(both) == 0 {
			v.add(foreignKey(owners, policy.Issuers))
			return policy, false
		}
		policy.Issuers = both
	}
	return policy, true
}

// foreignKey returns the check that fails if the key was discovered from an issuer that the
// policy does not allow.
func foreignKey(owners, wanted []string) verdict.Check {
	return verdict.Check{
		Name: "key_issuer", Status: verdict.Fail, Class: verdict.IssMismatch, Expected: wanted, Actual: owners,
		Detail: "key_issuer: the key is that of " + strings.Join(owners, " and ") + ", the issuer must be " + strings.Join(wanted, " or "),
	}
}

// profile checks the claims of a verified token against the profile.
func (v *verification) profile(claims jwt.Claims, verified jws.Verified) {
	if v.Profile.Name == "" {
		return
	}
	with := v.Presentation
	key := verified.Key()
	with.Alg, with.Curve = verified.Alg(), key.Curve
	if !key.IsSecret() { // the thumbprint of a secret is a hash of it
		with.Thumbprint = key.Thumbprint()
	}
	if v.Anchors != nil {
		with.Chain = key.Certificates
	}
	v.add(v.Profile.Check(claims, verified.Protected(), with, v.at)...)
}

// disclosed checks the disclosures of an SD-JWT whose Issuer-signed JWT is verified, and
// returns the payload with them. If there is a Key Binding JWT, it is the one that must have
// the audience, nonce and age.
func (v *verification) disclosed(issued jws.Verified) []byte {
	d, err := v.token.Disclosures.Verify(issued)
	if err == nil && v.Opaque {
		err = verdict.Errorf(verdict.Malformed, "an SD-JWT is not an opaque payload: its disclosures would not be checked").Hintf("leave out --jws")
	}
	if err != nil {
		v.add(verdict.Failed("disclosures", err))
		return nil
	}
	p := d.Processed()
	v.add(verdict.Check{
		Name: "disclosures", Status: verdict.Pass, Actual: len(p.Disclosed),
		Detail: strconv.Itoa(len(p.Disclosed)) + " disclosed, " + phrase.Count(len(p.Undisclosed), "digest") + " undisclosed (" + p.Hash + ")",
	})
	claims, err := jwt.ClaimsOfDisclosed(d)
	if err != nil {
		v.add(verdict.Failed("claims", err))
		return nil
	}
	v.contentType(issued)
	policy := v.Policy.Policy
	if v.token.Disclosures.KeyBinding != nil {
		policy.Nonce, policy.MaxAge = nil, nil
		if _, has := p.Payload.Get("aud"); !has { // an audience that the issuer set still binds (RFC 7519 §4.1.3)
			policy.Audiences = nil
		}
	}
	from := len(v.checks)
	v.hold(policy, claims, issued)
	withheld(v.checks[from:], p)
	v.binding(d)
	return p.Payload.Bytes()
}

// withheld turns a missing "exp" into a warning if the holder may have withheld it: some
// digests of claims are not disclosed (RFC 9901 §9.7).
func withheld(checks []verdict.Check, p sdjwt.Processed) {
	if !slices.ContainsFunc(p.Undisclosed, func(u sdjwt.Undisclosed) bool { return u.Path == "" }) {
		return
	}
	if _, has := p.Payload.Get("exp"); has {
		return
	}
	for i := range checks {
		if c := &checks[i]; c.Name == "exp" && c.Status == verdict.Skip {
			c.Status, c.Class = verdict.Warn, verdict.ClaimWithheld
			c.Detail, c.Hint = "exp: missing, but it may be among the claims that the holder withheld", "--require exp refuses the token"
		}
	}
}

// binding checks that the presenter of an SD-JWT is its holder (RFC 9901 §7.3).
func (v *verification) binding(d sdjwt.Verified) {
	if v.token.Disclosures.KeyBinding == nil {
		return
	}
	binding := profile.KeyBinding()
	failed := func(name string, err error) {
		v.add(verdict.Failed(binding.CheckName(name), verdict.Errorf(verdict.ClassOf(err), "key binding: %w", err)))
	}
	kb, err := d.VerifyKeyBinding()
	if err != nil {
		failed("signature", err)
		return
	}
	claims, err := jwt.ClaimsOf(kb)
	if err != nil {
		failed("claims", err)
		return
	}
	key, header := kb.Key(), kb.Token().Header
	v.add(verdict.Check{
		Name: binding.CheckName("signature"), Status: verdict.Pass, Actual: key.Thumbprint(),
		Detail: kb.Alg().Name + ", by the key in cnf: " + key.Kind() + ", thumbprint " + key.Thumbprint(),
	})
	with, digest := v.Presentation, d.Digest()
	with.Digest = &digest
	v.add(binding.Check(claims, header, with, v.at)...)
	for _, c := range (jwt.Policy{Leeway: v.Leeway, Location: v.Location}).Check(claims, header, v.at) {
		if c.Status == verdict.Fail { // its own exp or nbf, or a claim of the wrong type
			c.Name = binding.CheckName(c.Name)
			v.add(c)
		}
	}
}

// unbound is the check that fails if a required key binding is missing: without it, an
// attacker can present an SD-JWT that he has seen (RFC 9901 §7.3 step 1).
var unbound = verdict.Check{
	Name: "key_binding", Status: verdict.Fail, Class: verdict.MissingClaim,
	Detail: "key_binding: missing, the token does not end with a Key Binding JWT",
	Hint:   "the holder must sign one with your aud and nonce (RFC 9901 §4.3)",
}
