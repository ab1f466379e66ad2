package issue

import (
	"errors"
	"slices"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/recipe"
	"jwt/internal/verdict"
)

// chooseKey returns the private key to sign with and the algorithm, which is zero for
// none.
func (o signOptions) chooseKey(sources *keysource.Sources, r *recipe.Recipe) (jwk.Key, jwa.Algorithm, error) {
	if !o.keys.Given() {
		return jwk.Key{}, jwa.Algorithm{}, nil
	}
	keys, err := sources.Keys()
	if err != nil {
		return jwk.Key{}, jwa.Algorithm{}, err
	}
	key, err := o.oneKey(keys)
	if err != nil {
		return jwk.Key{}, jwa.Algorithm{}, sources.Explain(err, o.kid)
	}
	if key, err = o.identify(sources, key); err != nil {
		return jwk.Key{}, jwa.Algorithm{}, err
	}
	if r != nil {
		alg, err := o.algOf(*r, key)
		return key, alg, err
	}
	alg, err := o.algFor(key)
	return key, alg, err
}

// oneKey returns the only key that can sign, and has the kid of --kid if it is given. If a program
// elsewhere signs, it is the public key of that program.
func (o signOptions) oneKey(keys []jwk.Key) (jwk.Key, error) {
	able := o.ableKeys(keys)
	switch {
	case len(able) == 0:
		return jwk.Key{}, o.noKey(keys)
	case len(able) == 1:
		return able[0], nil
	}
	hint := "--kid ID chooses one; the set has " + jwk.ListIDs(able)
	if len(jwk.IDs(able)) == 0 {
		hint = "none of them has a kid to choose it by: give only one key"
	}
	return jwk.Key{}, verdict.Errorf(verdict.KeyRefused, "%s can sign", phrase.Count(len(able), "key")).Hintf("%s", hint)
}

// ableKeys returns the keys that can sign, or the public keys if a program elsewhere signs.
func (o signOptions) ableKeys(keys []jwk.Key) []jwk.Key {
	var able []jwk.Key
	for _, k := range keys {
		named := !o.given("kid") || k.AnswersTo(o.kid)
		public, isPublic := k.Public()
		switch {
		case named && o.elsewhere() && isPublic:
			able = append(able, public)
		case named && !o.elsewhere() && k.IsPrivate():
			able = append(able, k)
		}
	}
	return able
}

// noKey returns the error if no key can sign.
func (o signOptions) noKey(keys []jwk.Key) error {
	switch {
	case o.elsewhere():
		return verdict.Errorf(verdict.KeyNotFound, "no public key fits: a program elsewhere signs, and what it answers is verified").
			Hintf("--key PUBLIC is the public key of the program")
	case len(keys) == 1 && (!o.given("kid") || keys[0].AnswersTo(o.kid)):
		return verdict.Errorf(verdict.KeyMismatch, "%s: a public key cannot sign", keys[0].Source).
			Hintf("give the private key: --key private.pem")
	case len(keys) > 1 && !slices.ContainsFunc(keys, jwk.Key.IsPrivate):
		return verdict.Errorf(verdict.KeyMismatch, "all %d keys are public: a public key cannot sign", len(keys)).
			Hintf("give the private key: --key private.pem")
	default:
		return verdict.Errorf(verdict.KeyNotFound, "none of %s is private and has the kid of --kid", phrase.Count(len(keys), "key")).
			Hintf("the set has %s", jwk.ListIDs(keys))
	}
}

func (o signOptions) algFor(key jwk.Key) (jwa.Algorithm, error) {
	able := key.Algorithms()
	if len(o.keys.Algs) == 1 {
		alg, _ := jwa.Lookup(o.keys.Algs[0]) // check has refused unknown names
		return alg, otherAlg(key, alg, key.Fits(alg, o.operation()))
	}
	if len(able) == 0 {
		return jwa.Algorithm{}, cannotSign(key)
	}
	return able[0], nil
}

// operation returns the operation that the key must allow.
func (o signOptions) operation() jwk.Operation {
	if o.elsewhere() {
		return jwk.OpVerify
	}
	return jwk.OpSign
}

// otherAlg adds a hint to the error for an algorithm that does not fit the key.
func otherAlg(key jwk.Key, alg jwa.Algorithm, err error) error {
	var e *verdict.Error
	able := key.Algorithms()
	switch {
	case !errors.As(err, &e) || e.Hint != "":
		return err
	case len(able) > 0 && alg.KeyType == "oct":
		return e.Hintf("--alg %s signs with this key; %s takes --secret @FILE, a secret that is not part of a key pair", able[0].Name, alg.Name)
	case len(able) > 0:
		return e.Hintf("--alg %s signs with this key", able[0].Name)
	}
	return err
}

// cannotSign returns the error of a key that fits no signature algorithm.
func cannotSign(key jwk.Key) error {
	what := key.Kind()
	if key.Alg != "" {
		what += " only for " + string(jsonobject.Quote(key.Alg))
	}
	err := verdict.Errorf(verdict.KeyRefused, "%s: the key is %s, which cannot sign", key.Source, what)
	if len(jwe.Algs(key)) > 0 {
		err.Message += ": it is for encryption"
		return err.Hintf("use it with jwt encrypt and jwt decrypt; to sign: jwt key generate")
	}
	return err
}
