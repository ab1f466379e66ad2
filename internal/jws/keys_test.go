package jws

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
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

func keyFor(name string) jwk.Key {
	kind, ok := jwk.KindFor(name)
	if !ok {
		panic("no algorithm " + name)
	}
	return testKeys()[kind]
}

func public(k jwk.Key) jwk.Key {
	if p, ok := k.Public(); ok {
		return p
	}
	return k
}

func secret(t testing.TB, s string) jwk.Key {
	t.Helper()
	k, err := jwk.New([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// inSet returns the key as a member of a set, under that kid.
func inSet(k jwk.Key, kid string) jwk.Key {
	k.InSet, k.HasID, k.ID = true, true, kid
	return k
}

// sign makes a token with that header and payload, whatever they are.
func sign(t testing.TB, header, payload string, k jwk.Key, alg string) Token {
	t.Helper()
	a, ok := jwa.Lookup(alg)
	if !ok {
		t.Fatalf("no algorithm %q", alg)
	}
	input := encode(header) + "." + encode(payload)
	sig, err := a.Sign(input, k.Material(), false)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, input+"."+encode(string(sig)))
}

// withSignature returns the token with another signature.
func withSignature(t testing.TB, token Token, sig []byte) Token {
	t.Helper()
	return parse(t, token.SigningInput()+"."+encode(string(sig)))
}

func parse(t testing.TB, text string) Token {
	t.Helper()
	token, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%.60q): %v", text, err)
	}
	return token
}

func encode(s string) string { return base64url.Encode([]byte(s)) }

func object(t testing.TB, text string) jsonobject.Object {
	t.Helper()
	o, err := jsonobject.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// mustNotQuote fails if a message holds the secret in any spelling.
func mustNotQuote(t *testing.T, secret []byte, message string) {
	t.Helper()
	for _, s := range append(encoded(secret), spelling{secret: secret}) {
		if text := bytes.TrimSpace(s.secret); len(text) >= 8 && strings.Contains(message, string(text)) {
			t.Errorf("a message quotes the secret: %s", message)
		}
	}
}
