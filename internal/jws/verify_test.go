package jws

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/verdict"
)

func keyList(keys ...jwk.Key) []jwk.Key { return keys }

func signWith(t *testing.T, input string, k jwk.Key) []byte {
	t.Helper()
	sig, err := k.Algorithms()[0].Sign(input, k.Material(), false)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestVerify(t *testing.T) {
	for _, a := range jwa.All() {
		k := jwktest.KeyFor(a.Name)
		token := sign(t, `{"alg":"`+a.Name+`"}`, claims, k, a.Name)
		for name, key := range map[string]jwk.Key{"private": k, "public": jwktest.Public(k)} {
			v, checks, err := token.Verify(keyList(key), nil)
			if err != nil {
				t.Errorf("%s under the %s key: %v", a.Name, name, err)
				continue
			}
			if string(v.Payload()) != claims || v.Alg().Name != a.Name || v.Key().Thumbprint() != k.Thumbprint() || v.Token().Text() != token.Text() {
				t.Errorf("%s: what was verified is not what was sent", a.Name)
			}
			if got := statuses(checks); got != "header:pass alg:pass key:pass signature:pass" {
				t.Errorf("%s: checks %s", a.Name, got)
			}
		}
	}
}

// statuses writes the checks in one line, those that fail or warn with their class.
func statuses(checks []verdict.Check) string {
	var s []string
	for _, c := range checks {
		text := c.Name + ":" + string(c.Status)
		if c.Class != "" {
			text += ":" + string(c.Class)
		}
		s = append(s, text)
	}
	return strings.Join(s, " ")
}

func TestVerifyChecks(t *testing.T) {
	k := jwktest.Secret(t, strings.Repeat("k", 64))
	other := jwktest.Secret(t, strings.Repeat("o", 64))
	rsa := jwktest.Public(jwktest.KeyFor("RS256"))
	with := func(k jwk.Key, change func(*jwk.Key)) jwk.Key { change(&k); return k }
	tests := []struct {
		header string
		keys   []jwk.Key
		algs   []string
		want   string
		detail string // part of the failed or warning check's
	}{
		{hs256, keyList(k), []string{"HS256"}, "header:pass alg:pass key:pass signature:pass", ""},
		{hs256, keyList(other, k), nil, "header:pass alg:pass key:pass signature:pass", ""},
		{hs256, keyList(rsa, k), nil, "header:pass alg:pass key:pass signature:pass", ""},
		{hs256, keyList(other), nil, "header:pass alg:pass key:pass signature:fail:signature_invalid", "does not verify"},
		{hs256, keyList(other, other), nil, "header:pass alg:pass key:pass signature:fail:signature_invalid", "none of the 2 keys"},

		{`{"alg":"HS256","alg":"HS256"}`, keyList(k), nil, "header:fail:duplicate_member", `"/alg"`},
		{`{"alg":"HS256","x":{"y":[{"z":1,"z":2}]}}`, keyList(k), nil, "header:fail:duplicate_member", `"/x/y/0/z"`},
		{`{"alg":"HS256","kid":7}`, keyList(k), nil, "header:fail:malformed", "kid: is a number"},
		{`{"alg":"HS256","kid":null}`, keyList(k), nil, "header:fail:malformed", "kid: is null"},

		{`{"typ":"JWT"}`, keyList(k), nil, "header:pass alg:fail:alg_refused", "has none, want one of HS256, HS384, HS512"},
		{`{"ALG":"HS256"}`, keyList(k), nil, "header:pass alg:fail:alg_refused", "has none"},
		{`{"alg":["HS256"]}`, keyList(k), nil, "header:pass alg:fail:alg_refused", "is an array, must be a string"},
		{`{"alg":"none"}`, keyList(k), nil, "header:pass alg:fail:alg_refused", "is never accepted"},
		{`{"alg":"NonE"}`, keyList(k), nil, "header:pass alg:fail:alg_refused", "is never accepted"},
		{`{"alg":"none"}`, keyList(k), []string{"none"}, "header:pass alg:fail:alg_refused", "is never accepted"},
		{`{"alg":"hs256"}`, keyList(k), nil, "header:pass alg:fail:alg_refused", `is "hs256", which is not a known signature algorithm`},
		{`{"alg":"HS256 "}`, keyList(k), nil, "header:pass alg:fail:alg_refused", "not a known signature algorithm"},
		{`{"alg":"dir"}`, keyList(rsa), []string{"PS256"}, "header:pass alg:fail:alg_refused", "want PS256"},
		{hs256, keyList(k), []string{"HS512", "RS256"}, "header:pass alg:fail:alg_refused", "alg: HS256 is not allowed, only HS512, RS256"},

		{`{"alg":"HS256","crit":["exp"],"exp":1}`, keyList(k), nil, "header:pass alg:pass crit:fail:crit_unsupported", `"exp" must be understood`},
		{`{"alg":"HS256","crit":["exp"]}`, keyList(k), nil, "header:pass alg:pass crit:fail:crit_unsupported", ""},
		{`{"alg":"HS256","crit":["b64"],"b64":true}`, keyList(k), nil, "header:pass alg:pass crit:fail:crit_unsupported", ""},
		{`{"alg":"HS256","crit":[""],"":1}`, keyList(k), nil, "header:pass alg:pass crit:fail:crit_unsupported", ""},
		{`{"alg":"HS256","jku":1}`, keyList(k), nil, "header:fail:malformed", "jku: is a number, must be a string (RFC 7515 §4.1.2)"},
		{`{"alg":"HS256","jwk":null}`, keyList(k), nil, "header:fail:malformed", "jwk: is null, must be a JWK"},
		{`{"alg":"HS256","jwk":"{}"}`, keyList(k), nil, "header:fail:malformed", "jwk: is a string"},
		{`{"alg":"HS256","x5u":[]}`, keyList(k), nil, "header:fail:malformed", "x5u: is an array"},
		{`{"alg":"HS256","x5c":"AAAA"}`, keyList(k), nil, "header:fail:malformed", "x5c: is a string, must be an array of strings"},
		{`{"alg":"HS256","x5c":[1]}`, keyList(k), nil, "header:fail:malformed", "x5c: "},
		{`{"alg":"HS256","x5c":[]}`, keyList(k), nil, "header:fail:malformed", "and not empty"},
		{`{"alg":"HS256","x5t":{}}`, keyList(k), nil, "header:fail:malformed", "x5t: is an object"},
		{`{"alg":"HS256","x5t#S256":false}`, keyList(k), nil, "header:fail:malformed", "x5t#S256: is a boolean"},
		{`{"alg":"HS256","typ":1}`, keyList(k), nil, "header:fail:malformed", "typ: is a number"},
		{`{"alg":"HS256","cty":null}`, keyList(k), nil, "header:fail:malformed", "cty: is null"},
		{`{"alg":"HS256","crit":[]}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", "not empty"},
		{`{"alg":"HS256","crit":"exp"}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", "array"},
		{`{"alg":"HS256","crit":null}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", "array"},
		{`{"alg":"HS256","crit":["exp",1],"exp":1}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", "array"},
		{`{"alg":"HS256","crit":["alg"]}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", "must not be listed"},
		{`{"alg":"HS256","crit":["x5t#S256"]}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", "must not be listed"},
		{`{"alg":"HS256","crit":["x","x"],"x":1}`, keyList(k), nil, "header:pass alg:pass crit:fail:malformed", `"x" twice`},
		{`{"alg":"HS256","b64":false}`, keyList(k), nil, "header:pass alg:pass crit:fail:crit_unsupported", "b64: is false"},
		{`{"alg":"HS256","b64":0}`, keyList(k), nil, "header:pass alg:pass crit:fail:crit_unsupported", "b64"},
		{`{"alg":"HS256","b64":true}`, keyList(k), nil, "header:pass alg:pass key:pass signature:pass", ""},

		{hs256, nil, nil, "header:pass alg:pass key:fail:key_not_found", "no key"},
		{hs256, keyList(rsa), nil, "header:pass alg:pass key:fail:key_mismatch", "HS256 needs a secret, the key is RSA"},
		{hs256, keyList(rsa, rsa), nil, "header:pass alg:pass key:fail:key_mismatch", "none of the 2 keys fits"},
		{hs256, keyList(with(k, func(k *jwk.Key) { k.Alg = "HS512" })), nil, "header:pass alg:pass key:fail:key_mismatch", "HS512"},
		{hs256, keyList(with(k, func(k *jwk.Key) { k.Use = "enc" })), nil, "header:pass alg:pass key:fail:key_refused", "enc"},
		{hs256, keyList(with(k, func(k *jwk.Key) { k.Ops = []string{"sign"} })), nil, "header:pass alg:pass key:fail:key_refused", "verify"},
		{hs256, keyList(with(k, func(k *jwk.Key) { k.Ops = []string{} })), nil, "header:pass alg:pass key:fail:key_refused", "verify"},
		{hs256, keyList(with(k, func(k *jwk.Key) { k.Use, k.Ops, k.Alg = "sig", []string{"verify"}, "HS256" })), nil, "header:pass alg:pass key:pass signature:pass", ""},

		{`{"alg":"HS256","kid":"a"}`, keyList(jwktest.InSet(k, "a")), nil, "header:pass alg:pass key:pass signature:pass", ""},
		{`{"alg":"HS256","kid":"a"}`, keyList(jwktest.InSet(other, "a"), jwktest.InSet(k, "a")), nil, "header:pass alg:pass key:pass signature:pass", ""},
		{`{"alg":"HS256","kid":"a"}`, keyList(jwktest.InSet(other, "a"), jwktest.InSet(k, "b")), nil, "header:pass alg:pass key:pass signature:fail:signature_invalid", ""},
		{`{"alg":"HS256","kid":"A"}`, keyList(jwktest.InSet(k, "a")), nil, "header:pass alg:pass key:fail:key_not_found", `no key has kid "A"; the set has "a"`},
		{`{"alg":"HS256","kid":""}`, keyList(jwktest.InSet(k, "a")), nil, "header:pass alg:pass key:fail:key_not_found", ""},
		{`{"alg":"HS256","kid":""}`, keyList(jwktest.InSet(k, "")), nil, "header:pass alg:pass key:pass signature:pass", ""},
		{`{"alg":"HS256","kid":"a"}`, keyList(with(k, func(k *jwk.Key) { k.InSet = true })), nil, "header:pass alg:pass key:fail:key_not_found", "have none"},
		{`{"alg":"HS256","kid":""}`, keyList(with(k, func(k *jwk.Key) { k.InSet = true })), nil, "header:pass alg:pass key:fail:key_not_found", ""},
		{`{"alg":"HS256"}`, keyList(jwktest.InSet(other, "a"), jwktest.InSet(k, "b")), nil, "header:pass alg:pass key:pass signature:pass", ""},
		{`{"alg":"HS256","kid":"a"}`, keyList(k), nil, "header:pass alg:pass key:pass signature:pass", ""},

		{`{"alg":"HS256","jku":"http://169.254.169.254/","jwk":{"kty":"oct"}}`, keyList(k), nil, "header:pass embedded_key:warn:embedded_key alg:pass key:pass signature:pass", ""},
		{`{"alg":"HS256","x5c":["AAAA"]}`, keyList(other), nil, "header:pass embedded_key:warn:embedded_key alg:pass key:pass signature:fail:signature_invalid", ""},
	}
	for _, tt := range tests {
		token := sign(t, tt.header, claims, k, "HS256")
		v, checks, err := token.Verify(tt.keys, tt.algs)
		if got := statuses(checks); got != tt.want {
			t.Errorf("%s: checks\n  %s, want\n  %s (%v)", tt.header, got, tt.want, err)
		}
		failed := slices.IndexFunc(checks, func(c verdict.Check) bool { return c.Status == verdict.Fail })
		if (err != nil) != (failed == len(checks)-1) {
			t.Errorf("%s: error %v, failed check %d", tt.header, err, failed)
		}
		if err != nil && v.Payload() != nil {
			t.Errorf("%s: refused, and its payload is returned", tt.header)
		}
		if last := checks[len(checks)-1]; failed >= 0 && !strings.Contains(checks[failed].Detail, tt.detail) ||
			failed < 0 && !strings.Contains(last.Detail, tt.detail) {
			t.Errorf("%s: detail of %+v, want %q", tt.header, checks, tt.detail)
		}
	}
}

func TestVerifyExpected(t *testing.T) {
	token := sign(t, `{"alg":"RS256","kid":"a"}`, claims, jwktest.KeyFor("RS256"), "RS256")
	own := jwktest.Public(jwktest.KeyFor("RS256"))
	own.HasID, own.ID = true, "b"
	_, checks, err := token.Verify(keyList(own), nil)
	if err != nil {
		t.Fatal(err)
	}
	rsaAlgs := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	want := []verdict.Check{
		{Name: "header", Status: verdict.Pass, Detail: "a JSON object without duplicate names"},
		{Name: "alg", Status: verdict.Pass, Expected: rsaAlgs, Actual: "RS256"},
		{Name: "key", Status: verdict.Pass, Expected: "a", Actual: "b", Detail: `the token names kid "a", the key given has "b": tried anyway`},
		{Name: "signature", Status: verdict.Pass, Detail: "RS256"},
	}
	if d := cmp.Diff(want, checks); d != "" {
		t.Error(d)
	}

	_, checks, _ = token.Verify(keyList(jwktest.Public(jwktest.KeyFor("ES256")), jwktest.Public(jwktest.KeyFor("ES512"))), nil)
	got := checks[len(checks)-1]
	if d := cmp.Diff([]any{"key", []string{"ES256", "ES512"}, "RS256"}, []any{got.Name, got.Expected, got.Actual}); d != "" {
		t.Error(d)
	}
}

func TestWeakSecret(t *testing.T) {
	tests := []struct {
		alg  string
		size int
		weak bool
	}{{"HS256", 31, true}, {"HS256", 32, false}, {"HS384", 47, true}, {"HS384", 48, false}, {"HS512", 63, true}, {"HS512", 64, false}}
	for _, tt := range tests {
		k := jwktest.Secret(t, strings.Repeat("k", tt.size))
		_, checks, err := sign(t, `{"alg":"`+tt.alg+`"}`, claims, k, tt.alg).Verify(keyList(k), nil)
		if err != nil {
			t.Fatal(err)
		}
		last := checks[len(checks)-1]
		if (last.Class == verdict.WeakKey) != tt.weak {
			t.Errorf("%s with %d bytes: %+v", tt.alg, tt.size, last)
		}
	}
}

// Long or strange names in the header must not make a message long.
func TestMessagesStayShort(t *testing.T) {
	long := strings.Repeat("é", 10_000)
	k := jwktest.InSet(jwktest.Secret(t, correct), "a")
	for _, header := range []string{
		`{"alg":"` + long + `"}`,
		`{"alg":"HS256","kid":"` + long + `"}`,
		`{"alg":"HS256","crit":["` + long + `"]}`,
		`{"alg":"HS256","crit":["` + long + `","` + long + `"]}`,
		`{"alg":"HS256","b64":"` + long + `"}`,
		`{"alg":"HS256","` + long + `":1,"` + long + `":2}`,
	} {
		_, _, err := parse(t, encode(header)+"."+encode(claims)+".AAAA").Verify(keyList(k), nil)
		if err == nil || len(err.Error()) > 400 {
			t.Errorf("%.40s…: a message of %d bytes", header, len(err.Error()))
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, a := range jwa.All() {
		b.Run(a.Name, func(b *testing.B) {
			k := jwktest.KeyFor(a.Name)
			token := sign(b, `{"alg":"`+a.Name+`","typ":"JWT"}`, claims, k, a.Name)
			keys := keyList(jwktest.Public(k))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := token.Verify(keys, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
