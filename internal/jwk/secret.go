package jwk

import (
	"bytes"

	"jwt/internal/verdict"
)

// Secret returns the HMAC key of those bytes. A secret that is the text of an
// asymmetric key is refused: whoever holds the public key could then sign
// (RFC 8725 §2.1).
func Secret(b []byte) (Key, error) {
	if what := looksLikeKey(b); what != "" {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "the secret is the text of %s, which is no secret to whoever has the key", what).
			Hintf("give it as a key: --key FILE")
	}
	k, err := New(b)
	k.Format = "secret"
	return k, err
}

// looksLikeKey names the kind of key text that b is, or "".
func looksLikeKey(b []byte) string {
	t := bytes.TrimSpace(b)
	switch {
	case bytes.Contains(t, []byte("-----BEGIN ")):
		return "a PEM key or certificate"
	case bytes.HasPrefix(t, []byte("ssh-")), bytes.HasPrefix(t, []byte("ecdsa-sha2-")), bytes.HasPrefix(t, []byte("sk-")) && bytes.Contains(t, []byte("@openssh.com ")):
		return "an OpenSSH key"
	case bytes.HasPrefix(t, []byte("{")) && (bytes.Contains(t, []byte(`"kty"`)) || bytes.Contains(t, []byte(`"keys"`))):
		return "a JWK"
	}
	der, ok := isDER(b)
	if !ok {
		der, ok = bareBase64(t)
	}
	if ok {
		if kind, _ := structureOf(der); kind != "" {
			return "a DER key or certificate"
		}
	}
	return ""
}
