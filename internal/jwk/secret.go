package jwk

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk/foreign"
	"jwt/internal/jwk/openssh"
	"jwt/internal/verdict"
)

// Secret returns the HMAC key of these bytes. It refuses the text of an asymmetric key:
// an attacker who has the public key could then sign (RFC 8725 §2.1).
func Secret(b []byte) (Key, error) {
	if err := refuseKeyText(b); err != nil {
		return Key{}, err
	}
	k, err := New(b)
	k.Format = "secret"
	return k, err
}

// refuseKeyText refuses a secret that is the text of another key.
func refuseKeyText(b []byte) error {
	what := looksLikeKey(b)
	if what == "" && encodedPEM(b) != nil { // inside other text
		what = "a PEM key or certificate"
	}
	if what != "" {
		form := "text"
		if plainKey(b) == "" {
			form = "Base64 or hexadecimal"
		}
		return verdict.Errorf(verdict.KeyRefused, "the secret is the %s of %s, which is not secret", form, what).
			Hintf("give it as a key: --key FILE")
	}
	return nil
}

// maxLayers limits how often Base64 is decoded: a PEM that is encoded twice has two layers
// around its own.
const maxLayers = 3

// EncodedKind returns what kind of key, certificate or keystore text is the Base64 or
// hexadecimal of, as in "a PEM key or certificate", or "". The key may be cut short.
func EncodedKind(text []byte) string {
	plain := anyBase64(bytes.Trim(bytes.TrimSpace(text), `"'`))
	switch {
	case looksLikeKey(plain) != "":
		return looksLikeKey(plain)
	case cutDER(plain):
		return "a DER key or certificate"
	default:
		return plainKey(anyHex(text))
	}
}

// looksLikeKey names the kind of key text that b is, or "". It decodes Base64 and
// hexadecimal, because a PEM is often put into an environment variable as Base64.
func looksLikeKey(b []byte) string {
	for range maxLayers {
		if what := plainKey(b); what != "" {
			return what
		}
		t, err := decodeText(b)
		if err != nil {
			return ""
		}
		if what := plainKey(anyHex(t)); what != "" {
			return what
		}
		if b = anyBase64(bytes.Trim(t, `"'`)); b == nil {
			return ""
		}
	}
	return ""
}

// plainKey names the kind of key text or key bytes that b is, or "".
func plainKey(b []byte) string {
	if kind, ok := foreign.KindOf(b); ok {
		return kind.Name
	}
	t, err := decodeText(b)
	if err != nil {
		return ""
	}
	_, isArmour := dashes(t)
	switch {
	case bytes.Contains(t, []byte("-----BEGIN ")), isArmour:
		return "a PEM key or certificate"
	case bytes.HasPrefix(t, []byte("ssh-")) && bytes.Contains(t, []byte(" AAAA")), bytes.HasPrefix(t, []byte("ecdsa-sha2-")), bytes.HasPrefix(t, []byte("sk-")) && bytes.Contains(t, []byte("@openssh.com ")):
		return "an OpenSSH key"
	case isJWKText(t):
		return "a JWK"
	case openssh.IsBlob(b):
		return "an OpenSSH key"
	case isPoint(b):
		return "the point of a public key"
	case IsDID(string(t)):
		return "a DID"
	}
	if der, ok := isDER(b); ok {
		if kind, _ := structureOf(der); kind != "" {
			return "a DER key or certificate"
		}
	}
	return ""
}

// isJWKText reports whether t is a JWK, a JWK Set or an array of JWKs. In invalid JSON
// the member names suffice.
func isJWKText(t []byte) bool {
	if t[0] != '{' && t[0] != '[' {
		return false
	}
	if o, err := jsonobject.Parse(t); err == nil {
		_, isKey := o.Get("kty")
		_, isSet := o.Get("keys")
		return isKey || isSet
	}
	return bytes.Contains(t, []byte(`"kty"`)) || bytes.Contains(t, []byte(`"keys"`))
}

// anyBase64 decodes Base64 of either alphabet, with or without padding. It returns nil if
// t is not Base64.
func anyBase64(t []byte) []byte {
	plain := strings.NewReplacer("-", "+", "_", "/", `\r`, "", `\n`, "").Replace(string(withoutSpace(t)))
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}

// anyHex decodes hexadecimal with or without the colons that OpenSSL prints. It returns
// nil if t is not hexadecimal.
func anyHex(t []byte) []byte {
	b, err := hex.DecodeString(string(bytes.ReplaceAll(withoutSpace(t), []byte(":"), nil)))
	if err != nil {
		return nil
	}
	return b
}
