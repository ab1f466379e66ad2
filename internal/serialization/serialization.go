// Package serialization reads and writes the JSON serializations of tokens: flattened and general,
// of signed (RFC 7515 §7.2) and of encrypted ones (RFC 7516 §7.2). It decodes only the JSON, and
// b64 of the protected headers, and verifies nothing.
package serialization

import (
	"bytes"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// maxParts limits the signatures or recipients of one token.
const maxParts = 64

// A Form is a token in a JSON serialization.
type Form struct {
	Kind    compact.Kind // JWS or JWE
	General bool         // it has "signatures" or "recipients"

	Payload    string // of a JWS, as sent
	Detached   bool   // a JWS without "payload" (RFC 7515 App. F)
	Signatures []Signature

	Protected, IV, Ciphertext, Tag, AAD string // of a JWE, as sent
	Unprotected                         jsonobject.Object
	Recipients                          []Recipient
}

// Name returns the name of the serialization.
func (f Form) Name() string {
	if f.General {
		return "general"
	}
	return "flattened"
}

// A Signature is one signature of a JWS.
type Signature struct {
	Protected string            // base64url, as sent; may be empty
	Header    jsonobject.Object // unprotected
	Signature string
}

// A Recipient is one recipient of a JWE.
type Recipient struct {
	Header       jsonobject.Object // unprotected
	EncryptedKey string
}

// Is reports whether text is an object that has the members of a token in a JSON serialization.
func Is(text []byte) bool {
	o, err := jsonobject.Parse(text)
	return err == nil && kindOf(o) != compact.Other
}

func kindOf(o jsonobject.Object) compact.Kind {
	has := func(name string) bool { _, ok := o.Get(name); return ok }
	switch {
	case has("ciphertext"):
		return compact.JWE
	case has("signatures"), has("signature") && (has("payload") || has("protected")):
		return compact.JWS
	}
	return compact.Other
}

// Parse reads a token. It refuses what two parsers could read differently.
func Parse(text []byte) (Form, error) {
	o, err := jsonobject.Parse(text)
	switch {
	case err != nil:
		return Form{}, verdict.Errorf(verdict.Malformed, "the token is not a JSON object: %w", err)
	case len(o.Duplicates()) > 0:
		return Form{}, verdict.Errorf(verdict.DuplicateMember, "the token has %s more than once: parsers disagree on which counts", phrase.QuotedList(o.Duplicates()))
	}
	r := reader{o: o, form: Form{Kind: kindOf(o)}}
	r.known(o, "payload", "protected", "header", "signature", "signatures", "unprotected", "recipients", "encrypted_key", "aad", "iv", "ciphertext", "tag")
	switch r.form.Kind {
	case compact.JWS:
		r.jws()
	case compact.JWE:
		r.jwe()
	default:
		return Form{}, verdict.Errorf(verdict.Malformed, `this JSON is not a token: it has neither "signature" nor "signatures" nor "ciphertext"`)
	}
	return r.form, r.err
}

// A reader reads members until the first error.
type reader struct {
	o    jsonobject.Object
	form Form
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = verdict.Errorf(verdict.Malformed, format, args...)
	}
}

// known refuses other members. RFC 7515 §7.2 has them ignored; but in one of them an attacker can hide
// another token, for a parser that only splits at dots (CVE-2022-3102).
func (r *reader) known(o jsonobject.Object, names ...string) {
	for _, m := range o.Members() {
		if !slices.Contains(names, m.Name) {
			r.fail("%s: is not a member of a token in a JSON serialization", phrase.Short(m.Name))
		}
	}
}

// text returns a member that must be a string. One that may be missing is then "".
func (r *reader) text(o jsonobject.Object, name string, required bool) string {
	v, ok := o.Get(name)
	if !ok {
		if required {
			r.fail("%s: is missing", name)
		}
		return ""
	}
	s, isText := v.Text()
	if !isText {
		r.fail("%s: is %s, must be a string", name, v.Noun())
	}
	return s
}

func (r *reader) object(o jsonobject.Object, name string) jsonobject.Object {
	v, ok := o.Get(name)
	if !ok {
		return jsonobject.Object{}
	}
	inner, isObject := v.Object()
	if !isObject {
		r.fail("%s: is %s, must be an object", name, v.Noun())
	}
	return inner
}

