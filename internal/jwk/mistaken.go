package jwk

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"jwt/internal/compact"
	"jwt/internal/verdict"
)

// unknownText returns the error for a text that is not a key, with a hint about what it
// looks like. It never quotes the text, which may be a secret in the wrong place.
func unknownText(text []byte) error {
	label, isArmour := dashes(text)
	has := func(prefix string) bool {
		return len(text) >= len(prefix) && strings.EqualFold(string(text[:len(prefix)]), prefix)
	}
	switch kind := compact.KindOf(string(text)); {
	case has("eyJ") && kind == compact.JWE:
		return verdict.Errorf(verdict.KeyUnreadable, "%w", ErrJWE)
	case has("eyJ") && kind != compact.Other:
		return verdict.Errorf(verdict.JWKInvalid, "this is a token, not a key").
			Hintf("the token is the argument or stdin, the key is --key FILE")
	case has("<RSAKeyValue"):
		return verdict.Errorf(verdict.KeyUnreadable, "this is an XML key, which is not supported: convert it to PEM")
	case has("<"):
		return verdict.Errorf(verdict.JWKInvalid, "this looks like HTML or XML, not a key: an error page?").
			Hintf("open its address in a browser; oidc:ISSUER finds the address of the set by discovery")
	case isArmour:
		return verdict.Errorf(verdict.KeyRefused, "this looks like PEM, but PEM has five hyphens on each side of its BEGIN and END lines").
			Hintf("write -----BEGIN %s----- and -----END %s-----", label, label)
	case has("did:"):
		return verdict.Errorf(verdict.KeyUnreadable, "this is a DID, which is not resolved here: it is not a key")
	case has("PuTTY-User-Key-File"):
		return verdict.Errorf(verdict.KeyUnreadable, "this is a PuTTY key, which is not supported").
			Hintf("puttygen KEY.ppk -O private-openssh-new -o KEY")
	case has("---- BEGIN SSH2"):
		return verdict.Errorf(verdict.KeyUnreadable, "this is an SSH2 public key (RFC 4716), which is not supported").
			Hintf("ssh-keygen -i -f KEY")
	case has("-----"):
		return verdict.Errorf(verdict.KeyRefused, "this looks like PEM without its BEGIN line")
	case has("ssh-"), has("ecdsa-sha2-"), has("sk-ssh-"), has("sk-ecdsa-"):
		return verdict.Errorf(verdict.KeyRefused, "this looks like an OpenSSH public key without its base64 part")
	case has("http://"), has("https://"):
		return verdict.Errorf(verdict.JWKInvalid, "this is a URL, not a key")
	case EncodedKind(text) != "":
		return encodedKey(text)
	case !utf8.Valid(text), bytes.ContainsRune(text, 0):
		return unknownBinary(text)
	default:
		return noFormat("this is not a key")
	}
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
	if name := keystore(data); name != "" {
		return unreadKeystore(name)
	}
	if cutDER(data) {
		return verdict.Errorf(verdict.KeyRefused, "this looks like DER, but is cut short or followed by other bytes")
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

// keystore names the kind of keystore that data is, by its first bytes, or "".
func keystore(data []byte) string {
	for _, s := range []struct{ magic, name string }{
		{"\xfe\xed\xfe\xed\x00\x00\x00", "a Java keystore (JKS)"},
		{"\xce\xce\xce\xce\x00\x00\x00", "a Java keystore (JCEKS)"},
		{"\x00\x00\x00\x01\x00\x00\x00\x14", "a Bouncy Castle keystore (BKS)"},
		{"\x00\x00\x00\x02\x00\x00\x00\x14", "a Bouncy Castle keystore (BKS)"},
	} {
		if bytes.HasPrefix(data, []byte(s.magic)) {
			return s.name
		}
	}
	return ""
}

func unreadKeystore(name string) error {
	return verdict.Errorf(verdict.KeyUnreadable, "this is %s, which is not supported", name).
		Hintf("keytool -importkeystore -srckeystore STORE -destkeystore STORE.p12 -deststoretype pkcs12, then openssl pkcs12 -in STORE.p12 -nodes -out KEY.pem")
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
