package jwk

import (
	"slices"

	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// encryptionAlgs lists the encryption algorithms (RFC 7518 §4.1 and §5.1) by the kinds
// of key they take, the default kind first. Their keys are valid and fit no signature.
var encryptionAlgs = [...]struct{ kinds, algs []string }{
	{[]string{"RSA"}, []string{"RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512", "RSA-OAEP", "RSA1_5"}},
	{
		[]string{"EC/P-256", "EC/P-384", "EC/P-521", "OKP/X25519"},
		[]string{"ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "ECDH-ES"},
	},
	{[]string{"oct"}, []string{
		"A256KW", "A192KW", "A128KW", "A256GCMKW", "A192GCMKW", "A128GCMKW", "dir",
		"A256GCM", "A192GCM", "A128GCM", "A256CBC-HS512", "A192CBC-HS384", "A128CBC-HS256",
		"PBES2-HS512+A256KW", "PBES2-HS384+A192KW", "PBES2-HS256+A128KW",
	}},
}

// keyKinds returns the kinds of key that an algorithm takes, and false if the algorithm
// is unknown.
func keyKinds(alg string) ([]string, bool) {
	if a, ok := jwa.Lookup(alg); ok {
		kinds := []string{}
		for _, curve := range a.Curves {
			kinds = append(kinds, Key{Type: a.KeyType, Curve: curve}.kindName())
		}
		if len(kinds) == 0 {
			kinds = append(kinds, Key{Type: a.KeyType, Alg: a.Name}.kindName())
		}
		return kinds, true
	}
	for _, e := range encryptionAlgs {
		if slices.Contains(e.algs, alg) {
			return e.kinds, true
		}
	}
	return nil, false
}

// Algs returns the algorithms for which Generate makes keys, signature algorithms first.
func Algs() []string {
	var names []string
	for _, a := range jwa.All() {
		names = append(names, a.Name)
	}
	for _, e := range encryptionAlgs {
		names = append(names, e.algs...)
	}
	return slices.DeleteFunc(names, func(name string) bool {
		_, ok := KindFor(name)
		return !ok
	})
}

// KindFor returns the kind of key to generate for a signature or encryption algorithm,
// and false if no kind fits.
func KindFor(alg string) (kind string, ok bool) {
	takes, _ := keyKinds(alg)
	for _, k := range newKinds {
		if slices.Contains(takes, k.kind) {
			return k.name, true
		}
	}
	return "", false
}

// SecretBytes returns the length in bytes of a secret for the algorithm, 0 if any length
// will do. exact is false if it is a minimum: HMAC takes any secret that is at least as
// long as its hash (RFC 7518 §3.2), AES a key of exactly one size.
func SecretBytes(alg string) (size int, exact bool) {
	if a, ok := jwa.Lookup(alg); ok {
		return a.MinKeyBytes, false
	}
	switch alg {
	case "A128KW", "A128GCMKW", "A128GCM":
		return 16, true
	case "A192KW", "A192GCMKW", "A192GCM":
		return 24, true
	case "A256KW", "A256GCMKW", "A256GCM", "A128CBC-HS256":
		return 32, true
	case "A192CBC-HS384":
		return 48, true
	case "A256CBC-HS512":
		return 64, true
	}
	return 0, false
}

// UseFor returns the "use" of a key for the algorithm: sig, enc, or "" if it is
// unknown.
func UseFor(alg string) string {
	if _, ok := jwa.Lookup(alg); ok {
		return "sig"
	}
	if takes, _ := keyKinds(alg); len(takes) > 0 {
		return "enc"
	}
	return ""
}

// For returns the key restricted to one algorithm, which must fit its kind.
func (k Key) For(alg string) (Key, error) {
	takes, known := keyKinds(alg)
	size, exact := SecretBytes(alg)
	switch {
	case !known:
		return Key{}, verdict.Errorf(verdict.Usage, "unknown algorithm %q", alg)
	case !slices.Contains(takes, k.kindName()):
		return Key{}, verdict.Errorf(verdict.KeyMismatch, "the key is %s, which %s does not take", k.Kind(), alg)
	case exact && k.bits != 8*size:
		return Key{}, verdict.Errorf(verdict.KeyMismatch, "%s needs a secret of %d bytes, the key has %d", alg, size, k.bits/8)
	}
	k.Alg = alg
	return k, nil
}
