package token

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// A Difference is the changes that turn the content of one token into that of another.
type Difference struct {
	Header, Payload []jsonobject.Change
	SameSignature   bool
	Notes           []string // differences in spelling, order or signature
}

// Compare compares two tokens. Nothing is verified.
func Compare(a, b *Token) Difference {
	d := Difference{SameSignature: slices.Equal(a.Signed.Signature, b.Signed.Signature)}
	d.Header, d.Notes = compared("header", trimmed(a.Header), trimmed(b.Header))
	if a.IsSealed() || b.IsSealed() {
		return sealed(d, a, b)
	}
	var notes []string
	d.Payload, notes = compared("payload", body(a), body(b))
	d.Notes = append(d.Notes, notes...)
	switch same := slices.Equal(a.Header.Bytes(), b.Header.Bytes()) && slices.Equal(a.Payload, b.Payload); {
	case same && !d.SameSignature:
		d.Notes = append(d.Notes, "the signatures differ: signed again, or with another key")
	case !same && d.SameSignature && len(a.Signed.Signature) > 0:
		d.Notes = append(d.Notes, "the signatures are the same, so at least one of them is invalid")
	}
	return d
}

// body returns the payload as JSON, that of an SD-JWT with its disclosures in place.
func body(t *Token) jsonobject.Value {
	v, err := jsonobject.ParseValue(t.Payload)
	switch {
	case t.Disclosures.Fit():
		return trimmed(t.Content())
	case err == nil:
		return v
	case utf8.Valid(t.Payload):
		return jsonobject.Quote(string(t.Payload))
	default:
		return jsonobject.Quote(base64url.Encode(t.Payload))
	}
}

// sealed compares tokens of which at least one is encrypted.
func sealed(d Difference, a, b *Token) Difference {
	if a.IsSealed() && b.IsSealed() && a.Encrypted.Segments() == b.Encrypted.Segments() {
		d.SameSignature = true
		return d
	}
	d.SameSignature = false
	d.Payload = []jsonobject.Change{{Kind: jsonobject.Changed}}
	d.Notes = append(d.Notes, "encrypted content cannot be compared: decrypt it with jwt decrypt")
	return d
}

// trimmed returns an object as a value without surrounding white space.
func trimmed(o jsonobject.Object) jsonobject.Value {
	return jsonobject.Value(bytes.TrimSpace(o.Bytes()))
}

// compared returns the changes of a part, or notes on its spelling if nothing changed.
func compared(part string, a, b jsonobject.Value) (changes []jsonobject.Change, notes []string) {
	if changes = jsonobject.Difference(a, b); len(changes) > 0 {
		return changes, nil
	}
	order, spelling := jsonobject.Variation(a, b)
	if order {
		notes = append(notes, part+": the members are in another order")
	}
	if spelling {
		notes = append(notes, part+": the same values, spelled differently")
	}
	return nil, notes
}
