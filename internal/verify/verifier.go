package verify

import (
	"time"

	"jwt/internal/compact"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// A Verifier verifies many tokens against the same keys and policy at one instant. It makes every
// check for each of them; what it found out about a header and a key it does not find out again.
// Only one goroutine may use it.
type Verifier struct {
	Policy
	keys Keys
	at   time.Time

	parser     jws.Parser
	claims     *jwt.Reader
	seen       []jwk.Key // the keys of signatures
	signatures *jws.Verifier

	// State of the last token, reused for the next.
	work   verification
	report Report
}

// An Opening is what reports have in common on plain tokens that have the same header and verify
// under the same key.
type Opening struct {
	Checks []verdict.Check // the first ones of each report

	Rendered any // for the renderer, who keeps here what it made of them

	nested   bool          // the header may say that the payload is a token
	examiner *jwt.Examiner // of the claims; nil before it is needed
}

// New returns a Verifier.
func New(keys Keys, policy Policy, at time.Time) *Verifier {
	return &Verifier{Policy: policy, keys: keys, at: at, claims: new(jwt.Reader), signatures: jws.NewVerifier(nil, policy.Algs)}
}

// Token runs every check on a token. The report is valid until the next call.
func (v *Verifier) Token(text string) *Report {
	if err := v.open(text); err != nil {
		v.report = NoToken(unread(text, v.keys, err))
		return &v.report
	}
	return v.finish()
}

// Again is Token for a text that is a token with the header of one before. It reports false for any
// other text. The report is valid only as long as text does not change.
func (v *Verifier) Again(text []byte) (*Report, bool) {
	signed, ok := v.parser.ParseKnown(text)
	if !ok {
		return nil, false
	}
	v.begin(signed)
	return v.finish(), true
}

func (v *Verifier) finish() *Report {
	w := &v.work
	w.shape()
	w.finish(&v.report)
	return &v.report
}

// finish makes the checks after that of the shape, and writes the report.
func (v *verification) finish(r *Report) {
	payload := v.run()
	v.token.ReadClaims()
	v.advise()
	*r = Report{}
	r.Checks, r.Causes, r.Signed, r.Token, r.Opening = v.checks, v.causes, v.signed, v.token, v.opening
	if r.decide(); r.Valid {
		r.Payload = payload
	}
}

// open begins the work on a token.
func (v *Verifier) open(text string) error {
	if compact.KindOf(text) == compact.SDJWT {
		t, err := token.OpenSigned(text)
		v.begin(new(jws.Token))
		v.work.token = t
		return err
	}
	signed, err := v.parser.Parse(text)
	if err == nil {
		v.begin(&signed)
	}
	return err
}

// begin begins the work on a token that was parsed.
func (v *Verifier) begin(signed *jws.Token) {
	const usual = 20 // checks
	w := &v.work
	if w.checks == nil {
		w.checks = make([]verdict.Check, 0, usual)
	}
	*w = verification{Verifier: v, token: w.token, checks: w.checks[:0]}
	if w.token == nil {
		w.token = new(token.Token)
	}
	w.token.Reset(signed)
}

// under returns the verifier of signatures under the keys. It forgets all about others.
func (v *Verifier) under(keys []jwk.Key) *jws.Verifier {
	if len(keys) != len(v.seen) || len(keys) > 0 && &keys[0] != &v.seen[0] {
		v.seen = keys
		v.signatures = jws.NewVerifier(keys, v.Algs)
	}
	return v.signatures
}

// remember keeps what was found out about the header and the key of a verified token.
func (v *verification) remember(of *jws.Opening) {
	if v.token.Disclosures != nil {
		return
	}
	_, nested := v.token.Header.Get("cty")
	v.opening = &Opening{Checks: append([]verdict.Check(nil), v.checks...), nested: nested}
	of.Kept = v.opening
}

// recall uses what is known about the header and the key of a verified token, if anything is.
func (v *verification) recall(of *jws.Opening) bool {
	known, ok := of.Kept.(*Opening)
	if !ok || v.token.Disclosures != nil {
		return false
	}
	v.opening, v.checks = known, append(v.checks[:0], known.Checks...)
	return true
}
