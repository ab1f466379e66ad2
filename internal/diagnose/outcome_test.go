package diagnose

import (
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
)

// TestSignatureAfter checks that every trial finds the same cause when it comes first, and that
// none is made after many in vain.
func TestSignatureAfter(t *testing.T) {
	key := jwktest.KeyFor("HS256")
	secret := key.Material().([]byte)
	alg, _ := jwa.Lookup("HS256")
	const input = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9"
	sig, err := alg.Sign(input, append(append([]byte(nil), secret...), '\n'), true)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Parse(input + "." + base64url.Encode(sig))
	if err != nil {
		t.Fatal(err)
	}
	want, outcome := SignatureAfter(Outcome{}, token, []jwk.Key{key})
	if len(want) != 1 || !want[0].Proven || outcome.Proved == 0 {
		t.Fatalf("%v, %v", want, outcome)
	}
	for first := range len(trials) + 1 {
		got, again := SignatureAfter(Outcome{Proved: first}, token, []jwk.Key{key})
		if len(got) != 1 || got[0] != want[0] || again != outcome {
			t.Errorf("trial %d first: %v, %v, want %v, %v", first, got, again, want, outcome)
		}
	}
	if got, _ := SignatureAfter(Outcome{Vain: true}, token, []jwk.Key{key}); len(got) != 0 {
		t.Errorf("without trials: %v", got)
	}
}

// Signature returns the causes for the first token with its header.
func Signature(t jws.Token, keys []jwk.Key, texts ...[]byte) []Cause {
	causes, _ := SignatureAfter(Outcome{}, t, keys, texts...)
	return causes
}
