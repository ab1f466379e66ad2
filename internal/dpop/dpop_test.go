package dpop_test

import (
	"strings"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

var (
	now     = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	request = dpop.Request{Method: "POST", URL: "https://server.example/token"}
)

func alg(t *testing.T, name string) jwa.Algorithm {
	t.Helper()
	a, ok := jwa.Lookup(name)
	if !ok {
		t.Fatalf("no algorithm %s", name)
	}
	return a
}

func prove(t *testing.T, r dpop.Request, key jwk.Key, name string) string {
	t.Helper()
	proof, err := dpop.Prove(r, key, alg(t, name), now)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

// bound returns an access token that is bound to a key. Its signature is not checked here.
func bound(key jwk.Key) string {
	return "eyJhbGciOiJFUzI1NiJ9." + base64url.Encode([]byte(`{"cnf":{"jkt":"`+key.Thumbprint()+`"}}`)) + ".c2ln"
}

func TestProve(t *testing.T) {
	for _, name := range dpop.Algs {
		key := jwktest.InSet(jwktest.KeyFor(name), "my phone")
		r := request
		r.URL += "?code=secret#top"
		r.Nonce, r.AccessToken = "n-1", bound(key)
		text := prove(t, r, key, name)
		token, err := jws.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(token.Payload), "secret") {
			t.Errorf("%s: the proof has the query: %s", name, token.Payload)
		}
		if h := string(token.Header.Bytes()); strings.Contains(h, "phone") || strings.Contains(h, `"d"`) {
			t.Errorf("%s: the header tells too much: %s", name, h)
		}
		p, err := dpop.Check(text, r, now)
		if err != nil || p.Thumbprint != key.Thumbprint() || p.Nonce != "n-1" || p.ID == "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if other, err := dpop.Check(prove(t, r, key, name), r, now); err != nil || other.ID == p.ID {
			t.Errorf("%s: the same ID twice: %v", name, err)
		}
	}
	for name, key := range map[string]jwk.Key{"HS256": jwktest.KeyFor("HS256"), "ES256": jwktest.Public(jwktest.KeyFor("ES256"))} {
		if text, err := dpop.Prove(request, key, alg(t, name), now); verdict.ClassOf(err) != verdict.KeyRefused || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// TestCheckComparesRequest checks a proof of one request against others.
func TestCheckComparesRequest(t *testing.T) {
	key, other := jwktest.KeyFor("ES256"), jwktest.KeyFor("EdDSA")
	with := func(edit func(*dpop.Request)) dpop.Request {
		r := request
		edit(&r)
		return r
	}
	token := with(func(r *dpop.Request) { r.AccessToken = bound(key) })
	for _, c := range []struct {
		name          string
		proved, asked dpop.Request
		after         time.Duration
		class         verdict.Class // "": accepted
		want          string
	}{
		{name: "the same", proved: request, asked: request},
		{name: "a query", proved: request, asked: with(func(r *dpop.Request) { r.URL += "?a=b" })},
		{name: "a spelling of the URL", proved: with(func(r *dpop.Request) { r.URL = "https://SERVER.example:443/a/../token" }), asked: request},
		{name: "an alias", proved: with(func(r *dpop.Request) { r.URL = "http://localhost:5173/token" }), asked: with(func(r *dpop.Request) { r.Aliases = []string{"http://localhost:5173/token"} })},
		{name: "another method", proved: request, asked: with(func(r *dpop.Request) { r.Method = "GET" }), class: verdict.ClaimMismatch, want: "htm"},
		{name: "another path", proved: request, asked: with(func(r *dpop.Request) { r.URL += "/" }), class: verdict.ClaimMismatch, want: "htu"},
		{name: "another host", proved: request, asked: with(func(r *dpop.Request) { r.URL = "https://evil.example/token" }), class: verdict.ClaimMismatch, want: "htu"},
		{name: "another scheme", proved: with(func(r *dpop.Request) { r.URL = "http://server.example/token" }), asked: request, class: verdict.ClaimMismatch, want: "htu"},
		{name: "late", proved: request, asked: request, after: dpop.Window},
		{name: "too late", proved: request, asked: request, after: dpop.Window + time.Second, class: verdict.TooOld, want: "iat"},
		{name: "too early", proved: request, asked: request, after: -dpop.Window - time.Second, class: verdict.NotYetValid, want: "iat"},
		{name: "an access token", proved: token, asked: token},
		{name: "no ath", proved: request, asked: token, class: verdict.MissingClaim, want: "ath"},
		{name: "another access token", proved: with(func(r *dpop.Request) { r.AccessToken = bound(key) + "x" }), asked: token, class: verdict.ClaimMismatch, want: "ath"},
		{name: "a token of another key", proved: with(func(r *dpop.Request) { r.AccessToken = bound(other) }), asked: with(func(r *dpop.Request) { r.AccessToken = bound(other) }), class: verdict.ClaimMismatch, want: "cnf"},
	} {
		p, err := dpop.Check(prove(t, c.proved, key, "ES256"), c.asked, now.Add(c.after))
		if c.class == "" {
			if err != nil || p.Thumbprint != key.Thumbprint() {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if verdict.ClassOf(err) != c.class || !strings.HasPrefix(err.Error(), c.want) || p != (dpop.Proof{}) {
			t.Errorf("%s: %+v, %v, want %s of %s", c.name, p, err, c.class, c.want)
		}
	}
}

// TestCheckRefuses checks proofs that no request makes good.
func TestCheckRefuses(t *testing.T) {
	key := jwktest.KeyFor("ES256")
	public := string(jwktest.Public(key).JWK(false).Bytes())
	const header = `{"typ":"dpop+jwt","alg":"ES256","jwk":JWK}`
	const claims = `{"jti":"1","htm":"POST","htu":"https://server.example/token","iat":1795161600}`
	sign := func(header, claims string) string {
		h, err := jsonobject.Parse([]byte(strings.Replace(header, "JWK", public, 1)))
		if err != nil {
			t.Fatal(err)
		}
		token, err := jws.Sign(h, []byte(claims), key, alg(t, "ES256"), false)
		if err != nil {
			t.Fatal(err)
		}
		return token.Text()
	}
	if _, err := dpop.Check(sign(header, claims), request, now); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"garbage", "x.y.z", ""},
		{"another type", sign(strings.Replace(header, "dpop+jwt", "JWT", 1), claims), "typ: "},
		{"no type", sign(strings.Replace(header, `"typ":"dpop+jwt",`, "", 1), claims), "typ: "},
		{"no key", sign(`{"typ":"dpop+jwt","alg":"ES256"}`, claims), "jwk: "},
		{"a private key", sign(strings.Replace(header, "JWK", string(key.JWK(true).Bytes()), 1), claims), "jwk: "},
		{"no jti", sign(header, strings.Replace(claims, `"jti":"1",`, "", 1)), "jti: "},
		{"an empty jti", sign(header, strings.Replace(claims, `"1"`, `""`, 1)), "jti: "},
		{"a number as jti", sign(header, strings.Replace(claims, `"1"`, `1`, 1)), "jti: "},
		{"no htm", sign(header, strings.Replace(claims, `"htm":"POST",`, "", 1)), "htm: "},
		{"no htu", sign(header, strings.Replace(claims, `"htu":"https://server.example/token",`, "", 1)), "htu: "},
		{"a relative htu", sign(header, strings.Replace(claims, "https://server.example", "", 1)), "htu: "},
		{"no iat", sign(header, strings.Replace(claims, `,"iat":1795161600`, "", 1)), "iat: "},
		{"a text as iat", sign(header, strings.Replace(claims, `1795161600`, `"1795161600"`, 1)), "iat: "},
		{"expired", sign(header, strings.Replace(claims, `}`, `,"exp":1795161600}`, 1)), "exp: "},
		{"a number as nonce", sign(header, strings.Replace(claims, `}`, `,"nonce":1}`, 1)), "nonce: "},
		{"a duplicate", sign(header, strings.Replace(claims, `}`, `,"htm":"GET"}`, 1)), ""},
		{"an unknown extension", sign(strings.Replace(header, `{`, `{"crit":["x"],"x":1,`, 1), claims), "crit: "},
		{"changed", tampered(t, sign(header, claims)), "the signature"},
	} {
		p, err := dpop.Check(c.text, request, now)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || p != (dpop.Proof{}) {
			t.Errorf("%s: %+v, %v, want %s", c.name, p, err, c.want)
		}
	}
	unsigned := strings.Replace(header, "ES256", "none", 1)
	h, err := jsonobject.Parse([]byte(strings.Replace(unsigned, "JWK", public, 1)))
	if err != nil {
		t.Fatal(err)
	}
	none, err := jws.Unsecured(h, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dpop.Check(none.Text(), request, now); verdict.ClassOf(err) != verdict.AlgRefused {
		t.Errorf("alg none: %v", err)
	}
}

// tampered keeps the signature and changes the claims.
func tampered(t *testing.T, text string) string {
	t.Helper()
	token, err := jws.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	parts := token.Segments()
	parts[1] = base64url.Encode([]byte(strings.Replace(string(token.Payload), `"jti":"1"`, `"jti":"2"`, 1)))
	return strings.Join(parts[:], ".")
}
