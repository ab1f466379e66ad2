package authserver

import (
	"testing"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
	"jwt/internal/oauth"
)

// assert returns a client assertion with these claims.
func assert(t *testing.T, key jwk.Key, alg, claims string) string {
	t.Helper()
	a, _ := jwa.Lookup(alg)
	var header jsonobject.Object
	header.Set("alg", jsonobject.Quote(alg))
	if alg == jwa.None {
		token, err := jws.Unsecured(header, []byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		return token.Text()
	}
	token, err := jws.Sign(header, []byte(claims), key, a, false)
	if err != nil {
		t.Fatal(err)
	}
	return token.Text()
}

// TestAssertion authenticates a client with its private key (RFC 7523 §3, OpenID Connect Core
// §9).
func TestAssertion(t *testing.T) {
	s := serve(t, testClients(t))
	key := jwktest.KeyFor("ES256")
	id := 0
	// claims returns the claims of an assertion, the changed ones as JSON; "" leaves one out.
	claims := func(changes ...string) string {
		id++
		var o jsonobject.Object
		for _, c := range [][2]string{{"iss", `"keyed"`}, {"sub", `"keyed"`}, {"aud", `"` + s.url + `"`}, {"jti", string(jsonobject.Int(int64(id)))}} {
			o.Set(c[0], jsonobject.Value(c[1]))
		}
		o.Set("jti", jsonobject.Quote(string(jsonobject.Int(int64(id)))))
		o.Set("iat", jsonobject.Int(s.clock.Now().Unix()))
		o.Set("exp", jsonobject.Int(s.clock.Now().Add(time.Minute).Unix()))
		for i := 0; i < len(changes); i += 2 {
			if o.Delete(changes[i]); changes[i+1] != "" {
				o.Set(changes[i], jsonobject.Value(changes[i+1]))
			}
		}
		return string(o.Bytes())
	}
	at := func(d time.Duration) string { return string(jsonobject.Int(s.clock.Now().Add(d).Unix())) }
	send := func(assertion string, pairs ...string) answer {
		return s.form("/token", append([]string{"grant_type", "client_credentials", "client_assertion_type", oauth.AssertionType, "client_assertion", assertion}, pairs...))
	}
	for name, changes := range map[string][]string{
		"the issuer":           {},
		"the token endpoint":   {"aud", `"` + s.url + `/token"`},
		"an array of one":      {"aud", `["` + s.url + `"]`},
		"both":                 {"aud", `["` + s.url + `","` + s.url + `/token"]`},
		"no iat":               {"iat", ""},
		"just expired":         {"exp", at(-59 * time.Second)},
		"a clock that is fast": {"nbf", at(59 * time.Second)},
	} {
		a := send(assert(t, key, "ES256", claims(changes...)))
		if tokens := a.tokens(t); tokens.RefreshToken != "" || a.text("scope") != "read write" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for name, changes := range map[string][]string{
		"another audience":    {"aud", `"https://other.example"`},
		"another one, too":    {"aud", `["` + s.url + `","https://other.example"]`},
		"the issuer, a slash": {"aud", `"` + s.url + `/"`},
		"another endpoint":    {"aud", `"` + s.url + `/revoke"`},
		"no audience":         {"aud", ""},
		"another issuer":      {"iss", `"web"`},
		"another subject":     {"sub", `"web"`},
		"an unknown client":   {"sub", `"unknown"`, "iss", `"unknown"`},
		"no subject":          {"sub", ""},
		"no jti":              {"jti", ""},
		"a number as jti":     {"jti", "1"},
		"no exp":              {"exp", ""},
		"expired":             {"exp", at(-time.Minute)},
		"for years":           {"exp", at(24 * time.Hour)},
		"not yet":             {"nbf", at(2 * time.Minute)},
	} {
		send(assert(t, key, "ES256", claims(changes...))).is(t, name, 401, "invalid_client")
	}
	used := assert(t, key, "ES256", claims())
	send(used, "client_id", "keyed").tokens(t)
	send(used).is(t, "used before", 401, "invalid_client")
	s.clock.Advance(time.Minute + time.Second)
	send(used).is(t, "used before, within the leeway", 401, "invalid_client")

	other := jwktest.KeyFor("EdDSA")
	send(assert(t, other, "EdDSA", claims())).is(t, "another key", 401, "invalid_client")
	send(assert(t, key, "none", claims())).is(t, "unsigned", 401, "invalid_client")
	secret := jwktest.Secret(t, "s3cret+/ %s3cret+/ %s3cret+/ %s3cret+/ %")
	send(assert(t, secret, "HS256", claims())).is(t, "HMAC", 401, "invalid_client")
	send("x.y.z").is(t, "garbage", 401, "invalid_client")
	send("-").is(t, "none", 401, "invalid_client")
	send(assert(t, key, "ES256", claims()), "client_assertion_type", "jwt").is(t, "another type", 401, "invalid_client")
	send(assert(t, key, "ES256", claims()), "client_id", "web").is(t, "another client_id", 401, "invalid_client")
	send(assert(t, key, "ES256", claims()), "client_secret", "x").is(t, "a secret, too", 400, "invalid_request")
	send("-", "client_assertion_type", "-", "client_id", "keyed").is(t, "client_id alone", 401, "invalid_client")
	send(assert(t, key, "ES256", claims("iss", `"web"`, "sub", `"web"`))).is(t, "a client without keys", 401, "invalid_client")
	a := s.form("/introspect", []string{"client_assertion_type", oauth.AssertionType, "client_assertion", assert(t, key, "ES256", claims("aud", `"`+s.url+`/introspect"`)), "token", "x"})
	same(t, "at another endpoint", a.body, `{"active":false}`+"\n")
}

// TestClientSecret authenticates with a secret, in a header and in the form.
func TestClientSecret(t *testing.T) {
	s := serve(t, testClients(t))
	const secret = "s3cret+/ %"
	grant := []string{"grant_type", "client_credentials"}
	s.form("/token", grant, basic("web", secret)).tokens(t)
	s.form("/token", append(grant, "client_id", "web", "client_secret", secret)).tokens(t)
	a := s.form("/token", grant, basic("web", "wrong"))
	a.is(t, "a wrong secret", 401, "invalid_client")
	if !contains(a.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("no challenge: %v", a.header)
	}
	if a := s.form("/token", append(grant, "client_id", "web", "client_secret", "x")); a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("a challenge of a scheme that the client did not use: %v", a.header)
	}
	for name, c := range map[string]struct {
		pairs, lines []string
		status       int
		code         string
	}{
		"in the form, wrong":   {[]string{"client_id", "web", "client_secret", "x"}, nil, 401, "invalid_client"},
		"in the form, empty":   {[]string{"client_id", "web", "client_secret", ""}, nil, 401, "invalid_client"},
		"no secret":            {[]string{"client_id", "web"}, nil, 401, "invalid_client"},
		"no client":            {nil, nil, 401, "invalid_client"},
		"an unknown client":    {nil, []string{basic("unknown", secret)}, 401, "invalid_client"},
		"not encoded":          {nil, []string{"Authorization: Basic d2ViOnMzY3JldCsvICU="}, 401, "invalid_client"},
		"not Base64":           {nil, []string{"Authorization: Basic ***"}, 401, "invalid_client"},
		"a bearer token":       {nil, []string{"Authorization: Bearer x"}, 401, "invalid_client"},
		"twice":                {nil, []string{basic("web", secret), basic("web", secret)}, 401, "invalid_client"},
		"in both places":       {[]string{"client_id", "web", "client_secret", secret}, []string{basic("web", secret)}, 400, "invalid_request"},
		"another client_id":    {[]string{"client_id", "app"}, []string{basic("web", secret)}, 401, "invalid_client"},
		"a public client, one": {nil, []string{basic("app", "")}, 401, "invalid_client"},
	} {
		a := s.form("/token", append(grant, c.pairs...), c.lines...)
		a.is(t, name, c.status, c.code)
		if contains(a.body, "access_token") {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	s.form("/token", append(grant, "client_id", "app")).is(t, "a public client", 400, "unauthorized_client")
	if log := s.log.String(); contains(log, secret) {
		t.Errorf("the log has the secret:\n%s", log)
	}
}
