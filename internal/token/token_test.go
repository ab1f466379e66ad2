package token

import (
	"os"
	"strings"
	"testing"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/jwe"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/verdict"
)

// unsigned returns a token that anyone can have written.
func unsigned(header, payload string) string {
	return base64url.Encode([]byte(header)) + "." + base64url.Encode([]byte(payload)) + ".AAAA"
}

func presentation(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../sdjwt/testdata/rfc9901-5.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\n", "")
}

func TestOpen(t *testing.T) {
	deep := unsigned(`{}`, strings.Repeat(`{"a":`, 101)+"1"+strings.Repeat("}", 101))
	misspelled := unsigned(`{"alg":"HS256"}`, `{"sub":"a"}`) + "="
	for _, c := range []struct {
		name, text  string
		kind        compact.Kind // Other if Open refuses it with class
		class       verdict.Class
		claims      verdict.Class // of ClaimsErr
		lax, signed bool          // whether OpenLax and OpenSigned accept it
	}{
		{name: "JWS", text: unsigned(`{"alg":"HS256"}`, `{"sub":"a"}`), kind: compact.JWS, lax: true, signed: true},
		{name: "JWS of a list", text: unsigned(`{"alg":"HS256"}`, `[1]`), kind: compact.JWS, claims: verdict.ClaimsMalformed, lax: true, signed: true},
		{name: "misspelled JWS", text: misspelled, class: verdict.Malformed, lax: true},
		{name: "claims nested too deeply", text: deep, class: verdict.LimitExceeded, signed: true},
		{name: "JWE", text: base64url.Encode([]byte(`{"alg":"dir","enc":"A128GCM"}`)) + "..AAAA.AAAA.AAAA", kind: compact.JWE, claims: verdict.EncryptedToken, lax: true},
		{name: "SD-JWT", text: presentation(t), kind: compact.SDJWT, lax: true, signed: true},
		{name: "two parts", text: "eyJ.eyJ", class: verdict.Malformed},
		{name: "nothing", class: verdict.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := Open(c.text)
			if verdict.ClassOf(err) != c.class || (err == nil) != (c.kind != compact.Other) {
				t.Fatalf("Open: %v", err)
			}
			if err == nil && (token.Kind != c.kind || token.Text() != c.text || verdict.ClassOf(token.ClaimsErr) != c.claims || token.IsSealed() != (c.kind == compact.JWE)) {
				t.Errorf("Open: %+v", token)
			}
			if _, err := OpenLax(c.text); (err == nil) != c.lax {
				t.Errorf("OpenLax: %v", err)
			}
			if _, err := OpenSigned(c.text); (err == nil) != c.signed {
				t.Errorf("OpenSigned: %v", err)
			}
			if _, err := OpenEncrypted(c.text); (err == nil) != (c.kind == compact.JWE) {
				t.Errorf("OpenEncrypted: %v", err)
			}
		})
	}
}

// A token that only OpenLax accepts keeps its text, and has flaws.
func TestOpenLax(t *testing.T) {
	text := unsigned(`{"alg":"HS256"}`, `{"sub":"a"}`) + "="
	token, err := OpenLax(text)
	if err != nil || token.Text() != text || len(token.Flaws) != 1 || !token.Signed.Misspelled() {
		t.Errorf("%+v, %v", token, err)
	}
}

func TestDisclosures(t *testing.T) {
	token, err := Open(presentation(t))
	if err != nil || !token.Disclosures.Fit() {
		t.Fatalf("%v", err)
	}
	if _, ok := token.Content().Get("given_name"); !ok {
		t.Error("the content has no disclosed claim")
	}
	if _, ok := token.Claims.Get("given_name"); ok {
		t.Error("the claims that were signed have a disclosed claim")
	}
	if binding, ok := token.Disclosures.Binding(); !ok || !binding.HasClaims() {
		t.Errorf("the key binding: %+v", binding)
	}
	issued, _, _ := strings.Cut(token.Text(), "~")
	foreign, err := Open(issued + "~WyJzIiwibmFtZSIseyJhIjoxfV0~")
	if err != nil || foreign.Disclosures.Fit() {
		t.Fatalf("%v", err)
	}
	if _, ok := foreign.Content().Get("name"); ok {
		t.Error("the content has a claim that was not signed")
	}
	if w := foreign.Warnings(); len(w) != 1 || w[0].Class != verdict.ClassOf(foreign.Disclosures.Err) {
		t.Errorf("warnings: %v", w)
	}
}

func TestDecrypt(t *testing.T) {
	inside := unsigned(`{"alg":"none"}`, `{"sub":"a","sub":"b"}`)
	key := jwktest.Secret(t, "0123456789abcdef")
	for _, c := range []struct {
		name, plaintext, cty string
		nested               bool
		warnings             []verdict.Class
	}{
		{"claims", `{"sub":"a"}`, "", false, nil},
		{"a token", inside, "JWT", true, []verdict.Class{verdict.DuplicateMember}},
		{"a token without cty", inside, "", true, []verdict.Class{verdict.DuplicateMember}},
		{"claims with cty", `{"sub":"a"}`, "JWT", false, []verdict.Class{verdict.Malformed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header jsonobject.Object
			if c.cty != "" {
				header.Set("cty", jsonobject.Quote(c.cty))
			}
			encrypted, err := jwe.Encrypt(header, []byte(c.plaintext), key, "A128KW", "A128GCM", jwe.EncryptOptions{})
			if err != nil {
				t.Fatal(err)
			}
			token, err := Open(encrypted.Text)
			if err != nil {
				t.Fatal(err)
			}
			other := jwktest.Secret(t, "fedcba9876543210")
			if err := token.Decrypt([]jwk.Key{other}, jwe.Options{}); err == nil || !token.IsSealed() || token.Payload != nil {
				t.Fatalf("under another key: %v, payload %q", err, token.Payload)
			}
			if err := token.Decrypt([]jwk.Key{key}, jwe.Options{}); err != nil {
				t.Fatal(err)
			}
			if token.IsSealed() || string(token.Payload) != c.plaintext || (token.Inside != nil) != c.nested {
				t.Errorf("%+v", token)
			}
			var classes []verdict.Class
			for _, w := range token.Warnings() {
				classes = append(classes, w.Class)
			}
			if len(classes) != len(c.warnings) || len(classes) > 0 && classes[0] != c.warnings[0] {
				t.Errorf("warnings %v, want %v", classes, c.warnings)
			}
			if inner := token.Innermost(); c.nested == (inner == token) {
				t.Errorf("innermost: %+v", inner)
			}
		})
	}
}
