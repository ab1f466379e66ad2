package cmd

import (
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// A verifier judges tokens under one set of options. Its report tells all that
// was looked at.
type verifier struct {
	options verifyOptions
	policy  jwt.Policy
	now     time.Time
	ring    *keyring
}

// judge runs every check on one token. The payload is returned if it is valid.
func (v *verifier) judge(text string) (render.Report, []byte) {
	token, err := jws.Parse(text)
	if err != nil {
		return refusedShape(err), nil
	}
	r := render.Report{
		Checks: []verdict.Check{{Name: "shape", Status: verdict.Pass, Detail: "compact JWS, 3 parts"}},
		Token:  contentsOf(token),
	}
	verified, err := v.verifySignature(token, &r)
	if err != nil {
		return decided(r), nil
	}
	key := verified.Key()
	describeKey(r.Checks, key)
	r.Key = &render.UsedKey{Source: key.Source, Kid: key.ID, HasKid: key.HasID, Alg: verified.Alg().Name}
	if !key.IsSecret() { // the thumbprint of a secret is a hash of it
		r.Key.Thumbprint = key.Thumbprint()
	}
	if !v.options.jws {
		r.Checks = append(r.Checks, v.checkClaims(verified)...)
	}
	if v.options.strict {
		reject(r.Checks)
	}
	if r = decided(r); !r.Valid {
		return r, nil
	}
	return r, verified.Payload()
}

func (v *verifier) verifySignature(token jws.Token, r *render.Report) (jws.Verified, error) {
	keys, keyErr := v.ring.keys()
	verified, checks, err := token.Verify(keys, v.options.keys.algs)
	if verdict.ClassOf(err) == verdict.KeyNotFound {
		if keyErr != nil {
			checks[len(checks)-1], err = verdict.Failed("key", keyErr), keyErr
		} else if more, refreshErr := v.ring.refresh(); refreshErr != nil {
			checks[len(checks)-1], err = verdict.Failed("key", refreshErr), refreshErr
		} else if more != nil {
			keys = more
			verified, checks, err = token.Verify(keys, v.options.keys.algs)
		}
	}
	r.Checks = append(r.Checks, checks...)
	switch verdict.ClassOf(err) {
	case verdict.SignatureInvalid, verdict.KeyMismatch:
		for _, c := range jws.Diagnose(token, keys) {
			r.Reasons = append(r.Reasons, render.Reason{ID: c.ID, Detail: c.Detail, Hint: c.Hint})
		}
	}
	return verified, err
}

// describeKey says in the check of that name which key it was.
func describeKey(checks []verdict.Check, key jwk.Key) {
	for i := range checks {
		if c := &checks[i]; c.Name == "key" && c.Detail == "" {
			c.Detail = key.Kind() + " from " + key.Source
			if key.HasID {
				c.Detail += ", kid " + string(jsonobject.Quote(key.ID))
			}
		}
	}
}

// checkClaims checks what was signed. The issuer that the key was discovered
// from is the one the token must name: a key of one issuer vouches for no other.
func (v *verifier) checkClaims(verified jws.Verified) []verdict.Check {
	claims, err := jwt.ClaimsOf(verified)
	if err != nil {
		return []verdict.Check{verdict.Failed("claims", err)}
	}
	policy := v.policy
	if issuer := v.ring.issuerOf(verified.Key()); issuer != "" {
		policy.Issuers = []string{issuer}
	}
	return policy.Check(claims, verified.Token().Header, v.now)
}

// refusedShape is the report on what is no token at all.
func refusedShape(err error) render.Report {
	return decided(render.Report{Checks: []verdict.Check{verdict.Failed("shape", err)}})
}

// reject turns warnings into failures (--strict). How the secret was typed says
// nothing about the token, and stays a warning.
func reject(checks []verdict.Check) {
	for i := range checks {
		if c := &checks[i]; c.Status == verdict.Warn && c.Class != verdict.SecretInArgv {
			c.Status, c.Class = verdict.Fail, c.Class.Rejection()
		}
	}
}

// decided sums the checks up: valid if none failed, else the gravest is the error.
func decided(r render.Report) render.Report {
	worst := jwt.Gravest(r.Checks)
	if worst == nil {
		r.Valid = true
		return r
	}
	r.Class, r.Message, r.Hint = worst.Class, worst.Detail, worst.Hint
	for _, reason := range r.Reasons {
		if reason.Hint != "" {
			r.Hint = reason.Hint
			break
		}
	}
	if len(r.Reasons) > 0 {
		r.Message += ": " + r.Reasons[0].Detail
	}
	e := verdict.Errorf(r.Class, "not valid: %s", r.Message)
	e.Hint = r.Hint
	r.Error = e
	return r
}

// contentsOf is what a token holds, for a report.
func contentsOf(t jws.Token) *render.Contents {
	d := decoded{header: t.Header, payload: t.Payload}
	claims, err := jwt.ParseClaims(t.Payload)
	d.claims, d.isObject = claims, err == nil
	name, payload := d.payloadJSON()
	return &render.Contents{Header: t.Header, Name: name, Payload: payload}
}
