package authserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
)

// A RefreshToken is 256 random bits. The store has only its hash. The first bits are the
// same in all tokens of a session: who has one can name the session, and can do no more
// than revoke it. The others are 160, more than anyone guesses (RFC 6749 §10.10).
type RefreshToken [32]byte

const sharedLength = 12 // bytes

// NewRefreshToken returns the first token of a session.
func NewRefreshToken() (t RefreshToken) {
	rand.Read(t[:])
	return t
}

// successor returns the next token of the session.
func (t RefreshToken) successor() RefreshToken {
	rand.Read(t[sharedLength:])
	return t
}

// Session returns the ID of the session that the token names. The ID is no secret, so it is
// a hash.
func (t RefreshToken) Session() string {
	sum := sha256.Sum256(append([]byte("session\x00"), t[:sharedLength]...))
	return base64url.Encode(sum[:16])
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

// ID returns what identifies the token in the store.
func (t RefreshToken) ID() store.TokenID {
	return store.TokenID{Hash: sha256.Sum256(t[:]), Session: t.Session()}
}

// seal encrypts the successor of t with t, so that a stolen store does not reveal it. The
// pad is used once, because a token has one successor. A second call decrypts.
func (t RefreshToken) seal(successor []byte) []byte {
	pad := hmac.New(sha256.New, t[:])
	pad.Write([]byte("successor"))
	out := make([]byte, len(RefreshToken{}))
	subtle.XORBytes(out, pad.Sum(nil), successor)
	return out
}
