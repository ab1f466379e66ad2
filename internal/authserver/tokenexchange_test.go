package authserver

import (
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/oauth"
)

// exchange sends a token exchange of clients.Native.
func (s *site) exchange(subject string, more []string, lines ...string) answer {
	s.t.Helper()
	return s.form("/token", append([]string{
		"grant_type", oauth.GrantTokenExchange, "client_id", clients.Native, "subject_token", subject, "subject_token_type", oauth.TypeAccessToken,
	}, more...), lines...)
}

func TestTokenExchange(t *testing.T) {
	s := serve(t, testClients(t))
	tokens := s.redeem(s.code("scope", "openid profile read")).tokens(t)
	s.clock.Advance(4 * time.Minute)
	a := s.exchange(tokens.AccessToken, []string{"audience", "https://api.example", "scope", "openid read other", "actor_token", s.login().AccessToken, "actor_token_type", oauth.TypeJWT})
	given := a.tokens(t)
	same(t, "answer", []string{a.text("issued_token_type"), a.text("scope"), given.TokenType, given.RefreshToken, a.text("id_token")}, []string{oauth.TypeAccessToken, "read", "Bearer", "", ""})
	claims := s.claims(given.AccessToken)
	same(t, "claims", []string{claim(claims, "sub"), claim(claims, "aud"), claim(claims, "scope"), claim(claims, "act.sub"), claim(claims, "act.client_id")},
		[]string{`"alice"`, `"https://api.example"`, `"read"`, `"alice"`, `"jwt-session"`})
	same(t, "it expires with the subject token", []any{claim(claims, "exp"), given.ExpiresIn}, []any{claim(s.claims(tokens.AccessToken), "exp"), int64(60)})
	s.me(given.AccessToken).is(t, "for another audience", 401, "invalid_token")
	mine := s.exchange(tokens.AccessToken, nil).tokens(t).AccessToken
	if a := s.me(mine); a.status != 200 {
		t.Errorf("for this audience: %d %s", a.status, a.body)
	}
	s.form("/revoke", []string{"client_id", clients.Native, "token", tokens.RefreshToken})
	s.me(mine).is(t, "after the end of the session", 401, "invalid_token")
}

func TestTokenExchangeRefused(t *testing.T) {
	s := serve(t, testClients(t))
	tokens := s.redeem(s.code()).tokens(t)
	key := jwktest.KeyFor("ES256")
	bound := s.bound(key).AccessToken
	for name, c := range map[string]struct {
		subject string
		more    []string
		code    string
	}{
		"garbage":             {"x", nil, "invalid_request"},
		"no token":            {"-", nil, "invalid_request"},
		"a refresh token":     {tokens.RefreshToken, nil, "invalid_request"},
		"no type":             {tokens.AccessToken, []string{"subject_token_type", "-"}, "invalid_request"},
		"another type":        {tokens.AccessToken, []string{"subject_token_type", "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"},
		"an ID token wanted":  {tokens.AccessToken, []string{"requested_token_type", "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"},
		"more scope":          {tokens.AccessToken, []string{"scope", "admin"}, "invalid_scope"},
		"a relative resource": {tokens.AccessToken, []string{"resource", "api"}, "invalid_target"},
		"a bad actor":         {tokens.AccessToken, []string{"actor_token", "x", "actor_token_type", oauth.TypeJWT}, "invalid_request"},
		"an actor, no type":   {tokens.AccessToken, []string{"actor_token", tokens.AccessToken}, "invalid_request"},
		"a client without it": {tokens.AccessToken, []string{"client_id", "app"}, "unauthorized_client"},
		"bound, no proof":     {bound, nil, "invalid_request"},
	} {
		s.exchange(c.subject, c.more).is(t, name, 400, c.code)
	}
	s.exchange(bound, nil, s.proof(jwktest.KeyFor("EdDSA"), "POST", "/token", "", "")).is(t, "bound, another key", 400, "invalid_request")
	same(t, "bound, with proof", s.exchange(bound, nil, s.proof(key, "POST", "/token", "", "")).tokens(t).TokenType, "DPoP")
	s.clock.Advance(5 * time.Minute)
	s.exchange(tokens.AccessToken, nil).is(t, "expired", 400, "invalid_request")
}
