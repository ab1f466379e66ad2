package verify

import (
	"slices"
	"strings"

	"jwt/internal/diagnose"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// signature checks the token up to its signature. A source of keys that cannot be read is a
// failure even if another has the key: the result must not depend on the token.
func (v *verification) signature() (jws.Verified, error) {
	if v.Profile.OwnKey != "" {
		return v.possession()
	}
	if v.Anchors != nil {
		return v.chained()
	}
	keys, sourceErr := v.keys.Keys()
	verified, checks, err := v.under(keys).Verify(&v.token.Signed)
	if err == nil && sourceErr == nil && v.recall(verified.Opening()) {
		return verified, nil
	}
	a := attempt{keys: keys, verified: verified, checks: checks, err: err, sourceErr: sourceErr}
	v.consultSources(&a)
	inQuestion := []jwk.Key{a.verified.Key()}
	if a.err != nil {
		inQuestion = v.refused(&a)
	}
	v.add(a.checks...)
	if a.fetchErr != nil {
		v.add(verdict.Check{Name: "key_set", Status: verdict.Skip, Detail: "the key set could not be fetched again: " + a.fetchErr.Error()})
	}
	v.add(v.keys.Warnings(inQuestion...)...)
	if a.err != nil {
		return a.verified, a.err
	}
	if v.Strict {
		v.add(a.verified.Key().ModulusWarnings()...)
	}
	describeKey(v.checks, a.verified.Key().Describe())
	if a.fetchErr == nil {
		v.remember(a.verified.Opening())
	}
	return a.verified, nil
}

// An attempt is the result of verifying the signature under keys.
type attempt struct {
	keys     []jwk.Key
	verified jws.Verified
	checks   []verdict.Check
	err      error // nil if the signature verifies

	sourceErr error // why a source of keys is the failure, whatever the keys of the others are
	fetchErr  error // why a set was not fetched again, if the known keys decide anyway
}

// consultSources asks the sources of keys why no key fits, and verifies again if they have newer keys.
func (v *verification) consultSources(a *attempt) {
	signed := &v.token.Signed
	kid, _, _ := signed.KeyID()
	unusable := v.keys.Explain(a.err, kid)
	if a.sourceErr == nil && mayBeOld(a.err) {
		more, fetchErr := v.keys.Refetch(a.keys)
		if more != nil {
			a.keys = more
			a.verified, a.checks, a.err = v.under(more).Verify(signed)
			unusable = v.keys.Explain(a.err, kid)
		}
		if verdict.ClassOf(a.err) == verdict.KeyNotFound && unusable == a.err {
			a.sourceErr = fetchErr
		} else {
			a.fetchErr = fetchErr
		}
	}
	if a.sourceErr == nil && unusable != a.err {
		a.sourceErr = unusable
	}
	if at := slices.IndexFunc(a.checks, func(c verdict.Check) bool { return c.Name == "key" }); a.sourceErr != nil && at >= 0 {
		a.verified, a.checks, a.err = jws.Verified{}, append(a.checks[:at:at], verdict.Failed("key", a.sourceErr)), a.sourceErr
	}
}

// refused adds to the checks why the signature does not verify. It returns the keys that could have
// verified it.
func (v *verification) refused(a *attempt) []jwk.Key {
	describeKey(a.checks, describeAll(a.keys))
	failed := &a.checks[len(a.checks)-1]
	v.diagnose(a.err, a.keys, failed)
	if a.sourceErr == nil {
		v.wantsSecret(failed)
	}
	kid, hasKid, _ := v.token.Signed.KeyID()
	keys, _ := jwk.Choose(a.keys, kid, hasKid)
	return keys
}

// mayBeOld reports whether a newer key set could change the refusal: a cache never decides
// alone that a token is bad.
func mayBeOld(err error) bool {
	switch verdict.ClassOf(err) {
	case verdict.KeyNotFound, verdict.SignatureInvalid, verdict.KeyMismatch, verdict.KeyRefused:
		return true
	}
	return false
}

// possession checks a token that is verified by the key in its own header.
func (v *verification) possession() (jws.Verified, error) {
	verified, checks, err := v.token.Signed.VerifyPossession(v.Algs)
	for i, c := range checks {
		if c.Name == "jwk" {
			checks[i] = v.Profile.OwnKeyCheck(c)
		}
	}
	v.add(checks...)
	if err == nil {
		describeKey(v.checks, verified.Key().Describe())
	}
	return verified, err
}

// diagnose finds the causes why a signature does not verify. failed is the check that failed.
func (v *verification) diagnose(err error, keys []jwk.Key, failed *verdict.Check) {
	switch verdict.ClassOf(err) {
	case verdict.SignatureInvalid, verdict.KeyMismatch, verdict.KeyRefused, verdict.KeyNotFound:
	default:
		return
	}
	v.token.ReadClaims()
	if v.Diagnosis == nil || !v.Diagnosis.Off {
		v.tryCauses(keys)
	}
	if !slices.ContainsFunc(v.causes, func(c diagnose.Cause) bool { return c.Proven }) {
		v.causes = append(v.causes, v.keys.LeftOut(v.token.Signed)...)
		if why, ok := ofRefresh(v.token); ok && failed.Class != verdict.SignatureInvalid {
			v.causes = append([]diagnose.Cause{why}, v.causes...)
		}
	}
	switch {
	case failed.Class == verdict.SignatureInvalid:
		failed.Hint = anotherKey(v.token, keys)
	case failed.Class == verdict.KeyMismatch && len(v.causes) > 0 && !strings.HasPrefix(v.causes[0].Detail, verifies):
		failed.Detail = v.causes[0].Detail // it says more exactly why key and algorithm do not fit
	}
}

// tryCauses finds the causes that can be, with what is known of tokens with the same header.
func (v *verification) tryCauses(keys []jwk.Key) {
	header := v.token.Signed.Segments()[0]
	last := v.Diagnosis.after(header)
	causes, outcome := diagnose.SignatureAfter(last, v.token.Signed, keys, v.keys.Texts()...)
	if v.causes = causes; !last.Vain {
		v.Diagnosis.record(header, outcome)
	}
}

// wantsSecret adds the hint for an HMAC token that is held against key sets.
func (v *verification) wantsSecret(failed *verdict.Check) {
	if alg, _ := v.token.Header.Text("alg"); failed.Class == verdict.KeyNotFound && strings.HasPrefix(alg, "HS") {
		failed.Hint = alg + " is verified with the secret that made it, which no key set has: --secret @FILE"
	}
}

// ofRefresh returns the cause of a token that says it is a refresh token, for which issuers
// publish no key.
func ofRefresh(t *token.Token) (diagnose.Cause, bool) {
	typ, _ := t.Claims.Text("typ")
	use, _ := t.Claims.Text("token_type")
	if typ != "Refresh" && typ != "Offline" && use != "refresh" {
		return diagnose.Cause{}, false
	}
	return diagnose.Cause{
		ID: "refresh_token", Detail: "the token says it is a refresh token, which only its issuer verifies",
		Hint: "give the access token, which came with it",
	}, true
}

// describeKey adds the description of the key to the check "key".
func describeKey(checks []verdict.Check, description string) {
	for i := range checks {
		if c := &checks[i]; c.Name == "key" && c.Detail == "" {
			c.Detail = description
		}
	}
}

// describeAll describes the only key, or says how many there are.
func describeAll(keys []jwk.Key) string {
	if len(keys) == 1 {
		return keys[0].Describe()
	}
	return phrase.Count(len(keys), "key") + " given"
}
