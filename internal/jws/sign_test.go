package jws

import (
	"testing"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/verdict"
)

func TestSign(t *testing.T) {
	for _, a := range jwa.All() {
		k := jwktest.KeyFor(a.Name)
		header := object(t, `{ "alg":"`+a.Name+`", "x":1.0 }`)
		for _, deterministic := range []bool{false, true} {
			token, err := Sign(header, []byte(claims), k, a, deterministic)
			if err != nil {
				t.Errorf("%s: %v", a.Name, err)
				continue
			}
			if string(token.Header.Bytes()) != string(header.Bytes()) || string(token.Payload) != claims {
				t.Errorf("%s: the token holds %s.%s", a.Name, token.Header.Bytes(), token.Payload)
			}
			if _, _, err := parse(t, token.Text()).Verify(keyList(jwktest.Public(k)), []string{a.Name}); err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
			again, err := Sign(header, []byte(claims), k, a, deterministic)
			if err != nil || (again.Text() == token.Text()) != a.Repeatable(deterministic) {
				t.Errorf("%s: signed twice, equal: %v (%v)", a.Name, again.Text() == token.Text(), err)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	es, _ := jwa.Lookup("ES256")
	enc := jwktest.KeyFor("ES256")
	enc.Use = "enc"
	tests := []struct {
		name, header string
		key          jwk.Key
		class        verdict.Class
	}{
		{"a public key", `{"alg":"ES256"}`, jwktest.Public(jwktest.KeyFor("ES256")), verdict.KeyMismatch},
		{"another curve", `{"alg":"ES256"}`, jwktest.KeyFor("ES384"), verdict.KeyMismatch},
		{"a secret", `{"alg":"ES256"}`, jwktest.Secret(t, correct), verdict.KeyMismatch},
		{"an encryption key", `{"alg":"ES256"}`, enc, verdict.KeyRefused},
		{"another alg in the header", `{"alg":"ES384"}`, jwktest.KeyFor("ES256"), verdict.Internal},
		{"none in the header", `{"alg":"none"}`, jwktest.KeyFor("ES256"), verdict.Internal},
		{"no alg in the header", `{}`, jwktest.KeyFor("ES256"), verdict.Internal},
		{"a header name twice", `{"alg":"ES256","x":1,"x":2}`, jwktest.KeyFor("ES256"), verdict.DuplicateMember},
	}
	for _, tt := range tests {
		token, err := Sign(object(t, tt.header), []byte(claims), tt.key, es, false)
		if verdict.ClassOf(err) != tt.class || token.Text() != "" {
			t.Errorf("%s: %q, %v, want %s", tt.name, token.Text(), err, tt.class)
		}
	}
}

func TestUnsecured(t *testing.T) {
	token, err := Unsecured(object(t, `{"alg":"none"}`), []byte(claims))
	if err != nil || token.Text() != encode(`{"alg":"none"}`)+"."+encode(claims)+"." {
		t.Errorf("Unsecured = %q, %v", token.Text(), err)
	}
	if _, _, err := token.Verify(keyList(jwktest.Secret(t, correct)), []string{jwa.None}); verdict.ClassOf(err) != verdict.AlgRefused {
		t.Errorf("Verify: %v, want alg_refused", err)
	}
	for _, header := range []string{`{}`, `{"alg":"HS256"}`, `{"alg":"None"}`} {
		if token, err := Unsecured(object(t, header), nil); err == nil {
			t.Errorf("Unsecured(%s) = %q", header, token.Text())
		}
	}
}
