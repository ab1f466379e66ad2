package jws

import (
	"slices"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// VerifyUnderChain is Verify under the key of a certificate in the token's own header, whose chain
// the caller has built to a trust anchor. Without a key it examines the header up to the key.
func (t Token) VerifyUnderChain(leaf *jwk.Key, algs []string) (Verified, []verdict.Check, error) {
	v := verification{token: &t, algs: algs, ignored: slices.DeleteFunc(slices.Clone(offered), func(name string) bool { return name == "x5c" })}
	if leaf != nil {
		v.keys = []jwk.Key{*leaf}
	}
	if err := v.examine(steps); err != nil {
		return Verified{}, v.checks, err
	}
	return v.tryKeys(&t)
}
