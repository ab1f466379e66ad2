package oauth

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogin(t *testing.T) {
	for _, c := range []struct {
		body string
		want Login
	}{
		{`{"username":"alice","password":"secret"}`, Login{"alice", "secret"}},
		{`{"email":"alice@example.com","password":"secret","remember":true}`, Login{"alice@example.com", "secret"}},
		{`{"username":"alice","email":"alice","password":"secret"}`, Login{"alice", "secret"}},
		{`{"username":null,"email":"alice","password":"secret"}`, Login{"alice", "secret"}},
		{`{"username":"älice \"a\"","password":"\u0000 <secret>"}`, Login{"älice \"a\"", "\x00 <secret>"}},
	} {
		got, err := ParseLogin([]byte(c.body))
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", c.body, got, err)
		}
	}
	for _, body := range []string{
		``, `[]`, `{}`, `{"username":"alice"}`, `{"password":"secret"}`, `{"username":"alice","password":7}`, `{"username":["alice"],"password":"secret"}`,
		`{"username":"alice","email":"bob","password":"secret"}`, `{"username":"alice","password":"secret","password":"other"}`, `{"USERNAME":"alice","password":"secret"}`,
	} {
		got, err := ParseLogin([]byte(body))
		var invalid *Invalid
		if !errors.As(err, &invalid) || got != (Login{}) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

func TestRefresh(t *testing.T) {
	if got, err := ParseRefresh([]byte(`{"refreshToken":"token"}`)); err != nil || got.RefreshToken != "token" {
		t.Errorf("a token: %+v, %v", got, err)
	}
	if got, err := ParseRefresh([]byte(`{}`)); err != nil || got.RefreshToken != "" {
		t.Errorf("nothing: %+v, %v", got, err)
	}
	for _, body := range []string{``, `{"refreshToken":1}`, `{"refreshToken":"a","refreshToken":"b"}`} {
		if got, err := ParseRefresh([]byte(body)); err == nil {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestTokens(t *testing.T) {
	all := Tokens{AccessToken: "a", RefreshToken: "r", TokenType: "Bearer", ExpiresIn: 300, RefreshExpiresIn: 3600}
	some := Tokens{AccessToken: "a", TokenType: "Bearer"}
	for _, c := range []struct {
		tokens       Tokens
		plain, snake string
	}{
		{
			all, `{"accessToken":"a","refreshToken":"r","tokenType":"Bearer","expiresIn":300,"refreshExpiresIn":3600}`,
			`{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":300,"refresh_expires_in":3600}`,
		},
		{some, `{"accessToken":"a","tokenType":"Bearer","expiresIn":0}`, `{"access_token":"a","token_type":"Bearer","expires_in":0}`},
	} {
		if got := string(c.tokens.JSON()); got != c.plain {
			t.Errorf("plain: %s", got)
		}
		if got := string(c.tokens.OAuthJSON()); got != c.snake {
			t.Errorf("OAuth: %s", got)
		}
	}
}

func TestError(t *testing.T) {
	want := &Error{Status: 401, Code: InvalidGrant, Description: "it is \"over\""}
	if diff := cmp.Diff(want, ParseError(401, want.JSON())); diff != "" {
		t.Error(diff)
	}
	if got := string((&Error{Code: InvalidToken}).JSON()); got != `{"error":"invalid_token"}` {
		t.Error(got)
	}
	for _, c := range []struct {
		body, want string
	}{
		{`{"error":"invalid_grant","error_description":"it is over"}`, "invalid_grant: it is over"},
		{`{"error":"invalid_grant"}`, "invalid_grant"},
		{`{"error":{"code":7}}`, "status 500"},
		{`<html>`, "status 500"},
		{``, "status 500"},
	} {
		if got := ParseError(500, []byte(c.body)).Error(); got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	m := Metadata{
		Issuer: "https://a.example", TokenEndpoint: "https://a.example/token", JWKSURI: "https://a.example/jwks",
		GrantTypesSupported: []string{"refresh_token", "password"}, TokenEndpointAuthMethodsSupported: []string{"none"},
	}
	want := `{"issuer":"https://a.example","token_endpoint":"https://a.example/token","jwks_uri":"https://a.example/jwks",` +
		`"grant_types_supported":["refresh_token","password"],"token_endpoint_auth_methods_supported":["none"]}`
	if got := string(m.JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(Metadata{Issuer: "https://a.example"}.JSON()); got != `{"issuer":"https://a.example"}` {
		t.Errorf("empty fields are not omitted: %s", got)
	}
}

func TestParseMetadata(t *testing.T) {
	m := Metadata{
		Issuer: "https://a.example/", AuthorizationEndpoint: "https://a.example/auth?x=1&y=%2f", DeviceEndpoint: "https://a.example/device/",
		RequirePAR: true, ScopesSupported: []string{"openid"}, DPoPAlgsSupported: []string{"ES256"},
	}
	if read, err := ParseMetadata(m.JSON()); err != nil || !cmp.Equal(read, m) {
		t.Errorf("%v: got %+v, want %+v", err, read, m)
	}
	if strings.Contains(string(m.JSON()), `\u0026`) {
		t.Errorf("a URL is escaped: %s", m.JSON())
	}
	aliased, err := ParseMetadata([]byte(`{"issuer":"x","token_endpoint":"a","revocation_endpoint":"b","mtls_endpoint_aliases":{"token_endpoint":"c","issuer":1,"other":"d"}}`))
	if err != nil || aliased.TokenEndpoint != "a" || aliased.ForTLS().TokenEndpoint != "c" || aliased.ForTLS().RevocationEndpoint != "b" || aliased.ForTLS().Issuer != "x" {
		t.Errorf("%v: aliases: %+v", err, aliased)
	}
	for name, body := range map[string]string{
		"a text that is a number": `{"issuer":1}`,
		"a list that is a text":   `{"issuer":"x","grant_types_supported":"password"}`,
		"a list of numbers":       `{"issuer":"x","scopes_supported":[1]}`,
		"twice":                   `{"issuer":"x","issuer":"y"}`,
		"a page":                  `<html>`,
	} {
		if m, err := ParseMetadata([]byte(body)); err == nil {
			t.Errorf("%s is accepted: %+v", name, m)
		}
	}
	if m, err := ParseMetadata([]byte(`{"issuer":"x","scopes_supported":null,"mtls_endpoint_aliases":{}}`)); err != nil || m.Issuer != "x" {
		t.Errorf("unknown members and null: %+v, %v", m, err)
	}
}
