package authserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
)

// A RefreshToken is 256 random bits. The store has only its hash.
type RefreshToken [32]byte

// NewRefreshToken returns a random token.
func NewRefreshToken() (t RefreshToken) {
	rand.Read(t[:])
	return t
}

// ParseRefreshToken reads a token in the form of Text. It accepts no other spelling.
func ParseRefreshToken(s string) (t RefreshToken, ok bool) {
	if len(s) != refreshTokenLength {
		return t, false
	}
	b, err := base64url.Decode(s)
	if err != nil {
		return t, false
	}
	return RefreshToken(b), true
}

const refreshTokenLength = 43 // of 32 bytes in Base64url

// Text returns the token in the form for clients.
func (t RefreshToken) Text() string { return base64url.Encode(t[:]) }

// Hash returns the key of the token in the store.
func (t RefreshToken) Hash() store.Hash { return sha256.Sum256(t[:]) }

// seal encrypts the successor of t with t, so that a stolen store does not reveal it. The
// pad is used once, because a token has one successor. A second call decrypts.
func (t RefreshToken) seal(successor []byte) []byte {
	pad := hmac.New(sha256.New, t[:])
	pad.Write([]byte("successor"))
	out := make([]byte, len(RefreshToken{}))
	subtle.XORBytes(out, pad.Sum(nil), successor)
	return out
}
