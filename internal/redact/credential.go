// Package redact returns the parts of credentials that may be shown, and of texts that
// may contain credentials: headers, paths of URLs, and server answers that repeat the
// request.
package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// Credential returns the parts of a credential that may be shown: the header and payload
// of a signed token, the header of an encrypted one, and a fingerprint of the rest. Equal
// credentials give equal text, which cannot be used as a credential.
func Credential(credential string) string {
	parts := strings.Split(credential, ".")
	switch {
	case len(parts) == 3 && parts[2] != "" && isObject(parts[0]):
		return parts[0] + "." + parts[1] + "." + Fingerprint(parts[2])
	case len(parts) == 5 && isObject(parts[0]):
		return parts[0] + "." + Fingerprint(strings.Join(parts[1:], "."))
	default:
		return Fingerprint(credential)
	}
}

// Fingerprint returns enough of the SHA-256 of s to distinguish credentials. Use Secrets
// for a secret with little entropy, such as a password, which could be guessed from it.
func Fingerprint(s string) string { return string(AppendFingerprint(nil, []byte(s))) }

// AppendFingerprint appends the fingerprint of s to dst.
func AppendFingerprint(dst, s []byte) []byte {
	sum := sha256.Sum256(s)
	return hex.AppendEncode(append(dst, "sha256:"...), sum[:6])
}

func isObject(segment string) bool {
	b, err := base64url.Decode(segment)
	if err != nil {
		return false
	}
	_, err = jsonobject.Parse(b)
	return err == nil
}

// Tokens returns a text with its signed and encrypted tokens redacted.
func Tokens(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	var b strings.Builder
	for text != "" {
		at := strings.Index(text, "eyJ") // {" in Base64
		if at < 0 {
			break
		}
		b.WriteString(text[:at])
		text = text[at:]
		token := strings.TrimRight(text[:len(text)-len(strings.TrimLeft(text, alphabet))], ".")
		text = text[len(token):]
		if strings.Count(token, ".") >= 2 {
			token = Credential(token)
		}
		b.WriteString(token)
	}
	b.WriteString(text)
	return b.String()
}
