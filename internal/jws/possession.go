package jws

import (
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// OwnKeySource is the Source of a key that came out of the token's own header.
const OwnKeySource = "the token's own header (jwk)"

// VerifyPossession is Verify under the one key that stands in the token's own
// header ("jwk", RFC 7515 §4.1.3). It proves that whoever made the token holds
// that key, and nothing about who that is: anybody can make such a token. It is
// for what is meant as such a proof (RFC 9449 §4.3), and for nothing else.
//
// The key must be public and the algorithm asymmetric. The check "jwk" is about
// the key; the others are those of Verify.
func (t Token) VerifyPossession(algs []string) (Verified, []verdict.Check, error) {
	header, err := t.checkHeader()
	if err != nil {
		return t.verify(nil, algs) // which fails there
	}
	header.Name = "header"
	own, err := t.ownKey()
	if err != nil {
		return Verified{}, []verdict.Check{header, verdict.Failed("jwk", err)}, err
	}
	if name, _ := t.Alg(); isSymmetric(name) {
		err := verdict.Errorf(verdict.AlgRefused, "alg: is %s, which takes a secret; a proof of possession wants an asymmetric algorithm", name)
		return Verified{}, []verdict.Check{header, verdict.Failed("alg", err)}, err
	}
	v, checks, err := t.verify([]jwk.Key{own}, algs, "jku", "x5u", "x5c")
	about := verdict.Check{
		Name: "jwk", Status: verdict.Pass, Actual: own.Thumbprint(),
		Detail: "jwk: the key is the one in the header, " + own.Kind() + ", thumbprint " + own.Thumbprint() + ": possession is proved, not identity",
	}
	return v, append([]verdict.Check{checks[0], about}, checks[1:]...), err
}

// ownKey returns the public key of the header's "jwk".
func (t Token) ownKey() (jwk.Key, error) {
	v, ok := t.Header.Get("jwk")
	if !ok {
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
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "jwk: is a private key, must be a public one: whoever saw this token has the key now")
	}
	k.Source = OwnKeySource
	return k, nil
}

func isSymmetric(alg string) bool {
	a, ok := jwa.Lookup(alg)
	return ok && a.KeyType == "oct"
}
