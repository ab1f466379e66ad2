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

// A selective token is what an SD-JWT (RFC 9901) shows besides its Issuer-signed
// JWT. Nothing vouches for it.
type selective struct {
	token     sdjwt.Token
	processed sdjwt.Processed
	err       error // the disclosures are not those of the token
}

// decodeDisclosed splits an SD-JWT.
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
			Class: verdict.ClassOf(err), Detail: "the disclosures are not those of the token, jwt verify refuses it: " + err.Error(),
		})
	}
	return d, nil
}

// fits reports whether the disclosures are those of the token.
func (s *selective) fits() bool { return s != nil && s.err == nil }

// json are the members that stand beside the payload in an answer.
func (s *selective) json() render.Object {
	o := render.Disclosures(s.token, s.processed, s.fits())
	if kb := s.token.KeyBinding; kb != nil {
		if d, err := decodeSigned(*kb); err == nil {
			o.Add("key_binding", d.json())
		}
	}
	return o
}

// text shows what was disclosed, what was not, and what that makes of the claims.
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
		return // its claims nest too deep to be shown
	}
	t.Line().Styled(render.Bold, "Key binding").Put("  by whom it was issued to").Line()
	t.Object(d.header, nil)
	t.Object(d.claims, func(m jsonobject.Member) render.Remark { return date.Remark(m, now) })
	render.Signature(t, d.header, len(d.signature))
}

func (s *selective) claimsText(t *render.Text, date cli.Date, now time.Time) {
	t.Put("  ").Styled(render.Dim, render.KeptBack(s.processed)).Line()
	t.Line().Styled(render.Bold, "Claims").Put("  with what is disclosed").Line()
	t.Object(s.processed.Payload, func(m jsonobject.Member) render.Remark { return date.Remark(m, now) })
}

// about says in a word what was presented.
func (s *selective) about() string {
	words := "SD-JWT, " + phrase.Count(len(s.token.Disclosures), "disclosure")
	if s.token.KeyBinding != nil {
		words += ", key binding"
	}
	return words
}

// checkDisclosed checks what was disclosed of a token whose Issuer-signed JWT
// verified, and returns the payload with it. Where the holder bound it to a key,
// audience, nonce and age are asked of the Key Binding JWT.
func (v *verifier) checkDisclosed(s *selective, issued jws.Verified, r *render.Report) []byte {
	d, err := s.token.Verify(issued)
	if err == nil && v.options.jws {
		err = verdict.Errorf(verdict.Malformed, "an SD-JWT is no opaque payload: its disclosures would go unseen").Hintf("leave out --jws")
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
		if _, has := p.Payload.Get("aud"); !has { // an audience the issuer set binds all the same (RFC 7519 §4.1.3)
			policy.Audiences = nil
		}
	}
	r.Checks = append(r.Checks, v.hold(policy, claims, issued)...)
	r.Checks = append(r.Checks, v.checkKeyBinding(s, d)...)
	return p.Payload.Bytes()
}

// checkKeyBinding checks that the one who presents the token is the one it was
// issued to (RFC 9901 §7.3).
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
		if c.Status == verdict.Fail { // an exp or nbf of its own, a claim of the wrong type
			c.Name = binding.CheckName(c.Name)
			checks = append(checks, c)
		}
	}
	return checks
}

// unbound is the check that fails when a key binding is wanted and there is none:
// who saw an SD-JWT once could present it (RFC 9901 §7.3 step 1).
var unbound = verdict.Check{
	Name: "key_binding", Status: verdict.Fail, Class: verdict.MissingClaim,
	Detail: "key_binding: missing, the token does not end with a Key Binding JWT",
	Hint:   "the holder has to sign one for you, with your aud and nonce (RFC 9901 §4.3)",
}

// disclosedContents is what an SD-JWT holds, for a report: its payload with what
// was disclosed where that fits, and the disclosures beside it.
func disclosedContents(d decoded) *render.Contents {
	payload := d.payloadField()
	if d.selective.fits() {
		payload.Value = d.selective.processed.Payload
	}
	return &render.Contents{Header: d.header, Name: payload.Name, Payload: payload.Value, Beside: d.selective.json()}
}
