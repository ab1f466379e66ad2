package jwk

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"jwt/internal/compact"
	"jwt/internal/jwk/foreign"
	"jwt/internal/verdict"
)

// unknownText returns the error for a text that is not a key, with a hint about what it
// looks like. It never quotes the text, which may be a secret in the wrong place.
func unknownText(text []byte) error {
	if kind, ok := foreign.KindOf(text); ok {
		return kind.Err()
	}
	if label, ok := dashes(text); ok {
		return verdict.Errorf(verdict.KeyRefused, "this looks like PEM, but PEM has five hyphens on each side of its BEGIN and END lines").
			Hintf("write -----BEGIN %s----- and -----END %s-----", label, label)
	}
	if kind := compact.KindOf(string(text)); hasFold(text, "eyJ") && kind != compact.Other {
		return tokenForKey(kind)
	}
	for _, m := range mistakes {
		if hasFold(text, m.prefix) {
			return verdict.Errorf(m.class, "this %s", m.looks).Hintf("%s", m.hint)
		}
	}
	switch {
	case bytes.Contains(text, []byte(`"keys`)) && bytes.Contains(text, []byte(`"kty`)), bytes.Contains(text, []byte(`\"kty\"`)):
		return verdict.Errorf(verdict.JWKInvalid, "this is not a key, but there is a JWK Set in it").
			Hintf(`put the set into a file of its own: from {"keys": to the brace that closes it, without backslashes`)
	case EncodedKind(text) != "":
		return encodedKey(text)
	case !utf8.Valid(text), bytes.ContainsRune(text, 0):
		return unknownBinary(text)
	default:
		return noFormat("this is not a key")
	}
}

// hasFold reports whether text begins with an ASCII prefix, in any case.
func hasFold(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(string(text[:len(prefix)]), prefix)
}

// mistakes are texts that are given as a key by mistake, by their beginnings.
var mistakes = []struct {
	prefix      string
	class       verdict.Class
	looks, hint string
}{
	{"<", verdict.JWKInvalid, "looks like HTML or XML, not a key: an error page?", "open its address in a browser; oidc:ISSUER finds the address of the set by discovery"},
	{"did:", verdict.KeyUnreadable, "is a DID, which is not resolved here: it is not a key", ""},
	{"-----", verdict.KeyRefused, "looks like PEM without its BEGIN line", ""},
	{"ssh-", verdict.KeyRefused, halfSSH, ""},
	{"ecdsa-sha2-", verdict.KeyRefused, halfSSH, ""},
	{"sk-ssh-", verdict.KeyRefused, halfSSH, ""},
	{"sk-ecdsa-", verdict.KeyRefused, halfSSH, ""},
	{"http://", verdict.JWKInvalid, "is a URL, not a key", ""},
	{"https://", verdict.JWKInvalid, "is a URL, not a key", ""},
}

const halfSSH = "looks like an OpenSSH public key without its base64 part"

// tokenForKey returns the error for a token where a key is expected.
func tokenForKey(kind compact.Kind) error {
	if kind == compact.JWE {
		return verdict.Errorf(verdict.KeyUnreadable, "%w", ErrJWE)
	}
	return verdict.Errorf(verdict.JWKInvalid, "this is a token, not a key").
		Hintf("the token is the argument or stdin, the key is --key FILE")
}

// encodedKey returns the error for the Base64 or hexadecimal of a key. A bare DER in Base64
// is read, so it is damaged here.
func encodedKey(text []byte) error {
	what := EncodedKind(text)
	switch {
	case plainKey(anyHex(text)) != "":
		return verdict.Errorf(verdict.KeyUnreadable, "this is %s in hexadecimal", what).
			Hintf("decode it first: xxd -r -p <FILE >KEY")
	case cutDER(anyBase64(text)) && looksLikeKey(anyBase64(text)) == "":
		return verdict.Errorf(verdict.KeyRefused, "this looks like the Base64 of a DER key, but is cut short or followed by other bytes")
	}
	return verdict.Errorf(verdict.KeyUnreadable, "this is the Base64 of %s, which cannot be read", what)
}

func unknownBinary(data []byte) error {
	switch {
	case cutDER(data):
		return verdict.Errorf(verdict.KeyRefused, "this looks like DER, but is cut short or followed by other bytes")
	case foreign.IsOpenPGP(data):
		return foreign.OpenPGP.Err()
	}
	return noFormat("these bytes are not a key")
}

func noFormat(what string) error {
	return &verdict.Error{
		Class: verdict.JWKInvalid, Message: what + ": it is not JWK, PEM, DER, OpenSSH or a certificate",
		Hint: "an HMAC secret is given with --secret", Err: ErrNoKey,
	}
}

// cutDER reports whether data begins like DER of a key's length. The caller knows that it is
// not complete DER.
func cutDER(data []byte) bool {
	return len(data) > 2 && data[0] == 0x30 && data[1] > 0x80 && data[1] < 0x84
}

// dashes finds a BEGIN line of PEM whose dashes are not five hyphens, and returns its label.
// Word processors replace hyphens.
func dashes(text []byte) (label string, found bool) {
	before, after, ok := bytes.Cut(text, []byte("BEGIN "))
	last, _ := utf8.DecodeLastRune(before)
	if !ok || !isDash(last) || bytes.HasSuffix(before, []byte("-----")) {
		return "", false
	}
	end := bytes.IndexFunc(after, isDash)
	if end < 0 || end > maxLabel {
		return "", false
	}
	label = string(after[:end])
	return label, strings.HasSuffix(label, "KEY") || strings.HasSuffix(label, "CERTIFICATE")
}

// maxLabel limits the length of a PEM label.
const maxLabel = 64

// isDash reports whether r is a hyphen or looks like one.
func isDash(r rune) bool {
	return r == '-' || r >= 0x2010 && r <= 0x2015 || r == 0x2212 || r == 0xfe58 || r == 0xfe63 || r == 0xff0d
}
