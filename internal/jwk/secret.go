package jwk

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"jwt/internal/jsonobject"
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
	if what := looksLikeKey(b); what != "" {
		return verdict.Errorf(verdict.KeyRefused, "the secret is the text of %s, which is not secret", what).
			Hintf("give it as a key: --key FILE")
	}
	return nil
}

// looksLikeKey names the kind of key text that b is, or "".
func looksLikeKey(b []byte) string {
	t, err := decodeText(b)
	if err != nil {
		return ""
	}
	switch {
	case bytes.Contains(t, []byte("-----BEGIN ")):
		return "a PEM key or certificate"
	case bytes.HasPrefix(t, []byte("ssh-")), bytes.HasPrefix(t, []byte("ecdsa-sha2-")), bytes.HasPrefix(t, []byte("sk-")) && bytes.Contains(t, []byte("@openssh.com ")):
		return "an OpenSSH key"
	case isJWKText(t):
		return "a JWK"
	}
	for _, spelled := range [][]byte{b, anyBase64(t), anyHex(t)} {
		if openssh.IsBlob(spelled) {
			return "an OpenSSH key"
		}
		if der, ok := isDER(spelled); ok {
			if kind, _ := structureOf(der); kind != "" {
				return "a DER key or certificate"
			}
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
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(string(withoutSpace(t)))
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	if err != nil {
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
