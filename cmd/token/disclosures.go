package token

import (
	"strconv"
	"time"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/render"
	"jwt/internal/sdjwt"
	"jwt/internal/verdict"
)

// A selective token is what an SD-JWT (RFC 9901) has besides its Issuer-signed JWT. Nothing
// in it is verified.
type selective struct {
	token     sdjwt.Token
	processed sdjwt.Processed
	err       error // the disclosures do not match the token
}

// decodeDisclosed parses an SD-JWT.
func decodeDisclosed(text string) (decoded, error) {
	t, err := sdjwt.Parse(text)
	if err != nil {
		return decoded{}, err
	}
	d, err := decodeSigned(t.Issued)
	if err != nil {
		return decoded{}, err
	}
	d.selective = &selective{token: t}
	d.selective.processed, d.selective.err = t.Process()
	if err := d.selective.err; err != nil {
		d.warnings = append(d.warnings, verdict.Check{
			Class: verdict.ClassOf(err), Detail: "the disclosures do not match the token, jwt verify refuses it: " + err.Error(),
		})
	}
	return d, nil
}

// fits reports whether the disclosures match the token.
func (s *selective) fits() bool { return s != nil && s.err == nil }

// json returns the members beside the payload in the output.
func (s *selective) json() render.Object {
	o := render.Disclosures(s.token, s.processed, s.fits())
	if kb := s.token.KeyBinding; kb != nil {
		if d, err := decodeSigned(*kb); err == nil {
			o.Add("key_binding", d.json())
		}
	}
	return o
}

// text writes the disclosures, and the claims with them in place.
func (s *selective) text(t *render.Text, date cli.Date, now time.Time) {
	t.Line().Styled(render.Bold, "Disclosures").Put("  ", strconv.Itoa(len(s.token.Disclosures))).Line()
	for i, d := range s.token.Disclosures {
		name := d.Name
		switch {
		case s.fits():
			name = s.processed.Disclosed[i].Path
		case d.Element:
			name = "[]"
		}
		t.Put("  ").Styled(render.Name, name).Put(": ").Styled(render.Literal, string(render.JSON(d.Value, false))).Line()
	}
	if s.err != nil {
		t.Put("  ").Styled(render.Bad, s.err.Error()).Line()
	} else {
		s.claimsText(t, date, now)
	}
	kb := s.token.KeyBinding
	if kb == nil {
		return
	}
	d, err := decodeSigned(*kb)
	if err != nil {
		return // its claims are nested too deeply
	}
	t.Line().Styled(render.Bold, "Key binding").Put("  signed by the holder").Line()
	t.Object(d.header, nil)
	t.Object(d.claims, func(m jsonobject.Member) render.Remark { return date.Remark(m, now) })
	render.Signature(t, d.header, len(d.signature))
}

func (s *selective) claimsText(t *render.Text, date cli.Date, now time.Time) {
	t.Put("  ").Styled(render.Dim, render.KeptBack(s.processed)).Line()
	t.Line().Styled(render.Bold, "Claims").Put("  with what is disclosed").Line()
	t.Object(s.processed.Payload, func(m jsonobject.Member) render.Remark { return date.Remark(m, now) })
}

// about describes what was presented.
func (s *selective) about() string {
	words := "SD-JWT, " + phrase.Count(len(s.token.Disclosures), "disclosure")
	if s.token.KeyBinding != nil {
		words += ", key binding"
	}
	return words
}

// checkDisclosed checks the disclosures of a token whose Issuer-signed JWT is verified, and
// returns the payload with them. If there is a Key Binding JWT, it is the one that must have
// the audience, nonce and age.
func (v *verifier) checkDisclosed(s *selective, issued jws.Verified, r *render.Report) []byte {
	d, err := s.token.Verify(issued)
	if err == nil && v.options.jws {
		err = verdict.Errorf(verdict.Malformed, "an SD-JWT is not an opaque payload: its disclosures would not be checked").Hintf("leave out --jws")
	}
	if err != nil {
		r.Checks = append(r.Checks, verdict.Failed("disclosures", err))
		return nil
	}
	p := d.Processed()
	r.Checks = append(r.Checks, verdict.Check{
		Name: "disclosures", Status: verdict.Pass, Actual: len(p.Disclosed),
		Detail: strconv.Itoa(len(p.Disclosed)) + " disclosed, " + phrase.Count(len(p.Undisclosed), "digest") + " undisclosed (" + p.Hash + ")",
	})
	claims, err := jwt.ClaimsOfDisclosed(d)
	if err != nil {
		r.Checks = append(r.Checks, verdict.Failed("claims", err))
		return nil
	}
	policy := v.policy
	if s.token.KeyBinding != nil {
		policy.Nonce, policy.MaxAge = nil, nil
		if _, has := p.Payload.Get("aud"); !has { // an audience that the issuer set still binds (RFC 7519 §4.1.3)
			policy.Audiences = nil
		}
	}
	r.Checks = append(r.Checks, v.hold(policy, claims, issued)...)
	r.Checks = append(r.Checks, v.checkKeyBinding(s, d)...)
	return p.Payload.Bytes()
}

// checkKeyBinding checks that the presenter of the token is its holder (RFC 9901 §7.3).
func (v *verifier) checkKeyBinding(s *selective, d sdjwt.Verified) []verdict.Check {
	if s.token.KeyBinding == nil {
		return nil
	}
	binding := profile.KeyBinding()
	kb, err := d.VerifyKeyBinding()
	if err != nil {
		return []verdict.Check{verdict.Failed(binding.CheckName("signature"), verdict.Errorf(verdict.ClassOf(err), "key binding: %w", err))}
	}
	claims, err := jwt.ClaimsOf(kb)
	if err != nil {
		return []verdict.Check{verdict.Failed(binding.CheckName("claims"), verdict.Errorf(verdict.ClassOf(err), "key binding: %w", err))}
	}
	key, header := kb.Key(), kb.Token().Header
	checks := []verdict.Check{{
		Name: binding.CheckName("signature"), Status: verdict.Pass, Actual: key.Thumbprint(),
		Detail: kb.Alg().Name + ", by the key in cnf: " + key.Kind() + ", thumbprint " + key.Thumbprint(),
	}}
	with, digest := v.presentation, d.Digest()
	with.Digest = &digest
	checks = append(checks, binding.Check(claims, header, with, v.now)...)
	for _, c := range (jwt.Policy{Leeway: v.policy.Leeway, Location: v.policy.Location}).Check(claims, header, v.now) {
		if c.Status == verdict.Fail { // its own exp or nbf, or a claim of the wrong type
			c.Name = binding.CheckName(c.Name)
			checks = append(checks, c)
		}
	}
	return checks
}

// unbound is the check that fails if a required key binding is missing: without it, an
// attacker can present an SD-JWT that he has seen (RFC 9901 §7.3 step 1).
var unbound = verdict.Check{
	Name: "key_binding", Status: verdict.Fail, Class: verdict.MissingClaim,
	Detail: "key_binding: missing, the token does not end with a Key Binding JWT",
	Hint:   "the holder must sign one with your aud and nonce (RFC 9901 §4.3)",
}

// disclosedContents returns the contents of an SD-JWT for a report: the payload, with the
// disclosures in place if they match, and the disclosures.
func disclosedContents(d decoded) *render.Contents {
	payload := d.payloadField()
	if d.selective.fits() {
		payload.Value = d.selective.processed.Payload
	}
	return &render.Contents{Header: d.header, Name: payload.Name, Payload: payload.Value, Beside: d.selective.json()}
}