// parts returns the elements of "signatures" or "recipients".
func (r *reader) parts(name string) []jsonobject.Object {
	v, _ := r.o.Get(name)
	elements, ok := v.Elements()
	switch {
	case !ok || len(elements) == 0:
		r.fail("%s: must be an array and not empty", name)
		return nil
	case len(elements) > maxParts:
		r.fail("%s: has %d elements, the limit is %d", name, len(elements), maxParts)
		return nil
	}
	var list []jsonobject.Object
	for i, e := range elements {
		o, ok := e.Object()
		if !ok {
			r.fail("%s[%d]: is %s, must be an object", name, i, e.Noun())
		}
		r.known(o, "protected", "header", "signature", "encrypted_key")
		list = append(list, o)
	}
	return list
}

// exclude refuses the members of the flattened form beside those of the general one.
func (r *reader) exclude(general string, flattened ...string) {
	for _, name := range flattened {
		if _, ok := r.o.Get(name); ok {
			r.fail("%s: must not be beside %s", name, general)
		}
	}
}

func (r *reader) jws() {
	_, has := r.o.Get("payload")
	r.form.Detached = !has
	r.form.Payload = r.text(r.o, "payload", false)
	signatures := []jsonobject.Object{r.o}
	if _, r.form.General = r.o.Get("signatures"); r.form.General {
		r.exclude("signatures", "signature", "protected", "header")
		signatures = r.parts("signatures")
	}
	for _, o := range signatures {
		s := Signature{Protected: r.text(o, "protected", false), Header: r.object(o, "header"), Signature: r.text(o, "signature", true)}
		if s.Protected == "" && s.Header.Len() == 0 {
			r.fail("a signature has neither protected nor header")
		}
		r.form.Signatures = append(r.form.Signatures, s)
	}
}

func (r *reader) jwe() {
	f := &r.form
	f.Protected, f.IV = r.text(r.o, "protected", false), r.text(r.o, "iv", false)
	f.Ciphertext, f.Tag, f.AAD = r.text(r.o, "ciphertext", true), r.text(r.o, "tag", false), r.text(r.o, "aad", false)
	f.Unprotected = r.object(r.o, "unprotected")
	recipients := []jsonobject.Object{r.o}
	if _, f.General = r.o.Get("recipients"); f.General {
		r.exclude("recipients", "encrypted_key", "header")
		recipients = r.parts("recipients")
	}
	for _, o := range recipients {
		f.Recipients = append(f.Recipients, Recipient{Header: r.object(o, "header"), EncryptedKey: r.text(o, "encrypted_key", false)})
	}
}

// Compact returns the same token in the compact serialization, which has one signature or
// recipient, one header, all of it protected, and no additional data.
func (f Form) Compact() (string, error) {
	unfit := func(why string) (string, error) {
		return "", verdict.Errorf(verdict.UnsupportedSerialization, "the token has %s, which the compact serialization cannot express (RFC 7515 §7.1)", why)
	}
	if f.Kind == compact.JWE {
		switch {
		case len(f.Recipients) > 1:
			return unfit(phrase.Count(len(f.Recipients), "recipient"))
		case f.Unprotected.Len() > 0 || f.Recipients[0].Header.Len() > 0:
			return unfit("a header that is not protected")
		case f.AAD != "":
			return unfit("additional authenticated data")
		}
		return strings.Join([]string{f.Protected, f.Recipients[0].EncryptedKey, f.IV, f.Ciphertext, f.Tag}, "."), nil
	}
	switch {
	case len(f.Signatures) > 1:
		return unfit(phrase.Count(len(f.Signatures), "signature"))
	case f.Signatures[0].Header.Len() > 0:
		return unfit("a header that is not protected")
	}
	return f.Signatures[0].Protected + "." + f.Payload + "." + f.Signatures[0].Signature, nil
}

// Distinct returns the signatures of a JWS without repetitions: one that is written twice counts
// once. With another unprotected header it is another one, because that may name another key.
func (f Form) Distinct() []Signature {
	var list []Signature
	for _, s := range f.Signatures {
		if !slices.ContainsFunc(list, s.equal) {
			list = append(list, s)
		}
	}
	return list
}

