package jws

import (
	"bytes"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// A Verifier verifies many tokens under the same keys. It examines each header once: what Verify
// checks before the signature depends on the text of the header alone. Only one goroutine may use
// it.
type Verifier struct {
	keys     []jwk.Key
	algs     []string
	examined memory[verification]
}

// NewVerifier returns a Verifier for the keys and algs, as for Token.Verify.
func NewVerifier(keys []jwk.Key, algs []string) *Verifier {
	return &Verifier{keys: keys, algs: algs}
}

// Verify is Token.Verify under the keys of the Verifier.
func (v *Verifier) Verify(t *Token) (Verified, []verdict.Check, error) {
	if !t.misspelled && t.joined == nil { // whose header is not the text before its first dot alone
		if known := v.examined.of(t.text[:t.firstDot]); known != nil {
			return known.tryKeys(t)
		}
	}
	return v.verifyNew(t)
}

// verifyNew verifies a token whose header is not known.
func (v *Verifier) verifyNew(t *Token) (Verified, []verdict.Check, error) {
	w := &verification{token: t, keys: v.keys, algs: v.algs, ignored: offered}
	if err := w.examine(steps); err != nil {
		return Verified{}, w.checks, err
	}
	if t.joined == nil {
		v.remember(t, w)
	}
	return w.tryKeys(t)
}

// remember keeps the examination of a header that passed, without the rest of its token.
func (v *Verifier) remember(t *Token, passed *verification) {
	if header, err := jsonobject.Parse(bytes.Clone(t.Header.Bytes())); err == nil {
		passed.token = &Token{Header: header}
		v.examined.keep(t.text[:t.firstDot], passed)
	}
}
