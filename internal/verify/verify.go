// Package verify holds a token against keys, a policy and a profile, and reports every check.
package verify

import (
	"time"

	"jwt/internal/chain"
	"jwt/internal/diagnose"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// Keys is where the keys come from.
type Keys interface {
	// Keys returns all keys that can be used. With an error, no token can be verified.
	Keys() ([]jwk.Key, error)
	// Refetch returns the keys anew after none in seen, a result of Keys, verified the token,
	// or nil if that is no use.
	Refetch(seen []jwk.Key) ([]jwk.Key, error)
	// IssuersOf returns the issuers whose tokens the key may sign; none means any.
	IssuersOf(key jwk.Key) []string
	// Texts returns the sources as read, which an issuer may have used as a secret.
	Texts() [][]byte
	// Explain returns the error of a kid that was not found, or why its key cannot be used.
	Explain(err error, kid string) error
	// LeftOut returns a key that cannot be used and may have signed the token.
	LeftOut(t jws.Token) []diagnose.Cause
	// Warnings returns the warnings about the sources and the given keys.
	Warnings(keys ...jwk.Key) []verdict.Check
}

// A Policy is what a token must satisfy besides its signature.
type Policy struct {
	jwt.Policy
	Algs    []string // the signature algorithms; none means all that the keys can do
	Opaque  bool     // the payload is not claims: only the signature and the header are checked
	Binding bool     // the token must be an SD-JWT with a Key Binding JWT
	Strict  bool     // a warning about the token or its key refuses it

	Diagnosis *Diagnosis // shared by the tokens of a batch; nil means no limit

	Anchors *chain.Anchors // not nil: the leaf certificate of the token's own chain verifies it, and no other key

	Profile      profile.Profile // the zero Profile checks nothing
	Presentation profile.Presentation
}

// A Report is the result of a verification, the same for yes and no.
type Report struct {
	Valid   bool
	Checks  []verdict.Check
	Causes  []diagnose.Cause // why the signature does not verify, as far as can be known
	Signed  *jws.Opening     // the key and the algorithm by which the signature verified; nil if it did not
	Token   *token.Token     // nil if the text is not a token
	Payload []byte           // the verified payload; nil unless valid
	Err     error            // nil if valid
	Class   verdict.Class
	Message string
	Hint    string

	// Opening is nil if the report begins like no other.
	Opening *Opening
}

// Token runs every check on a token.
func Token(text string, keys Keys, policy Policy, at time.Time) Report {
	r := New(keys, policy, at).Token(text)
	verdict.WriteOut(r.Checks)
	return *r
}

// NoToken returns the report on a text that is not a token.
func NoToken(err error) Report {
	r := Report{Checks: []verdict.Check{verdict.Failed("shape", err)}}
	r.decide()
	return r
}

// A verification is the work on one token.
type verification struct {
	*Verifier
	token *token.Token

	opening *Opening // nil unless the token begins like others
	checks  []verdict.Check
	causes  []diagnose.Cause
	signed  *jws.Opening
}

func (v *verification) add(checks ...verdict.Check) { v.checks = append(v.checks, checks...) }

// compactShape is the check that a compact JWS was parsed.
var compactShape = verdict.Check{Name: "shape", Status: verdict.Pass, Detail: "compact JWS, 3 parts"}

// shape adds the check that the token was parsed.
func (v *verification) shape() {
	v.checks = append(v.checks, compactShape)
	if d := v.token.Disclosures; d != nil {
		c := &v.checks[len(v.checks)-1]
		c.Detail = "SD-JWT, " + phrase.Count(len(d.Disclosures), "disclosure")
		if d.KeyBinding != nil {
			c.Detail += ", key binding"
		}
	}
}

// run checks the signature and, if it verifies, the rest. It returns the payload.
func (v *verification) run() []byte {
	verified, err := v.signature()
	if err != nil {
		return nil
	}
	v.signed = verified.Opening()
	payload := verified.Payload()
	disclosures := v.token.Disclosures
	switch {
	case disclosures != nil:
		payload = v.disclosed(verified)
	case v.Opaque:
		v.add(v.CheckHeader(verified.Protected())...)
	default:
		if claims := v.claims(verified); claims.Inflated() {
			payload = claims.Object().Bytes()
		}
	}
	if v.Binding && (disclosures == nil || disclosures.KeyBinding == nil) {
		v.add(unbound)
	}
	if v.Strict {
		v.reject()
	}
	return payload
}

// reject turns warnings into failures, except the one about a secret on the command line,
// which is not about the token.
func (v *verification) reject() {
	for i := range v.checks {
		if c := &v.checks[i]; c.Status == verdict.Warn && c.Class != verdict.SecretInArgv {
			v.opening, c.Kept = nil, nil // whose checks may be these
			c.Status, c.Class = verdict.Fail, c.Class.Rejection()
			if c.Name == jwk.CertificateCheck { // its time is suspicious, not that of the claims
				c.Class = verdict.KeyRefused
			}
		}
	}
}
