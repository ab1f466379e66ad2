package issue

import (
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A recipient is the key that a token is encrypted to, with the algorithms.
type recipient struct {
	key      jwk.Key
	alg, enc string
}

// recipient chooses the key and the algorithms.
func (o encryptOptions) recipient(keys []jwk.Key) (recipient, error) {
	key, err := o.oneKey(keys)
	if err != nil {
		return recipient{}, err
	}
	alg, err := o.chooseAlg(key)
	if err != nil {
		return recipient{}, err
	}
	r := recipient{key: key, alg: alg, enc: o.enc}
	if fit := jwe.Encs(alg, key); r.enc == "" && len(fit) > 0 {
		r.enc = fit[0]
	}
	if r.enc == "" {
		r.enc = jwe.EncNames()[0] // does not fit: Encrypt returns why
	}
	return r, nil
}

func (o encryptOptions) oneKey(keys []jwk.Key) (jwk.Key, error) {
	var able []jwk.Key
	for _, k := range keys {
		named := !o.flags.Changed("kid") || k.AnswersTo(o.kid)
		if named && (len(keys) == 1 || k.Use != "sig" && len(jwe.Algs(k)) > 0) {
			able = append(able, k)
		}
	}
	switch {
	case len(able) == 1:
		return able[0], nil
	case len(able) > 1:
		return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "%s can encrypt", phrase.Count(len(able), "key")).
			Hintf("--kid ID chooses one; the set has %s", jwk.ListIDs(able))
	case o.flags.Changed("kid"):
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "none of %s can encrypt and has kid %s", phrase.Count(len(keys), "key"), jsonobject.Quote(o.kid))
	default:
		return jwk.Key{}, verdict.Errorf(verdict.KeyNotFound, "none of %s can encrypt", phrase.Count(len(keys), "key"))
	}
}

// chooseAlg returns the algorithm of --alg, or the best for the key and --enc. A password is
// hashed; any other secret is an AES key of its size.
func (o encryptOptions) chooseAlg(key jwk.Key) (string, error) {
	if len(o.keys.Algs) == 1 {
		return o.keys.Algs[0], nil
	}
	password := o.keys.Password != ""
	for _, alg := range jwe.Algs(key) {
		secretFits := !key.IsSecret() || key.Alg != "" || jwe.IsPassword(alg) == password
		if secretFits && (o.enc == "" || slices.Contains(jwe.Encs(alg, key), o.enc)) {
			return alg, nil
		}
	}
	return "", o.noAlg(key)
}

// noAlg returns the error of a key that fits no algorithm.
func (o encryptOptions) noAlg(key jwk.Key) error {
	with := ""
	if o.enc != "" {
		with = " with --enc " + o.enc
	}
	switch {
	case key.Alg != "":
		return verdict.Errorf(verdict.KeyMismatch, "%s: the key is only for \"alg\":%s, which does not encrypt%s", key.Source, jsonobject.Quote(key.Alg), with)
	case key.IsSecret():
		return verdict.Errorf(verdict.KeyMismatch, "%s: a secret of %s is not an AES key%s", key.Source, phrase.Count(key.Bits()/8, "byte"), with).
			Hintf("an AES key has 16, 24, 32, 48 or 64 bytes (hex:… and b64:… decode it); for a password: --password SOURCE")
	default:
		return verdict.Errorf(verdict.KeyMismatch, "%s: the key is %s, which does not encrypt%s", key.Source, key.Kind(), with).
			Hintf("RSA, EC on P-256, P-384 or P-521, and X25519 do")
	}
}

// isText reports whether the key is a secret of printable ASCII, which random bytes almost
// never are: a person typed it.
func (r recipient) isText() bool {
	secret, ok := r.key.Material().([]byte)
	return ok && !slices.ContainsFunc(secret, func(c byte) bool { return c < ' ' || c > '~' })
}
