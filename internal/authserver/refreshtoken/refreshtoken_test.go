package refreshtoken

import (
	"bytes"
	"testing"
)

func TestSealHidesTheSuccessor(t *testing.T) {
	token, next, other := New(), New(), New()
	sealed := token.Seal(next[:])
	if !bytes.Equal(token.Seal(sealed), next[:]) {
		t.Error("the token does not decrypt it")
	}
	if string(sealed) == string(next[:]) || string(other.Seal(sealed)) == string(next[:]) {
		t.Error("another token decrypts it")
	}
}

// TestTokensOfASession checks that the tokens of a session name it, and share nothing else.
func TestTokensOfASession(t *testing.T) {
	first, other := New(), New()
	next, another := first.Successor(), first.Successor()
	if next.Session() != first.Session() {
		t.Error("a successor is of another session")
	}
	if other.Session() == first.Session() {
		t.Error("two sessions have one ID")
	}
	if own := next[sharedLength:]; len(own)*8 < 160 || bytes.Equal(own, another[sharedLength:]) || bytes.Equal(own, first[sharedLength:]) {
		t.Error("two tokens are the same")
	}
}