func (s Signature) equal(other Signature) bool {
	return s.Signature == other.Signature && s.Protected == other.Protected && bytes.Equal(s.Header.Bytes(), other.Header.Bytes())
}

// Unencoded reports whether the payload of a JWS is as it is and not in base64url (RFC 7797). The
// signatures must agree (§3): else each would be of another payload. A header that cannot be read
// does not count; no signature verifies under it.
func (f Form) Unencoded() (bool, error) {
	var unencoded, encoded bool
	for _, s := range f.Signatures {
		text, err := base64url.Decode(s.Protected)
		if err != nil {
			continue
		}
		header, err := jsonobject.Parse(text)
		if err != nil && s.Protected != "" {
			continue
		}
		b64, _ := header.Get("b64")
		isUnencoded := b64 != nil && b64.Kind() == 'f'
		unencoded, encoded = unencoded || isUnencoded, encoded || !isUnencoded
	}
	if unencoded && encoded {
		return false, verdict.Errorf(verdict.Malformed, "b64: is false in the header of one signature and not in that of another; all must have the same value (RFC 7797 §3)")
	}
	return unencoded, nil
}

// Of returns the form of a compact token.
func Of(text string) (Form, error) {
	parts := strings.Split(text, ".")
	switch compact.KindOf(text) {
	case compact.JWS:
		return Form{Kind: compact.JWS, Payload: parts[1], Detached: parts[1] == "", Signatures: []Signature{{Protected: parts[0], Signature: parts[2]}}}, nil
	case compact.JWE:
		return Form{Kind: compact.JWE, Protected: parts[0], IV: parts[2], Ciphertext: parts[3], Tag: parts[4], Recipients: []Recipient{{EncryptedKey: parts[1]}}}, nil
	}
	return Form{}, verdict.Errorf(verdict.UnsupportedSerialization, "an SD-JWT has no form here but its own")
}

// JSON returns the token in the general or the flattened serialization. Only one signature or
// recipient can be flattened.
func (f Form) JSON(general bool) (jsonobject.Value, error) {
	if n := max(len(f.Signatures), len(f.Recipients)); n > 1 && !general {
		return nil, verdict.Errorf(verdict.UnsupportedSerialization, "the token has %d signatures or recipients, the flattened serialization has one", n)
	}
	w := writer{}
	if f.Kind == compact.JWE {
		w.text("protected", f.Protected)
		w.object("unprotected", f.Unprotected)
		var list []jsonobject.Value
		for _, r := range f.Recipients {
			one := writer{}
			one.object("header", r.Header)
			one.text("encrypted_key", r.EncryptedKey)
			list = append(list, one.value())
		}
		w.parts("recipients", list, general)
		w.text("aad", f.AAD)
		w.text("iv", f.IV)
		w.always("ciphertext", f.Ciphertext)
		w.text("tag", f.Tag)
		return w.value(), nil
	}
	if !f.Detached {
		w.always("payload", f.Payload)
	}
	var list []jsonobject.Value
	for _, s := range f.Signatures {
		one := writer{}
		one.text("protected", s.Protected)
		one.object("header", s.Header)
		one.always("signature", s.Signature)
		list = append(list, one.value())
	}
	w.parts("signatures", list, general)
	return w.value(), nil
}

// A writer writes the members of an object that are not empty.
type writer struct{ members []jsonobject.Member }

func (w *writer) always(name, s string) {
	w.members = append(w.members, jsonobject.Member{Name: name, Value: jsonobject.Quote(s)})
}

func (w *writer) text(name, s string) {
	if s != "" {
		w.always(name, s)
	}
}

func (w *writer) object(name string, o jsonobject.Object) {
	if o.Len() > 0 {
		w.members = append(w.members, jsonobject.Member{Name: name, Value: o.Bytes()})
	}
}

// parts writes a list, or the members of its only element.
func (w *writer) parts(name string, list []jsonobject.Value, general bool) {
	if !general {
		members, _ := list[0].Members()
		w.members = append(w.members, members...)
		return
	}
	value := []byte{'['}
	for i, v := range list {
		if i > 0 {
			value = append(value, ',')
		}
		value = append(value, v...)
	}
	w.members = append(w.members, jsonobject.Member{Name: name, Value: append(value, ']')})
}

func (w *writer) value() jsonobject.Value { return jsonobject.Join(w.members) }
