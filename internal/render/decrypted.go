package render

import (
	"jwt/internal/compact"
	"jwt/internal/verify"
)

// A Decrypted is the output of decrypt, as JSON or as text.
type Decrypted struct {
	Decoded
	Report *verify.Report // on the token inside, if it was to be verified
}

// JSON returns the plaintext for stdout. A token inside is in "nested": the report of its
// verification, or "unverified" with the token. If verification failed, the plaintext is in
// "unverified", where no program mistakes it for verified.
func (d Decrypted) JSON() Object {
	plaintext := PayloadField(d.Token)
	if d.Report != nil && !d.Report.Valid {
		plaintext = Field{"unverified", Object{plaintext}}
	}
	o := Object{{"header", d.Token.Header}, plaintext, decryptionKey(d.Token)}
	switch {
	case d.Report != nil:
		o.Add("nested", (*Report)(d.Report))
	case d.Token.Inside != nil:
		o.Add("nested", Object{{"unverified", Decoded{Token: d.Token.Inside}}})
	}
	return append(o, warningsJSON(d.Token.Warnings())...)
}

// Text appends the plaintext as text.
func (d Decrypted) Text(t *Text) {
	key := d.Token.Decrypted.Key()
	t.Styled(Good, "✓ decrypted").Put(" with ", d.Token.Decrypted.Alg(), " and ", d.Token.Decrypted.Enc(), ", ", key.Describe()).Line().Line()
	d.header(t)
	if d.Token.Inside == nil {
		d.payload(t)
		if !key.IsSecret() {
			t.Line().Styled(Caution, "not signed: anyone with the public key can have written it").Line()
		}
		if d.Report != nil {
			t.Line()
			Report(*d.Report).Text(t)
		}
		return
	}
	inside := Decoded{Token: d.Token.Inside, Remark: d.Remark}
	kind := "a signed token (JWS)"
	if inside.Token.Kind == compact.JWE {
		kind = "another encrypted token (JWE)"
	}
	t.Line().Styled(Bold, "Inside").Put("  ", kind).Line().Line()
	if d.Report == nil {
		inside.Text(t)
		return
	}
	Report(*d.Report).Text(t)
	t.Line()
	inside.header(t)
	inside.payload(t)
}
