package sdjwt

import (
	"crypto"
	_ "crypto/sha256" // crypto.SHA256, linked in
	_ "crypto/sha512" // crypto.SHA384 and crypto.SHA512
	"errors"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Disclosure reveals one claim or array element (RFC 9901 §4.2.1 and §4.2.2).
type Disclosure struct {
	Text    string // as sent
	Salt    string
	Name    string // of the claim; "" for an array element
	Element bool   // an array element
	Value   jsonobject.Value
}

// Names that claims must not have (RFC 9901 §4.1).
const (
	digestsName = "_sd"     // an object's digests
	digestName  = "..."     // an array element's digest
	hashName    = "_sd_alg" // at the top of the payload: the hash of the digests
)

func parseDisclosure(text string) (Disclosure, error) {
	elements, err := disclosureElements(text)
	if err != nil {
		return Disclosure{}, err
	}
	d := Disclosure{Text: text, Element: len(elements) == 2, Value: elements[len(elements)-1]}
	ok := false
	if d.Salt, ok = elements[0].Text(); !ok {
		return Disclosure{}, verdict.Errorf(verdict.Malformed, "the salt is %s, must be a string (RFC 9901 §4.2)", elements[0].Noun())
	}
	if d.Element {
		return d, nil
	}
	if d.Name, ok = elements[1].Text(); !ok {
		return Disclosure{}, verdict.Errorf(verdict.Malformed, "the claim's name is %s, must be a string (RFC 9901 §4.2.1)", elements[1].Noun())
	}
	if d.Name == digestsName || d.Name == digestName {
		return Disclosure{}, verdict.Errorf(verdict.Malformed, "the claim's name is %q, which is reserved for digests (RFC 9901 §4.2.1)", d.Name)
	}
	return d, nil
}

// disclosureElements returns the two or three elements of the array that text encodes.
func disclosureElements(text string) ([]jsonobject.Value, error) {
	if text == "" {
		return nil, verdict.Errorf(verdict.Malformed, "is empty: two ~ follow each other (RFC 9901 §4)")
	}
	b, err := base64url.Decode(text)
	if err != nil {
		return nil, verdict.Errorf(verdict.Malformed, "is not base64url: %w", err)
	}
	v, err := jsonobject.ParseValue(b)
	switch {
	case errors.Is(err, jsonobject.ErrTooDeep):
		return nil, verdict.Errorf(verdict.LimitExceeded, "is %w", err)
	case err != nil:
		return nil, verdict.Errorf(verdict.Malformed, "is not JSON: %w", err)
	}
	elements, ok := v.Elements()
	if !ok || len(elements) != 2 && len(elements) != 3 {
		return nil, verdict.Errorf(verdict.Malformed,
			"is not an array of salt, name and value, or of salt and value (RFC 9901 §4.2)")
	}
	return elements, nil
}

// digest returns the base64url of the hash of the disclosure as it was sent (RFC 9901
// §4.2.3).
func digest(hash crypto.Hash, text string) string {
	h := hash.New()
	h.Write([]byte(text))
	return base64url.Encode(h.Sum(nil))
}

// hashOf returns the hash that "_sd_alg" of a payload names (RFC 9901 §4.1.1), and its
// name in the IANA registry of named information hashes.
func hashOf(payload jsonobject.Object) (name string, hash crypto.Hash, err error) {
	v, ok := payload.Get(hashName)
	if !ok {
		return "sha-256", crypto.SHA256, nil
	}
	name, ok = v.Text()
	if !ok {
		return "", 0, verdict.Errorf(verdict.Malformed, "_sd_alg: is %s, must be a string (RFC 9901 §4.1.1)", v.Noun())
	}
	switch name {
	case "sha-256":
		return name, crypto.SHA256, nil
	case "sha-384":
		return name, crypto.SHA384, nil
	case "sha-512":
		return name, crypto.SHA512, nil
	}
	return "", 0, verdict.Errorf(verdict.AlgRefused, "_sd_alg: is %s, want sha-256, sha-384 or sha-512 (RFC 9901 §4.1.1)", phrase.JSON(v))
}
