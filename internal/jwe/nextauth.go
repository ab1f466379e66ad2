package jwe

import (
	"crypto/hkdf"
	"crypto/sha256"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// NextAuthKeys returns the keys that NextAuth 4 and Auth.js 5 derive from their secret by
// HKDF-SHA256 (RFC 5869), for the encrypted tokens in their session cookies. Auth.js salts with
// the name of the cookie.
func NextAuthKeys(secret []byte) ([]jwk.Key, error) {
	if len(secret) == 0 {
		return nil, verdict.Errorf(verdict.KeyRefused, "the secret is empty")
	}
	var keys []jwk.Key
	for _, d := range []struct {
		salt, info string
		size       int
	}{
		{"", "NextAuth.js Generated Encryption Key", 32},
		{"authjs.session-token", "Auth.js Generated Encryption Key (authjs.session-token)", 64},
		{"__Secure-authjs.session-token", "Auth.js Generated Encryption Key (__Secure-authjs.session-token)", 64},
	} {
		b, err := hkdf.Key(sha256.New, secret, []byte(d.salt), d.info, d.size)
		if err != nil {
			return nil, verdict.Errorf(verdict.Internal, "deriving the key: %w", err)
		}
		k, err := jwk.New(b)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}
