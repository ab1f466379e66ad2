// Package sdjwt reads SD-JWTs (RFC 9901): a signed token that contains some claims only
// as digests, the disclosures of those that the holder reveals, and the Key Binding JWT
// with which the holder proves possession of the key that the token was issued to.
package sdjwt

import (
	"strings"

	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A Token is an SD-JWT or SD-JWT+KB, split into its parts (RFC 9901 §4). It is not
// verified.
type Token struct {
	Text        string
	Issued      jws.Token // the Issuer-signed JWT
	Disclosures []Disclosure
	KeyBinding  *jws.Token // of an SD-JWT+KB; nil otherwise

	bound string // the text that a key binding covers: up to and including the last tilde
}

// Parse splits <Issuer-signed JWT>~<Disclosure>~…~ or the same with a Key Binding JWT
// after the last tilde. The errors are those of jws.Parse and malformed.
func Parse(text string) (Token, error) {
	issued, rest, ok := strings.Cut(text, "~")
	if !ok {
		return Token{}, verdict.Errorf(verdict.Malformed, "an SD-JWT has a ~ after the Issuer-signed JWT (RFC 9901 §4)")
	}
	t := Token{Text: text, bound: text[:strings.LastIndexByte(text, '~')+1]}
	var err error
	if t.Issued, err = jws.Parse(issued); err != nil {
		return Token{}, err
	}
	for {
		part, more, ok := strings.Cut(rest, "~")
		if !ok {
			break
		}
		d, err := parseDisclosure(part)
		if err != nil {
			return Token{}, verdict.Errorf(verdict.ClassOf(err), "disclosure %d: %w", len(t.Disclosures)+1, err)
		}
		t.Disclosures, rest = append(t.Disclosures, d), more
	}
	if t.KeyBinding, err = parseKeyBinding(rest); err != nil {
		return Token{}, err
	}
	return t, nil
}

func parseKeyBinding(text string) (*jws.Token, error) {
	switch {
	case text == "":
		return nil, nil
	case !strings.Contains(text, "."):
		return nil, verdict.Errorf(verdict.Malformed, "the SD-JWT ends with neither a ~ nor a Key Binding JWT (RFC 9901 §4)").
			Hintf("was it cut off? without key binding the last character is a ~")
	}
	kb, err := jws.Parse(text)
	if err != nil {
		return nil, verdict.Errorf(verdict.ClassOf(err), "the Key Binding JWT: %w", err)
	}
	return &kb, nil
}
