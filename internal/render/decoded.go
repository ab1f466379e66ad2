package render

import (
	"strconv"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

// A Decoded is the output of decode, as JSON or as text. Nothing in it is verified.
type Decoded struct {
	Token  *token.Token
	Remark func(claim jsonobject.Member) Remark // on a claim, beside it
}

// JSON returns the token for stdout: {"header","payload","signature"}; for a JWE
// {"header","encrypted",…} with the encrypted parts, or once decrypted the plaintext and the
// key, with a token under "nested".
func (d Decoded) JSON() Object {
	t := d.Token
	o := append(make(Object, 0, 6), Field{"header", t.Header})
	switch {
	case t.Kind != compact.JWE:
		o = append(o, PayloadField(t))
		if t.Disclosures.Fit() {
			o.Add("processed", t.Disclosures.Processed.Payload)
		}
		o = append(o, presentedJSON(t)...)
		o.Add("signature", base64url.Encode(t.Signed.Signature))
	case t.Decrypted != nil:
		o.Add("encrypted", true)
		o = append(o, PayloadField(t), decryptionKey(t))
		if t.Inside != nil {
			o.Add("nested", Decoded{Token: t.Inside}.JSON())
		}
	default:
		o.Add("encrypted", true)
		for i, name := range []string{"encrypted_key", "iv", "ciphertext", "tag"} {
			o.Add(name, t.Encrypted.Segments()[i+1])
		}
	}
	return addWarnings(o, t.Warnings())
}

// presentedJSON returns the disclosures and the Key Binding JWT of an SD-JWT.
func presentedJSON(t *token.Token) Object {
	if t.Disclosures == nil {
		return nil
	}
	o := disclosureFields(*t.Disclosures)
	if binding, ok := t.Disclosures.Binding(); ok {
		o.Add("key_binding", Decoded{Token: binding}.JSON())
	}
	return o
}

func decryptionKey(t *token.Token) Field {
	return Field{"key", KeyJSON(t.Decrypted.Key(), t.Decrypted.Alg(), t.Decrypted.Enc())}
}

func addWarnings(o Object, warnings []verdict.Check) Object {
	if len(warnings) == 0 {
		return o
	}
	var list []Object
	for _, w := range warnings {
		list = append(list, Object{{"class", string(w.Class)}, {"message", w.Detail}})
	}
	return append(o, Field{"warnings", list})
}

// Text appends the token as text.
func (d Decoded) Text(t *Text) {
	if d.Token.Decrypted != nil {
		Decrypted{Decoded: d}.Text(t)
		return
	}
	d.header(t)
	if d.Token.IsSealed() {
		t.Line().Styled(Bold, "Payload").Put("  encrypted, ", phrase.Count(len(d.Token.Encrypted.Ciphertext), "byte"), "; ").
			Styled(Caution, "only the recipient's key decrypts it").Line()
		return
	}
	d.payload(t)
	d.disclosures(t)
	t.Line().Styled(Bold, "Signature").Put("  ")
	d.signature(t)
}

func (d Decoded) header(t *Text) {
	t.Styled(Bold, "Header").Line()
	t.Object(d.Token.Header, nil)
}

func (d Decoded) signature(t *Text) { Signature(t, d.Token.Header, len(d.Token.Signed.Signature)) }

func (d Decoded) payload(t *Text) {
	t.Line().Styled(Bold, "Payload")
	if d.Token.Disclosures != nil {
		t.Put("  as the issuer signed it")
	}
	switch v, err := jsonobject.ParseValue(d.Token.Payload); {
	case d.Token.HasClaims():
		t.Line().Object(d.Token.Claims, d.Remark)
	case err == nil:
		t.Put(" (JSON, but not an object, so no claims)").Line().Value(v)
	default:
		t.Put(" (", phrase.Count(len(d.Token.Payload), "byte"), ", not JSON)").Line().Put(string(d.Token.Payload)).Line()
	}
}

// disclosures appends the disclosures of an SD-JWT, the claims with what is disclosed, and the
// Key Binding JWT.
func (d Decoded) disclosures(t *Text) {
	disclosures := d.Token.Disclosures
	if disclosures == nil {
		return
	}
	t.Line().Styled(Bold, "Disclosures").Put("  ", strconv.Itoa(len(disclosures.Disclosures))).Line()
	for i, disclosure := range disclosures.Disclosures {
		name := disclosure.Name
		switch {
		case disclosures.Fit():
			name = disclosures.Processed.Disclosed[i].Path
		case disclosure.Element:
			name = "[]"
		}
		t.Put("  ").Styled(Name, name).Put(": ").Styled(Literal, string(JSON(disclosure.Value, false))).Line()
	}
	if disclosures.Fit() {
		t.Put("  ").Styled(Dim, undisclosed(disclosures.Processed)).Line()
		t.Line().Styled(Bold, "Claims").Put("  with what is disclosed").Line()
		t.Object(disclosures.Processed.Payload, d.Remark)
	} else {
		t.Put("  ").Styled(Bad, disclosures.Err.Error()).Line()
	}
	if token, ok := disclosures.Binding(); ok {
		binding := Decoded{Token: token, Remark: d.Remark}
		t.Line().Styled(Bold, "Key binding").Put("  signed by the holder").Line()
		t.Object(token.Header, nil)
		t.Object(token.Claims, d.Remark)
		binding.signature(t)
	}
}
