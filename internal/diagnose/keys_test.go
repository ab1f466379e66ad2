package diagnose

import (
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
)

const (
	hs256   = `{"alg":"HS256","typ":"JWT"}`
	claims  = `{"iss":"https://issuer.example","sub":"alice","exp":1700003600}`
	correct = "correct horse battery staple 2024" // a secret of no special form
)

// sign makes a token with that header and payload, even if they are invalid.
func sign(t testing.TB, header, payload string, k jwk.Key, alg string) jws.Token {
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
func withSignature(t testing.TB, token jws.Token, sig []byte) jws.Token {
	t.Helper()
	return parse(t, token.SigningInput()+"."+encode(string(sig)))
}

func parse(t testing.TB, text string) jws.Token {
	t.Helper()
	token, err := jws.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%.60q): %v", text, err)
	}
	return token
}

func encode(s string) string { return base64url.Encode([]byte(s)) }
