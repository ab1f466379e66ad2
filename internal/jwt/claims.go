// Package jwt reads the claims of a token (RFC 7519) and checks them against a Policy at
// a given instant. It compares times exactly.
package jwt

import (
	"bytes"
	"errors"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jws"
	"jwt/internal/phrase"
	"jwt/internal/sdjwt"
	"jwt/internal/verdict"
)

// Claims holds the claims of a token whose signature verified, without duplicate members.
// Only ClaimsOf and ClaimsOfDisclosed create it; the zero Claims is empty.
type Claims struct {
	object   jsonobject.Object
	inflated bool
}

// Object returns the claims as they were signed.
func (c Claims) Object() jsonobject.Object { return c.object }

// Inflated reports whether the payload was compressed, as in a SMART Health Card.
func (c Claims) Inflated() bool { return c.inflated }

// ParseClaims reads a payload, verified or not, as a JSON object (RFC 7519 §7.2), to show
// it. Use ClaimsOf for claims that you rely on. It accepts duplicate members. Errors have
// the class claims_malformed or limit_exceeded.
func ParseClaims(payload []byte) (jsonobject.Object, error) { return new(Reader).ParseClaims(payload) }

// A Reader reads the claims of many tokens. Those of a token are valid until the next one. Only one
// goroutine may use it.
type Reader struct{ objects jsonobject.Reader }

// ParseClaims is the function ParseClaims.
func (r *Reader) ParseClaims(payload []byte) (jsonobject.Object, error) {
	o, err := r.objects.Parse(payload)
	switch {
	case err == nil:
		return o, nil
	case errors.Is(err, jsonobject.ErrTooDeep):
		return o, verdict.Errorf(verdict.LimitExceeded, "the payload is %w", err)
	}
	return o, notClaims(payload, err)
}

// notClaims returns the error for a payload that is not a JSON object, with what it is
// instead.
func notClaims(payload []byte, err error) error {
	const opaque = "--jws verifies a payload of any bytes and checks no claim"
	if len(payload) == 0 {
		return verdict.Errorf(verdict.ClaimsMalformed, "the payload is empty, must be a JSON object (RFC 7519 §7.2)").Hintf(opaque)
	}
	if compact.Looks(string(payload)) && compact.Is(payload) {
		return nested("the payload is itself a token, not a JSON object")
	}
	if bytes.HasPrefix(payload, []byte("\xEF\xBB\xBF")) {
		return verdict.Errorf(verdict.ClaimsMalformed, "the payload is not a JSON object: a byte order mark at byte 0 (RFC 8259 §8.1)").Hintf(opaque)
	}
	if v, other := jsonobject.ParseValue(payload); other == nil {
		return verdict.Errorf(verdict.ClaimsMalformed, "the payload is %s, must be a JSON object (RFC 7519 §7.2)", v.Noun()).Hintf(opaque)
	}
	return verdict.Errorf(verdict.ClaimsMalformed, "the payload is not a JSON object: %w", err).Hintf(opaque)
}

// maxInflated limits the claims of a compressed payload.
const maxInflated = 1 << 20

// ClaimsOf returns the claims of a verified token. It refuses a payload that is not one
// JSON object (claims_malformed, limit_exceeded), duplicate members at any depth
// (duplicate_member), and a nested token, because the claims are inside it
// (claims_malformed; RFC 7519 §7.2 step 8).
func ClaimsOf(v jws.Verified) (Claims, error) { return new(Reader).ClaimsOf(v) }

// ClaimsOf is the function ClaimsOf.
func (r *Reader) ClaimsOf(v jws.Verified) (Claims, error) {
	header, payload := v.Header(), v.Payload()
	if err := checkContentType(header, payload); err != nil {
		return Claims{}, err
	}
	o, err := r.ParseClaims(payload)
	inflate := err != nil && isDeflated(header)
	if inflate {
		if payload, err = jwe.Inflate(payload, maxInflated); err == nil {
			o, err = r.ParseClaims(payload)
		}
	}
	if err != nil {
		return Claims{}, err
	}
	if twice := o.Duplicates(); len(twice) > 0 {
		return Claims{}, verdict.Errorf(verdict.DuplicateMember,
			"the payload has %s more than once: parsers disagree on which counts", phrase.List(twice))
	}
	return Claims{o, inflate}, nil
}

// isDeflated reports whether the header says that the payload is compressed.
func isDeflated(header jsonobject.Object) bool {
	zip, _ := header.Text("zip")
	return zip == "DEF"
}

// ClaimsOfDisclosed returns the claims of a verified SD-JWT: those that are always
// visible and those disclosed (RFC 9901 §7.1). They have no duplicate members.
func ClaimsOfDisclosed(v sdjwt.Verified) (Claims, error) {
	token := v.Issued().Token()
	if err := checkContentType(token.Header, token.Payload); err != nil {
		return Claims{}, err
	}
	return Claims{object: v.Processed().Payload}, nil
}

// ContentTypeWarning reports a "cty" that says that a token is inside a payload of claims
// (RFC 7519 §5.2). The claims are signed nevertheless.
func ContentTypeWarning(header jsonobject.Object, payload []byte) (verdict.Check, bool) {
	cty, ok := nestedType(header)
	if !ok {
		return verdict.Check{}, false
	}
	if _, err := jsonobject.Parse(payload); err != nil {
		return verdict.Check{}, false
	}
	return verdict.Check{
		Name: "cty", Status: verdict.Warn, Class: verdict.ClaimsMalformed, Actual: cty,
		Detail: "cty: is " + phrase.Quote(cty) + ", which says that the payload is itself a token, but it is claims (RFC 7519 §5.2)",
	}, true
}

// nestedType returns the "cty" of the header, if it is that of a token.
func nestedType(header jsonobject.Object) (cty string, ok bool) {
	cty, ok = header.Text("cty") // a string: jws refuses anything else
	if !ok {
		return "", false
	}
	bare, _, _ := strings.Cut(cty, ";")
	return cty, MediaType(strings.TrimRight(bare, " \t")) == "jwt"
}

// checkContentType refuses the "cty" of a nested token (RFC 7519 §5.2).
func checkContentType(header jsonobject.Object, payload []byte) error {
	cty, ok := nestedType(header)
	if !ok {
		return nil
	}
	if _, err := jsonobject.Parse(payload); err == nil {
		return nil // ContentTypeWarning reports it
	}
	return nested("the payload is itself a token (cty " + phrase.Quote(cty) + "): its claims are in there")
}

func nested(message string) error {
	return verdict.Errorf(verdict.ClaimsMalformed, "%s", message).
		Hintf("jwt verify --jws --payload … | jwt verify … checks one after the other, jwt inspect shows both")
}
