// Package refreshtoken has the refresh tokens of the local server: random bits that name their session.
package refreshtoken

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"jwt/internal/authserver/store"
	"jwt/internal/base64url"
)

// A Token is 256 random bits. The store has only its hash. The first bits are the
// same in all tokens of a session: who has one can name the session, and can do no more
// than revoke it. The others are 160, more than anyone guesses (RFC 6749 §10.10).
type Token [32]byte

const sharedLength = 12 // bytes

// New returns the first token of a session.
func New() (t Token) {
	rand.Read(t[:])
	return t
}

// Successor returns the next token of the session.
func (t Token) Successor() Token {
	rand.Read(t[sharedLength:])
	return t
}

// Session returns the ID of the session that the token names. The ID is no secret, so it is
// a hash.
func (t Token) Session() string {
	sum := sha256.Sum256(append([]byte("session\x00"), t[:sharedLength]...))
	return base64url.Encode(sum[:16])
}

// Parse reads a token in the form of Text. It accepts no other spelling.
func Parse(s string) (t Token, ok bool) {
	if len(s) != textLength {
		return t, false
	}
	b, err := base64url.Decode(s)
	if err != nil {
		return t, false
	}
	return Token(b), true
}

const textLength = 43 // of 32 bytes in Base64url

// Text returns the token in the form for clients.
func (t Token) Text() string { return base64url.Encode(t[:]) }

// ID returns what identifies the token in the store.
func (t Token) ID() store.TokenID {
	return store.TokenID{Hash: sha256.Sum256(t[:]), Session: t.Session()}
}

// Seal encrypts the successor of t with t, so that a stolen store does not reveal it. The
// pad is used once, because a token has one successor. A second call decrypts.
func (t Token) Seal(successor []byte) []byte {
	pad := hmac.New(sha256.New, t[:])
	pad.Write([]byte("successor"))
	out := make([]byte, len(Token{}))
	subtle.XORBytes(out, pad.Sum(nil), successor)
	return out
}
