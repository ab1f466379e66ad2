package jws

import (
	"strings"
	"testing"

	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/verdict"
)

// jwkOf returns the JWK of a key with all its members.
func jwkOf(k jwk.Key) string { return string(k.JWK(true).Bytes()) }

func TestVerifyPossession(t *testing.T) {
	for _, alg := range []string{"ES256", "RS256", "PS256", "EdDSA"} {
		k := jwktest.KeyFor(alg)
		token := sign(t, `{"typ":"dpop+jwt","alg":"`+alg+`","jwk":`+jwkOf(jwktest.Public(k))+`}`, claims, k, alg)
		v, checks, err := token.VerifyPossession(nil)
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if got := statuses(checks); got != "header:pass jwk:pass alg:pass key:pass signature:pass" {
			t.Errorf("%s: checks %s", alg, got)
		}
		if v.Key().Thumbprint() != k.Thumbprint() || v.Key().Source != OwnKeySource || v.Key().IsPrivate() {
			t.Errorf("%s: verified under another key", alg)
		}
		if _, _, err := token.Verify(nil, nil); err == nil {
			t.Errorf("%s: Verify took the token's own key", alg)
		}
	}
}

func TestVerifyPossessionRefuses(t *testing.T) {
	k, other := jwktest.KeyFor("ES256"), jwktest.KeyFor("RS256")
	own := jwkOf(jwktest.Public(k))
	hmac := jwktest.Secret(t, strings.Repeat("k", 32))
	for _, test := range []struct {
		name, header string
		by           jwk.Key
		alg          string
		checks       string
	}{
		{"none", `{"alg":"ES256"}`, k, "ES256", "header:pass jwk:fail:key_not_found"},
		{"null", `{"alg":"ES256","jwk":null}`, k, "ES256", "header:fail:malformed"},
		{"a string", `{"alg":"ES256","jwk":"x"}`, k, "ES256", "header:fail:malformed"},
		{"a set", `{"alg":"ES256","jwk":{"keys":[` + own + `]}}`, k, "ES256", "header:pass jwk:fail:jwk_invalid"},
		{"private", `{"alg":"ES256","jwk":` + jwkOf(k) + `}`, k, "ES256", "header:pass jwk:fail:key_refused"},
		{"a secret", `{"alg":"HS256","jwk":` + jwkOf(hmac) + `}`, hmac, "HS256", "header:pass jwk:fail:key_refused"},
		{"HMAC beside a public key", `{"alg":"HS256","jwk":` + own + `}`, hmac, "HS256", "header:pass jwk:pass alg:fail:alg_refused"},
		{"another's", `{"alg":"ES256","jwk":` + jwkOf(jwktest.Public(other)) + `}`, k, "ES256", "header:pass jwk:pass alg:pass key:fail:key_mismatch"},
		{"for encryption", `{"alg":"ES256","jwk":` + strings.Replace(own, "{", `{"use":"enc",`, 1) + `}`, k, "ES256", "header:pass jwk:pass alg:pass key:fail:key_refused"},
	} {
		v, checks, err := sign(t, test.header, claims, test.by, test.alg).VerifyPossession(nil)
		if got := statuses(checks); err == nil || got != test.checks {
			t.Errorf("%s: checks %s (%v), want %s", test.name, got, err, test.checks)
		}
		if v.Payload() != nil {
			t.Errorf("%s: something was verified", test.name)
		}
	}

	good := sign(t, `{"alg":"ES256","jwk":`+own+`}`, claims, k, "ES256")
	changed, err := Parse(good.SigningInput() + "." + flip(good.Segments()[2]))
	if err != nil {
		t.Fatal(err)
	}
	if _, checks, err := changed.VerifyPossession(nil); verdict.ClassOf(err) != verdict.SignatureInvalid {
		t.Errorf("another signature: %s", statuses(checks))
	}
	if _, checks, err := good.VerifyPossession([]string{"RS256"}); verdict.ClassOf(err) != verdict.AlgRefused {
		t.Errorf("--alg: %s", statuses(checks))
	}
	elsewhere := sign(t, `{"alg":"ES256","jku":"https://x.example/k","jwk":`+own+`}`, claims, k, "ES256")
	if _, checks, _ := elsewhere.VerifyPossession(nil); !strings.Contains(statuses(checks), "embedded_key:warn:embedded_key") {
		t.Errorf("a jku beside the jwk goes unremarked: %s", statuses(checks))
	}
}

// flip changes a character in the middle of a signature.
func flip(s string) string {
	i, c := len(s)/2, "A"
	if s[i] == 'A' {
		c = "B"
	}
	return s[:i] + c + s[i+1:]
}

// Parse neither ignores disclosures nor counts them as parts.
func TestParseRefusesSDJWT(t *testing.T) {
	for _, text := range []string{"eyJhbGciOiJFUzI1NiJ9.e30.c2ln~", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~eyJhbGciOiJFUzI1NiJ9.e30.c2ln"} {
		if _, err := Parse(text); verdict.ClassOf(err) != verdict.Malformed || !strings.Contains(err.Error(), "SD-JWT") {
			t.Errorf("%s: %v", text, err)
		}
		if _, _, err := ParseLax(text); verdict.ClassOf(err) != verdict.Malformed {
			t.Errorf("%s, laxly: %v", text, err)
		}
	}
}
