package token

import (
	"slices"
	"strings"
	"time"

	"jwt/internal/diagnose"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/render"
	"jwt/internal/sdjwt"
	"jwt/internal/verdict"
)

// A verifier verifies tokens under one set of options, and reports every check.
type verifier struct {
	options verifyOptions
	policy  jwt.Policy
	now     time.Time
	sources *keysource.Sources

	profile      profile.Profile // the zero Profile checks nothing
	presentation profile.Presentation
}

// verify runs every check on one token. It returns the payload if the token is valid.
func (v *verifier) verify(text string) (render.Report, []byte) {
	token, disclosed, r, err := shapeOf(text)
	if err != nil {
		return refusedShape(err), nil
	}
	var payload []byte
	if verified, err := v.verifySignature(token, &r); err == nil {
		payload = v.checkVerified(verified, disclosed, &r)
	}
	if r.Token == nil {
		r.Token = contentsOf(token)
	}
	v.profile.Advise(r.Checks, token)
	if r = decided(r); !r.Valid {
		return r, nil
	}
	return r, payload
}

// checkVerified checks a token whose signature verifies, and returns the payload.
func (v *verifier) checkVerified(verified jws.Verified, disclosed *selective, r *render.Report) []byte {
	key := verified.Key()
	describeKey(r.Checks, describe(key))
	r.Key = &render.UsedKey{Source: key.Source, Kid: key.ID, HasKid: key.HasID, Alg: verified.Alg().Name}
	if !key.IsSecret() { // the thumbprint of a secret is a hash of it
		r.Key.Thumbprint = key.Thumbprint()
	}
	payload := verified.Payload()
	switch {
	case disclosed != nil:
		payload = v.checkDisclosed(disclosed, verified, r)
	case v.options.jws:
		r.Checks = append(r.Checks, v.policy.CheckHeader(verified.Token().Header)...)
	default:
		v.checkClaims(verified, r)
	}
	if v.options.keyBinding && (disclosed == nil || disclosed.token.KeyBinding == nil) {
		r.Checks = append(r.Checks, unbound)
	}
	if v.options.strict {
		reject(r.Checks)
	}
	return payload
}

// shapeOf parses a token and begins its report. disclosed is nil except for an SD-JWT, whose
// contents are then in the report.
func shapeOf(text string) (t jws.Token, disclosed *selective, r render.Report, err error) {
	shape := verdict.Check{Name: "shape", Status: verdict.Pass, Detail: "compact JWS, 3 parts"}
	if sdjwt.Is(text) {
		d, err := decodeDisclosed(text)
		if err != nil {
			return t, nil, r, err
		}
		shape.Detail = d.selective.about()
		r = render.Report{Checks: []verdict.Check{shape}, Token: disclosedContents(d)}
		return d.selective.token.Issued, d.selective, r, nil
	}
	if t, err = jws.Parse(text); err == nil {
		r.Checks = append(make([]verdict.Check, 0, 20), shape) // the checks of most reports
	}
	return t, nil, r, err
}

// verifySignature checks the token up to its signature. A source of keys that cannot be read
// is a failure even if another has the key: the result must not depend on the token.
func (v *verifier) verifySignature(token jws.Token, r *render.Report) (jws.Verified, error) {
	if v.profile.OwnKey != "" {
		return v.verifyPossession(token, r)
	}
	keys, keyErr := v.sources.Keys()
	verified, checks, err := token.Verify(keys, v.options.keys.Algs)
	kid, hasKid, _ := token.KeyID()
	unusable := v.sources.Explain(err, kid)
	if keyErr == nil && verdict.ClassOf(err) == verdict.KeyNotFound && unusable == err {
		var more []jwk.Key
		if more, keyErr = v.sources.Refetch(); more != nil {
			keys = more
			verified, checks, err = token.Verify(keys, v.options.keys.Algs)
			unusable = v.sources.Explain(err, kid)
		}
	}
	if keyErr == nil && unusable != err {
		keyErr = unusable
	}
	if at := slices.IndexFunc(checks, func(c verdict.Check) bool { return c.Name == "key" }); keyErr != nil && at >= 0 {
		verified, checks, err = jws.Verified{}, append(checks[:at:at], verdict.Failed("key", keyErr)), keyErr
	}
	inQuestion := []jwk.Key{verified.Key()}
	if err != nil {
		describeKey(checks, describeAll(keys))
		v.diagnose(err, token, keys, checks, r)
		inQuestion, _ = jwk.Choose(keys, kid, hasKid)
	}
	r.Checks = append(append(r.Checks, checks...), v.sources.Warnings(inQuestion...)...)
	return verified, err
}

// diagnose adds the reasons why a signature does not verify to the report.
func (v *verifier) diagnose(err error, token jws.Token, keys []jwk.Key, checks []verdict.Check, r *render.Report) {
	switch verdict.ClassOf(err) {
	case verdict.SignatureInvalid, verdict.KeyMismatch, verdict.KeyRefused, verdict.KeyNotFound:
	default:
		return
	}
	proven := false
	for _, c := range diagnose.Signature(token, keys, v.sources.Texts()...) {
		r.Reasons = append(r.Reasons, render.Reason{ID: c.ID, Detail: c.Detail, Hint: c.Hint})
		proven = proven || c.Proven
	}
	if !proven {
		r.Reasons = append(r.Reasons, v.sources.LeftOut(token)...)
	}
	switch last := &checks[len(checks)-1]; {
	case last.Class == verdict.SignatureInvalid:
		last.Hint = profile.AnotherKey(token, keys)
	case last.Class == verdict.KeyMismatch && len(r.Reasons) > 0 && !strings.HasPrefix(r.Reasons[0].Detail, verifies):
		last.Detail = r.Reasons[0].Detail // it says more exactly why key and algorithm do not fit
	}
}

