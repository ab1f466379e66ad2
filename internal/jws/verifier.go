package jws

import (
	"bytes"
	"strings"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// A Verifier verifies many tokens under the same keys. It examines each header once: what Verify
// checks before the signature depends on the text of the header alone. Only one goroutine may use
// it.
type Verifier struct {
	keys  []jwk.Key
	algs  []string
	known map[string]*verification // by the header as sent
	last  *verification            // most tokens have the header of the one before
	text  string                   // of the last header

	parser Parser
}

// Bounds on the memory for headers: an attacker may send ever new ones.
const (
	maxKnown      = 64
	maxKnownBytes = 4096 // of one header
)

// NewVerifier returns a Verifier for the keys and algs, as for Token.Verify.
func NewVerifier(keys []jwk.Key, algs []string) *Verifier {
	return &Verifier{keys: keys, algs: algs}
}

// Parse is the function Parse, and reads a header that is known no second time. The bytes of the
// token are valid until the next call.
func (v *Verifier) Parse(text string) (Token, error) {
	t, err := split(text)
	if err != nil {
		return Token{}, err
	}
	known := v.examined(t)
	if known == nil {
		return v.parser.Parse(text)
	}
	var parts [2][]byte
	if err := v.parser.decode(t, parts[:]); err != nil {
		return Token{}, err
	}
	t.Header, t.Payload, t.Signature = known.token.Header, parts[0], parts[1]
	return t, nil
}

// Verify is Token.Verify under the keys of the Verifier.
func (v *Verifier) Verify(t Token) (Verified, []verdict.Check, error) {
	known := v.examined(t)
	if known != nil && !t.misspelled && !t.joined {
		return known.tryKeys(t)
	}
	return v.verifyNew(t)
}

// verifyNew verifies a token whose header is not known.
func (v *Verifier) verifyNew(t Token) (Verified, []verdict.Check, error) {
	w := &verification{token: &t, keys: v.keys, algs: v.algs, ignored: offered}
	if err := w.examine(steps); err != nil {
		return Verified{}, w.checks, err
	}
	if !t.joined { // whose header is not the text before its first dot alone
		v.remember(t, w)
	}
	return w.tryKeys(t)
}

// examined returns the examination of the token's header, or nil if there was none.
func (v *Verifier) examined(t Token) *verification {
	header := t.Text[:t.firstDot]
	if v.last != nil && v.text == header {
		return v.last
	}
	if known := v.known[header]; known != nil {
		v.last, v.text = known, strings.Clone(header)
		return known
	}
	return nil
}

// remember keeps the examination of a header that passed, without the rest of its token.
func (v *Verifier) remember(t Token, passed *verification) {
	header, err := jsonobject.Parse(bytes.Clone(t.Header.Bytes()))
	if err != nil || t.firstDot > maxKnownBytes {
		return
	}
	passed.token = &Token{Header: header}
	if v.known == nil || len(v.known) >= maxKnown {
		v.known = map[string]*verification{}
	}
	v.known[strings.Clone(t.Text[:t.firstDot])] = passed
}
