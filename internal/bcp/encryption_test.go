package bcp

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/token"
)

// encryptedRules lists the rules about encryption.
var encryptedRules = []string{
	"jwe-alg-unknown", "enc-missing", "enc-unknown", "alg-rsa1-5", "zip-present",
	"issuer-only", "p2c-too-low", "p2c-low", "p2c-too-high", "alg-dir", "jwe-not-signed",
}

// encryptedCases lists headers of JWEs and the encryptedRules that they break.
var encryptedCases = []struct {
	header string
	rules  []string
}{
	{`{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"}`, nil},
	{`{"alg":"ECDH-ES","enc":"A128CBC-HS256","cty":"application/jwt"}`, nil},
	{`{"alg":"A256KW","enc":"A256GCM"}`, nil},
	{`{"alg":"RSA-OAEP-256","enc":"A256GCM"}`, []string{"jwe-not-signed"}},
	{`{"alg":"ECDH-ES+A128KW","enc":"A256GCM","cty":"json"}`, []string{"jwe-not-signed"}},
	{`{"alg":"RSA1_5","enc":"A256GCM","cty":"JWT"}`, []string{"alg-rsa1-5"}},
	{`{"alg":"dir","enc":"A256GCM"}`, []string{"alg-dir"}},
	{`{"alg":"dir","enc":"A256GCM","iss":"https://tenant.eu.auth0.com/"}`, []string{"issuer-only"}},
	{`{"alg":"dir","enc":"A256GCM","iss":"https://auth0.com.evil.example/"}`, []string{"alg-dir"}},
	{`{"alg":"A256KW","enc":"A256GCM","zip":"DEF"}`, []string{"zip-present"}},
	{`{"alg":"A256KW","enc":"A256GCM","zip":"GZIP"}`, []string{"zip-present"}},
	{`{"alg":"A256KW","enc":"A256GCM","zip":null}`, []string{"zip-present"}},
	{`{"alg":"A256KW"}`, []string{"enc-missing"}},
	{`{"alg":"A256KW","enc":["A256GCM"]}`, []string{"enc-missing"}},
	{`{"alg":"A256KW","enc":"a256gcm"}`, []string{"enc-unknown"}},
	{`{"alg":"HS256","enc":"A256GCM"}`, []string{"jwe-alg-unknown"}},
	{`{"enc":"A256GCM"}`, nil}, // alg-missing reports it

	{`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":999}`, []string{"p2c-too-low"}},
	{`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":-1}`, []string{"p2c-too-low"}},
	{`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":1000}`, []string{"p2c-low"}},
	{`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":599999}`, []string{"p2c-low"}},
	{`{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":600000}`, nil},
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":209999}`, []string{"p2c-low"}},
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":210000}`, nil},
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":1200000}`, nil},
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":1200001}`, []string{"p2c-too-high"}},
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":99999999999999999999999}`, []string{"p2c-too-high"}},
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":"1"}`, nil}, // refused as malformed
	{`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM"}`, nil},
	{`{"alg":"A256KW","enc":"A256GCM","p2c":1}`, nil},
}

func TestRulesFindEncrypted(t *testing.T) {
	_, hidden := jwt.ParseClaims(nil)
	for _, tt := range encryptedCases {
		header, err := jsonobject.Parse([]byte(tt.header))
		if err != nil {
			t.Fatal(err)
		}
		s := Subject{Token: &token.Token{Kind: compact.JWE, Header: header, ClaimsErr: hidden}, Now: now}
		var found []string
		for _, f := range Review(s) {
			if slices.Contains(encryptedRules, f.Rule) {
				found = append(found, f.Rule)
			}
			if slices.Contains(encryptedRules, f.Rule) && (f.Part != Header || f.Detail == "") {
				t.Errorf("%s: %+v", tt.header, f)
			}
		}
		if diff := cmp.Diff(tt.rules, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.header, diff)
		}

		// The rules ignore the same header of a signed token.
		for _, id := range ids(review(t, sample{header: tt.header}.text())) {
			if slices.Contains(encryptedRules, id) {
				t.Errorf("%s: %s found on a JWS", tt.header, id)
			}
		}
	}
}
