// Package jwe reads, decrypts and makes compact encrypted tokens (RFC 7516 §3.1,
// RFC 7518 §4 and §5). Parse gives a Token, which anybody may have written; only
// Token.Decrypt makes a Decrypted. That a token decrypts says who could read it,
// not who wrote it: with a public key, anybody could have.
//
// AES Key Wrap, the Concat KDF and AES-CBC with HMAC are those of go-jose's cipher
// package, the rest is the standard library's. go-jose's own JSONWebEncryption is
// the counterpart of the tests and not used here: it writes the header's members
// in its own order, takes a tag of any greater length and an AES key of any size,
// bounds inflating by a factor, and knows neither X25519 nor every OAEP hash.
package jwe

import (
	"errors"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A Token is a token that splits into its five parts. Nothing about it is
// verified, its header included.
type Token struct {
	Text         string            // as sent
	Header       jsonobject.Object // the JOSE header
	EncryptedKey []byte            // empty for dir and ECDH-ES
	IV           []byte
	Ciphertext   []byte
	Tag          []byte
}

var partNames = [5]string{"header", "encrypted key", "initialization vector", "ciphertext", "authentication tag"}

// Parse splits text into its five parts. It takes the one spelling a token has
// and no other, whatever the algorithm; a header name that stands twice is left
// to Header.Duplicates, the size of the whole to Options.MaxToken.
func Parse(text string) (Token, error) {
	if err := checkShape(text); err != nil {
		return Token{}, err
	}
	t := Token{Text: text}
	var parts [5][]byte
	at := 0
	for i, s := range t.Segments() {
		b, err := base64url.Decode(s)
		if err != nil {
			return Token{}, notBase64url(i, at, err)
		}
		parts[i] = b
		at += len(s) + 1
	}
	header, err := jsonobject.Parse(parts[0])
	switch {
	case errors.Is(err, jsonobject.ErrTooDeep):
		return Token{}, verdict.Errorf(verdict.LimitExceeded, "the header is %w", err)
	case err != nil:
		return Token{}, verdict.Errorf(verdict.Malformed, "the header is not a JSON object: %w", err)
	}
	t.Header, t.EncryptedKey, t.IV, t.Ciphertext, t.Tag = header, parts[1], parts[2], parts[3], parts[4]
	return t, nil
}

func checkShape(text string) error {
	switch dots := strings.Count(text, "."); {
	case text == "":
		return verdict.Errorf(verdict.Malformed, "the token is empty")
	case strings.HasPrefix(text, "{"):
		return verdict.Errorf(verdict.UnsupportedSerialization, "this is JSON, not a compact token (RFC 7519 §1: a JWT is compact)")
	case dots == 2:
		return verdict.Errorf(verdict.NotEncrypted, "the token has three parts: it is signed (JWS), not encrypted").
			Hintf("check its signature: jwt verify")
	case dots != 4:
		return verdict.Errorf(verdict.Malformed, "an encrypted token has 5 parts joined by dots (3 when signed), this has %d", dots+1)
	case strings.IndexByte(text, '.') > (jws.MaxHeaderBytes*8+5)/6:
		return verdict.Errorf(verdict.TooLarge, "the header is larger than %d bytes", jws.MaxHeaderBytes)
	}
	return nil
}

// notBase64url says which part is at fault, and where in the whole token; at is
// where the part begins.
func notBase64url(i, at int, err error) error {
	part := partNames[i]
	var e *base64url.Error
	if !errors.As(err, &e) || e.Fault == base64url.Length || e.Fault == base64url.SpareBits {
		e := verdict.Errorf(verdict.Malformed, "the %s is not base64url: %w", part, err)
		if i == len(partNames)-1 {
			return e.Hintf("its end is cut off or changed: copy the token whole, to its last character")
		}
		return e
	}
	return verdict.Errorf(verdict.Malformed, "the %s is not base64url: 0x%02x (%s) at byte %d of the token", part, e.Byte, e.Fault, at+e.Offset)
}

// Segments returns the five parts in base64url, as sent.
func (t Token) Segments() [5]string {
	var parts [5]string
	rest := t.Text
	for i := range parts {
		parts[i], rest, _ = strings.Cut(rest, ".")
	}
	return parts
}

// Nested reports whether the header says that the plaintext is a token itself
// (RFC 7519 §5.2).
func (t Token) Nested() bool {
	v, _ := t.Header.Get("cty")
	cty, _ := v.Text()
	return strings.EqualFold(cty, "JWT") || strings.EqualFold(cty, "application/jwt")
}

// additionalData is what the tag authenticates beside the ciphertext: the
// header's segment as sent (RFC 7516 §5.1 step 14).
func (t Token) additionalData() []byte {
	header, _, _ := strings.Cut(t.Text, ".")
	return []byte(header)
}
