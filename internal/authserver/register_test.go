package authserver

import (
	"strings"
	"testing"

	"jwt/internal/jwk/jwktest"
)

func TestRegister(t *testing.T) {
	s := serve(t, func(o *Options) { o.Registration = true })
	a := s.ask("POST", "/register", `{"client_name":"Shop","redirect_uris":["https://web.example/callback"],"client_id":"admin","client_secret":"mine","contacts":["a@b.example"],"grant_types":["authorization_code","client_credentials"]}`)
	id, secret := a.text("client_id"), a.text("client_secret")
	if a.status != 201 || id == "" || id == "admin" || len(secret) < 43 || a.text("token_endpoint_auth_method") != "client_secret_basic" || !contains(a.body, `"client_secret_expires_at":0`) || !contains(a.body, `"contacts"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.form("/token", []string{"grant_type", "client_credentials"}, basic(id, secret)).tokens(t)
	s.form("/token", []string{"grant_type", "client_credentials", "client_id", id, "client_secret", secret}).tokens(t)
	s.form("/token", []string{"grant_type", "client_credentials"}, basic(id, "mine")).is(t, "a secret that it chose", 401, "invalid_client")
	if a := s.ask("GET", authorizeQuery("client_id", id, "redirect_uri", "https://web.example/callback"), ""); !contains(a.body, "Shop") {
		t.Errorf("its login page: %s", a.body)
	}
	if contains(s.log.String(), secret) {
		t.Error("the log has the secret")
	}
	keys := `{"keys":[` + string(jwktest.Public(jwktest.KeyFor("ES256")).JWK(false).Bytes()) + `]}`
	for name, c := range map[string]struct{ body, method string }{
		"public":      {`{"token_endpoint_auth_method":"none","redirect_uris":["http://localhost/cb"]}`, "none"},
		"with keys":   {`{"jwks":` + keys + `,"redirect_uris":["com.example.app:/cb"]}`, "private_key_jwt"},
		"in the form": {`{"token_endpoint_auth_method":"client_secret_post","grant_types":["client_credentials"]}`, "client_secret_post"},
	} {
		a := s.ask("POST", "/register", c.body)
		if a.status != 201 || a.text("token_endpoint_auth_method") != c.method || (a.text("client_secret") != "") != strings.HasPrefix(c.method, "client_secret") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// TestRegisterRefused registers what would not be safe or could not work (RFC 7591 §3.2.2).
func TestRegisterRefused(t *testing.T) {
	s := serve(t, func(o *Options) { o.Registration = true })
	private := `{"keys":[` + string(jwktest.KeyFor("ES256").JWK(true).Bytes()) + `]}`
	uri := func(uri string) string { return `{"redirect_uris":["` + uri + `"]}` }
	const metadata, redirect = "invalid_client_metadata", "invalid_redirect_uri"
	for name, c := range map[string]struct{ body, code string }{
		"nothing":                 {`{}`, redirect},
		"no object":               {`[]`, metadata},
		"no list":                 {`{"redirect_uris":"https://a.example"}`, metadata},
		"a member twice":          {`{"redirect_uris":["https://a.example"],"redirect_uris":["https://b.example"]}`, metadata},
		"a fragment":              {uri("https://a.example/#x"), redirect},
		"an empty fragment":       {uri("https://a.example/#"), redirect},
		"a wildcard":              {uri("https://*.example/"), redirect},
		"http":                    {uri("http://a.example/"), redirect},
		"a script":                {uri("javascript:alert(1)"), redirect},
		"data":                    {uri("data:text/html,x"), redirect},
		"relative":                {uri("/callback"), redirect},
		"a user":                  {uri("https://a@b.example/"), redirect},
		"a scheme without domain": {uri("myapp:/cb"), redirect},
		"a space":                 {uri("https://a.example/a b"), redirect},
		"a policy in the host":    {uri("https://a.example;script-src"), redirect},
		"implicit":                {`{"redirect_uris":["https://a.example"],"response_types":["token"]}`, metadata},
		"an unknown method":       {`{"redirect_uris":["https://a.example"],"token_endpoint_auth_method":"tls_client_auth"}`, metadata},
		"keys by URL":             {`{"redirect_uris":["https://a.example"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://a.example/k"}`, metadata},
		"no keys":                 {`{"redirect_uris":["https://a.example"],"token_endpoint_auth_method":"private_key_jwt"}`, metadata},
		"private keys":            {`{"redirect_uris":["https://a.example"],"token_endpoint_auth_method":"private_key_jwt","jwks":` + private + `}`, metadata},
		"a statement":             {`{"redirect_uris":["https://a.example"],"software_statement":"x.y.z"}`, "unapproved_software_statement"},
		"a public machine":        {`{"token_endpoint_auth_method":"none","grant_types":["client_credentials"]}`, metadata},
	} {
		a := s.ask("POST", "/register", c.body)
		a.is(t, name, 400, c.code)
		if a.text("client_id") != "" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	serve(t, nil).ask("POST", "/register", `{}`).is(t, "switched off", 404, "not_found")
}
