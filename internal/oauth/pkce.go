package oauth

import (
	"crypto/sha256"

	"jwt/internal/base64url"
)

// Challenge returns the code_challenge of a code_verifier by the method S256 (RFC 7636 §4.2).
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64url.Encode(sum[:])
}
