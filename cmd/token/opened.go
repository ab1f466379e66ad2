package token

import (
	"time"

	"jwt/internal/cli"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwt"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// An opened token is a decrypted token: its plaintext, and the token in it if it is one.
type opened struct {
	key      jwk.Key
	alg, enc string
	content  decoded // the header of the JWE, and the plaintext as its payload

	nested   *decoded       // the token inside, not verified
	report   *render.Report // of its verification, if it was requested
	verified []byte         // its payload, if it is valid

	warnings []verdict.Check
}

// openedToken parses what was decrypted.
func openedToken(d jwe.Decrypted) opened {
	p := opened{key: d.Key(), alg: d.Alg(), enc: d.Enc(), warnings: d.Warnings()}
	p.content = decoded{header: d.Token().Header, payload: d.Plaintext()}
	claims, err := jwt.ParseClaims(d.Plaintext())
	p.content.claims, p.content.isObject = claims, err == nil
	p.warnings = append(p.warnings, p.content.ownWarnings()...)

	nested, err := decode(string(d.Plaintext()))
	switch {
	case err == nil:
		p.nested = &nested
		p.warnings = append(p.warnings, nested.warnings...)
	case d.Nested():
		p.warnings = append(p.warnings, verdict.Check{
			Class:  verdict.Malformed,
			Detail: "the header says that a token is inside (cty JWT), but the plaintext is not one: " + err.Error(),
		})
	}
	return p
}

// innermost returns the token whose payload decode shows: the token inside, or else the
// plaintext.
func (d decoded) innermost() decoded {
	switch {
	case d.opened == nil:
		return d
	case d.opened.nested != nil:
		return *d.opened.nested
	default:
		return d.opened.content
	}
}

// bytes returns the plaintext, or the payload of a verified token inside.
func (p opened) bytes() []byte {
	if p.report != nil {
		return p.verified
	}
	return p.content.payload
}

// failed returns why the token inside is not valid, or nil.
func (p opened) failed() error {
	if p.report == nil {
		return nil
	}
	return p.report.Error
}

// json returns the output of decrypt. A token inside is in "nested": the report of its
// verification, or "unverified" with the token.
func (p opened) json() render.Object {
	o := append(render.Object{{Name: "header", Value: p.content.header}}, p.contents()...)
	switch {
	case p.report != nil:
		o.Add("nested", p.report.JSON())
	case p.nested != nil:
		o.Add("nested", render.Object{{Name: "unverified", Value: p.nested.json()}})
	}
	addWarnings(&o, p.warnings)
	if err := p.failed(); err != nil {
		o = append(o, cli.ErrorObject(err)...)
	}
	return o
}

// contents returns the plaintext and the key. If verification failed, the plaintext is in
// "unverified", where no program mistakes it for verified.
func (p opened) contents() render.Object {
	plaintext := render.Object{p.content.payloadField()}
	if p.failed() != nil {
		plaintext = render.Object{{Name: "unverified", Value: plaintext}}
	}
	return append(plaintext, render.Field{Name: "key", Value: usedKey(p.key, p.alg, p.enc).JSON()})
}

func (p opened) text(t *render.Text, date cli.Date, now time.Time) {
	t.Styled(render.Good, "✓ decrypted").Put(" with ", p.alg, " and ", p.enc, ", ", describe(p.key)).Line()
	t.Line().Styled(render.Bold, "Header").Line()
	t.Object(p.content.header, nil)
	if p.nested == nil {
		p.content.payloadText(t, date, now)
		if !p.key.IsSecret() {
			t.Line().Styled(render.Caution, "not signed: anyone with the public key can have written it").Line()
		}
		if p.report != nil {
			t.Line()
			p.report.Text(t)
		}
		return
	}
	t.Line().Styled(render.Bold, "Inside").Put("  ", p.nested.kind()).Line().Line()
	if p.report == nil {
		p.nested.text(t, date, now)
		return
	}
	p.report.Text(t)
	t.Line().Styled(render.Bold, "Header").Line().Object(p.nested.header, nil)
	p.nested.payloadText(t, date, now)
}

// kind says whether the token is signed or encrypted.
func (d decoded) kind() string {
	if d.encrypted != nil {
		return "another encrypted token (JWE)"
	}
	return "a signed token (JWS)"
}
