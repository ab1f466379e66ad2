package authserver

import (
	"strings"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
)

// forge returns an access token of alice's session with other claims, header parameters
// or another key.
func forge(t *testing.T, s *site, genuine string, key jwk.Key, alg string, edit func(header, claims *jsonobject.Object)) string {
	t.Helper()
	token, err := jws.Parse(genuine)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := jsonobject.Parse(token.Payload)
	if err != nil {
		t.Fatal(err)
	}
	header := token.Header
	header.Set("alg", jsonobject.Quote(alg))
	edit(&header, &claims)
	if alg == jwa.None {
		forged, err := jws.Unsecured(header, claims.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return forged.Text()
	}
	a, _ := jwa.Lookup(alg)
	forged, err := jws.Sign(header, claims.Bytes(), key, a, false)
	if err != nil {
		t.Fatal(err)
	}
	return forged.Text()
}

func nothing(*jsonobject.Object, *jsonobject.Object) {}

// tampered changes the payload and keeps the signature.
func tampered(t *testing.T, genuine string) string {
	t.Helper()
	token, err := jws.Parse(genuine)
	if err != nil {
		t.Fatal(err)
	}
	parts := token.Segments()
	parts[1] = base64url.Encode([]byte(strings.Replace(string(token.Payload), `"sub":"alice"`, `"sub":"admin"`, 1)))
	return strings.Join(parts[:], ".")
}

func TestAccessTokenRefused(t *testing.T) {
	s := serve(t, nil)
	tokens := s.login()
	ours := storedKeys(t, s.server.Store)[0]
	foreign, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := jwk.Secret([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, v jsonobject.Value) func(_, claims *jsonobject.Object) {
		return func(_, claims *jsonobject.Object) { claims.Set(name, v) }
	}
	quote := jsonobject.Quote
	for _, c := range []struct{ name, token, says string }{
		{"none", forge(t, s, tokens.AccessToken, jwk.Key{}, "none", nothing), "none"},
		{"another key", forge(t, s, tokens.AccessToken, foreign, "ES256", nothing), "signature"},
		{"another key, without kid", forge(t, s, tokens.AccessToken, foreign, "ES256", func(h, _ *jsonobject.Object) { h.Delete("kid") }), "signature"},
		{"a secret", forge(t, s, tokens.AccessToken, secret, "HS256", nothing), "HS256"},
		{"tampered", tampered(t, tokens.AccessToken), "signature"},
		{"a refresh token", tokens.RefreshToken, "3 parts"},
		{"JWT, not at+jwt", forge(t, s, tokens.AccessToken, ours, "ES256", func(h, _ *jsonobject.Object) { h.Set("typ", quote("JWT")) }), "typ"},
		{"without typ", forge(t, s, tokens.AccessToken, ours, "ES256", func(h, _ *jsonobject.Object) { h.Delete("typ") }), "typ"},
		{"another issuer", forge(t, s, tokens.AccessToken, ours, "ES256", claim("iss", quote("http://127.0.0.1:1"))), "iss"},
		{"another audience", forge(t, s, tokens.AccessToken, ours, "ES256", claim("aud", quote("api"))), "aud"},
		{"the cart's audience", forge(t, s, tokens.AccessToken, ours, "ES256", claim("aud", quote(s.url+"/cart"))), "aud"},
		{"without exp", forge(t, s, tokens.AccessToken, ours, "ES256", func(_, c *jsonobject.Object) { c.Delete("exp") }), "exp"},
		{"expired", forge(t, s, tokens.AccessToken, ours, "ES256", claim("exp", jsonobject.Int(epoch.Unix()))), "exp"},
		{"not yet valid", forge(t, s, tokens.AccessToken, ours, "ES256", claim("nbf", jsonobject.Int(epoch.Unix()+60))), "nbf"},
		{"no session", forge(t, s, tokens.AccessToken, ours, "ES256", func(_, c *jsonobject.Object) { c.Delete("sid") }), "sid"},
		{"another session", forge(t, s, tokens.AccessToken, ours, "ES256", claim("sid", quote("nope"))), "sid"},
		{"a wordy header", forge(t, s, tokens.AccessToken, ours, "ES256", func(h, _ *jsonobject.Object) {
			h.Set("crit", jsonobject.Value(`["`+strings.Repeat("long\\\"\\n", 300)+`"]`))
		}), "crit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.me(c.token)
			a.is(t, c.name, 401, "invalid_token")
			challenge := a.header.Get("WWW-Authenticate")
			if !contains(a.body, c.says) || !strings.HasPrefix(challenge, `Bearer realm="`+s.url+`", error="invalid_token", error_description="`) || len(challenge) > 350 {
				t.Errorf("%s\n%s\nwant %q", a.body, challenge, c.says)
			}
		})
	}
	if a := s.me(forge(t, s, tokens.AccessToken, ours, "ES256", nothing)); a.status != 200 {
		t.Errorf("the forge is broken: %d %s", a.status, a.body)
	}
}

func TestAccessTokenExpires(t *testing.T) {
	s := serve(t, func(o *Options) { o.AccessTTL = 5 * time.Second })
	tokens := s.login()
	if tokens.ExpiresIn != 5 {
		t.Errorf("expiresIn is %d", tokens.ExpiresIn)
	}
	s.clock.Advance(5*time.Second - time.Millisecond)
	if a := s.me(tokens.AccessToken); a.status != 200 {
		t.Errorf("a moment before: %d %s", a.status, a.body)
	}
	s.clock.Advance(time.Millisecond)
	s.me(tokens.AccessToken).is(t, "at its end", 401, "invalid_token")
}

// TestAccessTokenOutlivesRefreshToken checks that a session lasts as long as its access
// tokens.
func TestAccessTokenOutlivesRefreshToken(t *testing.T) {
	s := serve(t, func(o *Options) { o.AccessTTL, o.RefreshTTL = 3*time.Hour, time.Second })
	tokens := s.login()
	s.clock.Advance(3*time.Hour - time.Second)
	if err := s.server.Store.Purge(t.Context(), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if a := s.me(tokens.AccessToken); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestMissingBearer(t *testing.T) {
	s := serve(t, nil)
	access := s.login().AccessToken
	a := s.ask("GET", "/me", "")
	a.is(t, "nothing", 401, "invalid_token")
	same(t, "challenge", a.header.Get("WWW-Authenticate"), `Bearer realm="`+s.url+`"`)
	for _, header := range [][]string{
		{"Authorization: Basic YWxpY2U6eA=="},
		{"Authorization: Bearer"},
		{"Authorization: " + access},
		{"Authorization: Bearer " + access, "Authorization: Bearer " + access},
	} {
		s.ask("GET", "/me", "", header...).is(t, strings.Join(header, ", "), 400, "invalid_request")
	}
	s.ask("GET", "/me?access_token="+access, "").is(t, "in the query", 401, "invalid_token") // RFC 9700 §4.3.2
	if a := s.ask("GET", "/me", "", "Authorization: bEARER "+access); a.status != 200 {
		t.Errorf("the scheme in another case: %d %s", a.status, a.body)
	}
}

func TestAudience(t *testing.T) {
	s := serve(t, func(o *Options) { o.Audience = "api" })
	access := s.login().AccessToken
	token, err := jws.Parse(access)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "aud", text(t, token, "aud"), "api")
	if a := s.me(access); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
