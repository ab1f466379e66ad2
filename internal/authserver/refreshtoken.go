package authserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
)

// A RefreshToken is 256 random bits. The store knows its hash.
type RefreshToken [32]byte

func NewRefreshToken() (t RefreshToken) {
	rand.Read(t[:])
	return t
}

// ParseRefreshToken reads the one spelling a token has.
func ParseRefreshToken(s string) (t RefreshToken, ok bool) {
	if len(s) != base64url43 {
		return t, false
	}
	b, err := base64url.Decode(s)
	if err != nil {
		return t, false
	}
	return RefreshToken(b), true
}

const base64url43 = 43 // characters of 32 bytes

func (t RefreshToken) Text() string     { return base64url.Encode(t[:]) }
func (t RefreshToken) Hash() store.Hash { return sha256.Sum256(t[:]) }

// seal hides the successor of t from everybody who does not hold t: the store alone
// does not give it away. A token has one successor, so the pad is used once.
// Unsealing is sealing again.
func (t RefreshToken) seal(successor []byte) []byte {
	pad := hmac.New(sha256.New, t[:])
	pad.Write([]byte("successor"))
	out := make([]byte, len(RefreshToken{}))
	subtle.XORBytes(out, pad.Sum(nil), successor)
	return out
}
