package sdjwt

import (
	"strings"
	"testing"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

func generated(t *testing.T) jwk.Key {
	t.Helper()
	k, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t *testing.T, header, payload string, k jwk.Key) jws.Token {
	t.Helper()
	h, err := jsonobject.Parse([]byte(header))
	if err != nil {
		t.Fatal(err)
	}
	alg, _ := jwa.Lookup("ES256")
	token, err := jws.Sign(h, []byte(payload), k, alg, false)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// presented returns a verified SD-JWT with this payload, and a key binding signed by k.
func presented(t *testing.T, payload string, k jwk.Key) (Verified, error) {
	t.Helper()
	issuer := generated(t)
	issued := signed(t, `{"alg":"ES256"}`, payload, issuer)
	kb := signed(t, `{"alg":"ES256","typ":"kb+jwt"}`, `{}`, k)
	token, err := Parse(issued.Text() + "~" + kb.Text())
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := token.Issued.Verify([]jwk.Key{issuer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return token.Verify(v)
}

func TestVerifyKeyBinding(t *testing.T) {
	k, other := generated(t), generated(t)
	public, _ := k.Public()
	jwkText := string(public.JWK(false).Bytes())
	for payload, want := range map[string]verdict.Class{
		`{"cnf":{"jwk":` + jwkText + `}}`:                              "",
		`{"cnf":{"jwk":` + string(k.JWK(true).Bytes()) + `}}`:          verdict.KeyRefused,
		`{"cnf":{"jwk":` + string(other.JWK(false).Bytes()) + `}}`:     verdict.SignatureInvalid,
		`{"cnf":{"jwk":{"keys":[` + jwkText + `]}}}`:                   verdict.JWKInvalid,
		`{"cnf":{"jwk":{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0"}}}`: verdict.KeyRefused,
		`{"cnf":{"jwk":{"kty":"EC"}}}`:                                 verdict.JWKInvalid,
		`{"cnf":{"jwk":"x"}}`:                                          verdict.JWKInvalid,
		`{"cnf":{"kid":"x"}}`:                                          verdict.KeyNotFound,
		`{"cnf":"x"}`:                                                  verdict.ClaimsMalformed,
		`{}`:                                                           verdict.KeyNotFound,
	} {
		v, err := presented(t, payload, k)
		if err != nil {
			t.Fatal(err)
		}
		kb, err := v.VerifyKeyBinding()
		if got := verdict.ClassOf(err); got != want {
			t.Errorf("%s: %q, want %q (%v)", payload, got, want, err)
		}
		if (kb.Payload() != nil) != (want == "") {
			t.Errorf("%s: verified: %s", payload, kb.Payload())
		}
	}
}

// TestKeyBindingNone checks that a key binding with alg none does not verify.
func TestKeyBindingNone(t *testing.T) {
	text := example(t, "5.2")
	none := jwsNone(t)
	token, v := verified(t, text[:strings.LastIndexByte(text, '~')+1]+none)
	if token.KeyBinding == nil {
		t.Fatal("no key binding")
	}
	if _, err := v.VerifyKeyBinding(); verdict.ClassOf(err) != verdict.AlgRefused {
		t.Errorf("alg none: %v", err)
	}
}

func jwsNone(t *testing.T) string {
	t.Helper()
	h, _ := jsonobject.Parse([]byte(`{"alg":"none","typ":"kb+jwt"}`))
	token, err := jws.Unsecured(h, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	return token.Text()
}

func TestVerifyRefusesAnotherToken(t *testing.T) {
	issuer := generated(t)
	one, two := signed(t, `{"alg":"ES256"}`, `{"a":1}`, issuer), signed(t, `{"alg":"ES256"}`, `{"a":2}`, issuer)
	token, err := Parse(one.Text() + "~")
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := two.Verify([]jwk.Key{issuer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.Verify(v); err == nil {
		t.Error("the signature of another token was accepted")
	}
	if _, err := (Token{}).Verify(jws.Verified{}); err == nil {
		t.Error("the zero Token verified")
	}
	if got := (Verified{}).Digest(); got != "" {
		t.Errorf("the digest of the zero Verified is %q", got)
	}
}

// TestTampering checks that a change by the holder does not verify: of a disclosure's
// value, or of the order that the key binding covers.
func TestTampering(t *testing.T) {
	text := example(t, "5.2")
	parts := strings.Split(text, "~")
	parts[1], parts[2] = parts[2], parts[1]
	_, v := verified(t, strings.Join(parts, "~"))
	if v.Digest() == "0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY" {
		t.Error("the digest ignores the order")
	}
	_, v = verified(t, text[:strings.IndexByte(text, '~')+1])
	if v.Digest() == "0_Af-2B-EhLWX5ydh_w2xzwmO6iM66B_2QCEanI4fUY" || len(v.Processed().Undisclosed) != 10 {
		t.Error("the digest ignores a missing disclosure")
	}
	changed := strings.Replace(text, "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd", "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZTEiXQ", 1)
	if _, err := process(changed); changed == text || verdict.ClassOf(err) != verdict.Malformed {
		t.Errorf("a changed disclosure: %v", err)
	}
}
