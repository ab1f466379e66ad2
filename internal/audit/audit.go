// Package audit looks for the secret of an HMAC token among guesses. It accepts nothing: that
// a secret is found is a reason to replace it.
package audit

import (
	"bytes"
	"crypto"
	"crypto/subtle"
	"hash"

	"jwt/internal/jwa"
	"jwt/internal/jws"
)

// A Guesser tries secrets on one token. It is not for concurrent use.
type Guesser struct {
	message, signature []byte
	hash               hash.Hash
	inner, change      []byte // the inner pad of HMAC without a secret, and how the outer one differs
	pad                []byte // one block
	sum                []byte
}

// New returns a Guesser, and false if the token does not have the signature of an HMAC.
func New(t jws.Token) (*Guesser, bool) {
	name, _ := t.Alg()
	a, ok := jwa.Lookup(name)
	if !ok || a.KeyType != "oct" || len(t.Signature) != a.SignatureSize("") {
		return nil, false
	}
	return newGuesser([]byte(t.SigningInput()), t.Signature, a.Hash), true
}

func newGuesser(message, signature []byte, h crypto.Hash) *Guesser {
	g := &Guesser{message: message, signature: signature, hash: h.New()}
	n := g.hash.BlockSize()
	g.inner, g.change = bytes.Repeat([]byte{0x36}, n), bytes.Repeat([]byte{0x36 ^ 0x5c}, n)
	g.pad, g.sum = make([]byte, n), make([]byte, 0, g.hash.Size())
	return g
}

// clone returns a Guesser for the same token.
func (g *Guesser) clone() *Guesser {
	c := *g
	h, err := g.hash.(hash.Cloner).Clone()
	if err != nil {
		panic(err) // the hashes of the standard library can be cloned
	}
	c.hash, c.pad, c.sum = h, make([]byte, len(g.pad)), make([]byte, 0, cap(g.sum))
	return &c
}

// Try reports whether the secret made the signature. It computes the HMAC itself (RFC 2104),
// because hmac.New allocates for each key.
func (g *Guesser) Try(secret []byte) bool {
	if len(secret) > len(g.pad) {
		g.hash.Reset()
		g.hash.Write(secret)
		g.sum = g.hash.Sum(g.sum[:0])
		secret = g.sum
	}
	n := len(secret)
	copy(g.pad[n:], g.inner[n:])
	subtle.XORBytes(g.pad, secret, g.inner)
	g.hash.Reset()
	g.hash.Write(g.pad)
	g.hash.Write(g.message)
	g.sum = g.hash.Sum(g.sum[:0])
	subtle.XORBytes(g.pad, g.pad, g.change)
	g.hash.Reset()
	g.hash.Write(g.pad)
	g.hash.Write(g.sum)
	g.sum = g.hash.Sum(g.sum[:0])
	return bytes.Equal(g.sum, g.signature)
}