// describeKey adds the description of the key to the check "key".
func describeKey(checks []verdict.Check, description string) {
	for i := range checks {
		if c := &checks[i]; c.Name == "key" && c.Detail == "" {
			c.Detail = description
		}
	}
}

func describe(key jwk.Key) string {
	s := key.Kind() + " from " + key.Source
	if key.HasID {
		s += ", kid " + phrase.Quote(key.ID)
	}
	return s
}

// describeAll describes the only key, or says how many there are.
func describeAll(keys []jwk.Key) string {
	if len(keys) == 1 {
		return describe(keys[0])
	}
	return phrase.Count(len(keys), "key") + " given"
}

// checkClaims checks the claims, and adds them to the report.
func (v *verifier) checkClaims(verified jws.Verified, r *render.Report) {
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		r.Checks = append(r.Checks, verdict.Failed("claims", err))
		return
	}
	r.Token = &render.Contents{Header: verified.Token().Header, Name: "payload", Payload: claims.Object()}
	r.Checks = append(r.Checks, v.hold(v.policy, claims, verified)...)
}

// hold checks claims against the policy and the profile. A key discovered from an issuer is
// accepted for that issuer only, whatever else --iss allows.
func (v *verifier) hold(policy jwt.Policy, claims jwt.Claims, verified jws.Verified) []verdict.Check {
	var foreign []verdict.Check
	owners := v.sources.IssuersOf(verified.Key())
	switch {
	case len(owners) == 0:
	case len(policy.Issuers) == 0:
		policy.Issuers = owners
	default:
		both := slices.DeleteFunc(slices.Clone(policy.Issuers), func(iss string) bool { return !slices.Contains(owners, iss) })
		if len(both) == 0 {
			foreign = []verdict.Check{foreignKey(owners, policy.Issuers)}
		} else {
			policy.Issuers = both
		}
	}
	checks := policy.Check(claims, verified.Token().Header, v.now)
	if foreign != nil {
		checks = append(foreign, checks...)
	}
	return append(checks, v.checkProfile(claims, verified)...)
}

// foreignKey returns the check that fails if the key was discovered from an issuer that --iss
// does not allow.
func foreignKey(owners, wanted []string) verdict.Check {
	return verdict.Check{
		Name: "key_issuer", Status: verdict.Fail, Class: verdict.IssMismatch, Expected: wanted, Actual: owners,
		Detail: "key_issuer: the key is that of " + strings.Join(owners, " and ") + ", --iss requires " + strings.Join(wanted, " or "),
	}
}

// refusedShape returns the report on a text that is not a token.
func refusedShape(err error) render.Report {
	return decided(render.Report{Checks: []verdict.Check{verdict.Failed("shape", err)}})
}

// reject turns warnings into failures (--strict), except the one about a secret on the command
// line, which is not about the token.
func reject(checks []verdict.Check) {
	for i := range checks {
		if c := &checks[i]; c.Status == verdict.Warn && c.Class != verdict.SecretInArgv {
			c.Status, c.Class = verdict.Fail, c.Class.Rejection()
			if c.Name == jwk.CertificateCheck { // its time is suspicious, not that of the claims
				c.Class = verdict.KeyRefused
			}
		}
	}
}

// decided concludes a report: valid if no check failed, else with the gravest as its error.
func decided(r render.Report) render.Report {
	worst := verdict.Gravest(r.Checks)
	if worst == nil {
		r.Valid = true
		return r
	}
	r.Class, r.Message, r.Hint = worst.Class, worst.Detail, worst.Hint
	if len(r.Reasons) > 0 {
		r.Message = because(*worst, r.Reasons[0].Detail)
	}
	for _, reason := range r.Reasons {
		if reason.Hint != "" {
			r.Hint = reason.Hint
			break
		}
	}
	e := verdict.Errorf(r.Class, "not valid: %s", r.Message)
	switch {
	case r.Class == verdict.Usage || r.Class == verdict.Interrupted:
		e = verdict.Errorf(r.Class, "%s", r.Message)
	case !r.Class.IsVerdict():
		e = verdict.Errorf(r.Class, "not verified: %s", r.Message)
	}
	e.Hint = r.Hint
	r.Error = e
	return r
}

// verifies begins the reason found by trying other keys and algorithms.
const verifies = "the signature verifies "

// because combines the failed check and its reason in one sentence.
func because(failed verdict.Check, why string) string {
	rest, found := strings.CutPrefix(why, verifies)
	switch {
	case why == failed.Detail:
		return why
	case failed.Class == verdict.SignatureInvalid && found:
		why = "it verifies " + rest
	}
	return failed.Detail + "; " + why
}

// contentsOf returns the contents of a token for a report.
func contentsOf(t jws.Token) *render.Contents {
	claims, err := jwt.ParseClaims(t.Payload)
	payload := render.PayloadField(t.Payload, claims, err == nil)
	return &render.Contents{Header: t.Header, Name: payload.Name, Payload: payload.Value}
}
