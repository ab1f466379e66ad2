package jws

import (
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
)

const (
	hs256   = `{"alg":"HS256","typ":"JWT"}`
	claims  = `{"iss":"https://issuer.example","sub":"alice","exp":1700003600}`
	correct = "correct horse battery staple 2024" // a secret of no special form
)

// sign makes a token with that header and payload, even if they are invalid.
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
