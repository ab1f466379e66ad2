// Package jwe parses, decrypts and makes compact encrypted tokens (RFC 7516 §3.1, RFC 7518 §4
// and §5). Only Token.Decrypt returns a Decrypted. That a token decrypts does not prove who
// wrote it: with a public key, an attacker can encrypt too.
//
// AES Key Wrap, the Concat KDF and AES-CBC with HMAC come from go-jose's cipher package, the
// rest from the standard library. Its JSONWebEncryption is used in tests only: it reorders the
// header, accepts tags that are too long and AES keys of any size, limits inflating by a
// factor, and supports neither X25519 nor every OAEP hash.
package jwe

import (
	"errors"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A Token is a token that was split into its five parts. Nothing about it is verified, not
// even its header.
type Token struct {
	Text         string            // as sent
	Header       jsonobject.Object // the JOSE header
	EncryptedKey []byte            // empty for dir and ECDH-ES
	IV           []byte
	Ciphertext   []byte
	Tag          []byte

	extra string // "aad" of a JSON serialization, in base64url
}

var partNames = [5]string{"header", "encrypted key", "initialization vector", "ciphertext", "authentication tag"}

// Parse splits text into its five parts. It accepts only strict base64url, whatever the
// algorithm. It does not check for duplicate header names (Header.Duplicates) or the size
// of the token (Options.MaxToken).
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
	if _, ok := header.Get("enc"); !ok {
		return Token{}, jws.NotEncrypted(text)
	}
	t.Header, t.EncryptedKey, t.IV, t.Ciphertext, t.Tag = header, parts[1], parts[2], parts[3], parts[4]
	return t, nil
}

func checkShape(text string) error {
	switch kind := compact.KindOf(text); {
	case text == "":
		return verdict.Errorf(verdict.Malformed, "the token is empty")
	case strings.HasPrefix(text, "{"):
		return verdict.Errorf(verdict.UnsupportedSerialization, "this is JSON, not a compact token (RFC 7519 §1: a JWT is compact)")
	case kind == compact.JWS:
		return verdict.Errorf(verdict.NotEncrypted, "the token has three parts: it is signed (JWS), not encrypted").
			Hintf("check its signature: jwt verify")
	case kind != compact.JWE:
		return verdict.Errorf(verdict.Malformed, "an encrypted token has 5 parts joined by dots (3 when signed), this has %d", strings.Count(text, ".")+1)
	case strings.IndexByte(text, '.') > (jws.MaxHeaderBytes*8+5)/6:
		return verdict.Errorf(verdict.TooLarge, "the header is larger than %d bytes", jws.MaxHeaderBytes)
	}
	return nil
}

// notBase64url returns the error for part i, which begins at byte at of the token.
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

// Segments returns the five base64url parts as sent.
func (t Token) Segments() [5]string {
	var parts [5]string
	rest := t.Text
	for i := range parts {
		parts[i], rest, _ = strings.Cut(rest, ".")
	}
	return parts
}

// Nested reports whether the header declares the plaintext to be a token (RFC 7519 §5.2).
func (t Token) Nested() bool {
	v, _ := t.Header.Get("cty")
	cty, _ := v.Text()
	return strings.EqualFold(cty, "JWT") || strings.EqualFold(cty, "application/jwt")
}

// additionalData returns what the tag authenticates besides the ciphertext: the header segment as
// sent, and the "aad" of a JSON serialization (RFC 7516 §5.1 step 14).
func (t Token) additionalData() []byte {
	header, _, _ := strings.Cut(t.Text, ".")
	if t.extra != "" {
		header += "." + t.extra
	}
	return []byte(header)
}
