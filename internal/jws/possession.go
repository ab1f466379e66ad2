package jws

import (
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// OwnKeySource is the Source of a key from the header of the token itself.
const OwnKeySource = "the token's own header (jwk)"

// VerifyPossession verifies a token under the public key in its own header ("jwk", RFC 7515
// §4.1.3). It proves that the sender holds that key, not who the sender is: an attacker can
// make such a token too. Use it only for a proof of possession (RFC 9449 §4.3).
//
// The check "jwk" is about the key; the others are those of Verify.
func (t Token) VerifyPossession(algs []string) (Verified, []verdict.Check, error) {
	v := verification{token: &t, algs: algs, ignored: offered[1:]} // jwk is used
	if err := v.examine(possessionSteps); err != nil {
		return Verified{}, v.checks, err
	}
	return v.tryKeys(&t)
}

// possessionSteps lists what VerifyPossession examines before the signature, in order.
var possessionSteps = []step{
	{"header", (*verification).checkHeader},
	{"jwk", (*verification).takeOwnKey},
	{"alg", (*verification).refuseSymmetric},
	{"embedded_key", (*verification).checkEmbeddedKeys},
	{"alg", (*verification).checkAlg},
	{"crit", (*verification).checkCrit},
	{"key", (*verification).chooseKeys},
}

// takeOwnKey makes the key in the header the only one to verify with.
func (v *verification) takeOwnKey() (verdict.Check, error) {
	own, err := v.token.ownKey()
	if err != nil {
		return verdict.Check{}, err
	}
	v.keys = []jwk.Key{own}
	return verdict.Check{
		Status: verdict.Pass, Actual: own.Thumbprint(),
		Detail: "jwk: the key is the one in the header, " + own.Kind() + ", thumbprint " + own.Thumbprint() + ": possession is proved, not identity",
	}, nil
}

// refuseSymmetric refuses HMAC, whose key both sides have.
func (v *verification) refuseSymmetric() (verdict.Check, error) {
	name, _ := v.token.Alg()
	if a, ok := jwa.Lookup(name); ok && a.KeyType == "oct" {
		return verdict.Check{}, verdict.Errorf(verdict.AlgRefused, "alg: is %s, which takes a secret; a proof of possession requires an asymmetric algorithm", name)
	}
	return verdict.Check{}, nil
}

// ownKey returns the public key of the header's "jwk". It must be signed: for a signature of another
// sender, an attacker can compute a key under which it verifies.
func (t Token) ownKey() (jwk.Key, error) {
	protected := t.Protected()
	v, ok := protected.Get("jwk")
	_, added := t.Header.Get("jwk")
	switch {
	case !ok && added:
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "jwk: is in the header that is not signed, must be in the protected one")
	case !ok:
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "jwk: the header has none, want the public key of the sender")
	}
	set, err := jwk.Parse(v)
	switch {
	case err != nil:
		return jwk.Key{}, verdict.Errorf(verdict.ClassOf(err), "jwk: %w", err)
	case len(set.Keys) != 1 || set.Keys[0].InSet:
		return jwk.Key{}, verdict.Errorf(verdict.JWKInvalid, "jwk: is a JWK Set, must be one JWK (RFC 7515 §4.1.3)")
	}
	k := set.Keys[0]
	switch {
	case k.IsSecret():
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "jwk: is a secret, must be a public key")
	case k.IsPrivate():
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "jwk: is a private key, must be a public one: everybody who saw this token has the key now")
	}
	k.Source = OwnKeySource
	return k, nil
}
