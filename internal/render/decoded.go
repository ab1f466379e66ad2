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

// AppendMembers appends the token for stdout: {"header","payload","signature"}; for a JWE
// {"header","encrypted",…} with the encrypted parts, or once decrypted the plaintext and the
// key, with a token under "nested".
func (d Decoded) AppendMembers(dst []byte) []byte {
	t := d.Token
	dst = appendSource(appendName(dst, "header"), t.Header)
	switch {
	case t.Kind != compact.JWE:
		dst = appendPayload(dst, t)
		if t.Disclosures.Fit() {
			dst = appendSource(appendName(dst, "processed"), t.Disclosures.Processed.Payload)
		}
		dst = presentedJSON(t).AppendMembers(dst)
		dst = append(appendName(dst, "signature"), '"')
		dst = append(base64url.AppendEncode(dst, t.Signed.Signature), '"')
	default:
		dst = d.encryptedJSON().AppendMembers(dst)
	}
	return warningsJSON(t.Warnings()).AppendMembers(dst)
}

// encryptedJSON returns the encrypted parts of a JWE, or its plaintext.
func (d Decoded) encryptedJSON() Object {
	t := d.Token
	o := Object{{"encrypted", true}}
	if t.Decrypted == nil {
		for i, name := range []string{"encrypted_key", "iv", "ciphertext", "tag"} {
			o.Add(name, t.Encrypted.Segments()[i+1])
		}
		return o
	}
	o = append(o, PayloadField(t), decryptionKey(t))
	if t.Inside != nil {
		o.Add("nested", Decoded{Token: t.Inside})
	}
	return o
}

// appendPayload appends the member of PayloadField.
func appendPayload(dst []byte, t *token.Token) []byte {
	if t.HasClaims() {
		return appendSource(appendName(dst, "payload"), t.Claims)
	}
	f := PayloadField(t)
	return appendValue(appendName(dst, f.Name), f.Value)
}

// presentedJSON returns the disclosures and the Key Binding JWT of an SD-JWT.
func presentedJSON(t *token.Token) Object {
	if t.Disclosures == nil {
		return nil
	}
	o := disclosureFields(*t.Disclosures)
	if binding, ok := t.Disclosures.Binding(); ok {
		o.Add("key_binding", Decoded{Token: binding})
	}
	return o
}

func decryptionKey(t *token.Token) Field {
	return Field{"key", KeyJSON(t.Decrypted.Key(), t.Decrypted.Alg(), t.Decrypted.Enc())}
}

func warningsJSON(warnings []verdict.Check) Object {
	if len(warnings) == 0 {
		return nil
	}
	var list []Object
	for _, w := range warnings {
		list = append(list, Object{{"class", string(w.Class)}, {"message", w.Detail}})
	}
	return Object{{"warnings", list}}
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
