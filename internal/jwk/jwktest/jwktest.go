// Package jwktest makes keys for tests.
package jwktest

import (
	"sync"
	"testing"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
)

// testKeys holds one key for each kind of algorithm, made once for all tests.
var testKeys = sync.OnceValue(func() map[string]jwk.Key {
	keys := map[string]jwk.Key{}
	for _, a := range jwa.All() {
		kind, _ := jwk.KindFor(a.Name)
		if _, ok := keys[kind]; ok {
			continue
		}
		size := 0
		if kind == "oct" {
			size = 64
		}
		k, err := jwk.Generate(kind, size)
		if err != nil {
			panic(err)
		}
		keys[kind] = k
	}
	return keys
})

// KeyFor returns the test key for an algorithm.
func KeyFor(name string) jwk.Key {
	kind, ok := jwk.KindFor(name)
	if !ok {
		panic("no algorithm " + name)
	}
	return testKeys()[kind]
}

// Public returns the public half of a key, or the secret itself.
func Public(k jwk.Key) jwk.Key {
	if p, ok := k.Public(); ok {
		return p
	}
	return k
}

// Secret returns the HMAC key of these bytes.
func Secret(t testing.TB, s string) jwk.Key {
	t.Helper()
	k, err := jwk.New([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// InSet returns the key as a member of a set, with this kid.
func InSet(k jwk.Key, kid string) jwk.Key {
	k.InSet, k.HasID, k.ID = true, true, kid
	return k
}
