package authserver

import (
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk/jwktest"
)

// TestIntrospectionByToken asks about tokens with an access token instead of a client's
// credential: it may ask about its own session and client.
func TestIntrospectionByToken(t *testing.T) {
	s := serve(t, testClients(t))
	mine, other := s.redeem(s.code("scope", "openid profile")).tokens(t), s.redeem(s.code()).tokens(t)
	plain := s.login()
	exchanged := s.exchange(mine.AccessToken, nil).tokens(t).AccessToken
	key := jwktest.KeyFor("ES256")
	bound := s.bound(key)
	bearer := "Authorization: Bearer " + mine.AccessToken
	proved := func(key string) string {
		return s.proof(jwktest.KeyFor(key), "POST", "/introspect", bound.AccessToken, "")
	}
	for name, c := range map[string]struct {
		token  string
		lines  []string
		status int
		says   string // "active", or an error code
	}{
		"its own access token":       {mine.AccessToken, []string{bearer}, 200, "true"},
		"its own refresh token":      {mine.RefreshToken, []string{bearer}, 200, "true"},
		"one that was exchanged":     {exchanged, []string{bearer}, 200, "true"},
		"of another session":         {other.AccessToken, []string{bearer}, 200, "false"},
		"the other's refresh token":  {other.RefreshToken, []string{bearer}, 200, "false"},
		"of a plain login":           {plain.RefreshToken, []string{bearer}, 200, "false"},
		"invented":                   {"x", []string{bearer}, 200, "false"},
		"none":                       {"", []string{bearer}, 400, "invalid_request"},
		"by a forged token":          {mine.AccessToken, []string{bearer + "x"}, 401, "invalid_token"},
		"by a refresh token":         {mine.AccessToken, []string{"Authorization: Bearer " + mine.RefreshToken}, 401, "invalid_token"},
		"by nothing":                 {mine.AccessToken, nil, 401, "invalid_client"},
		"twice":                      {mine.AccessToken, []string{bearer, bearer}, 400, "invalid_request"},
		"bound, with a proof":        {bound.RefreshToken, []string{"Authorization: DPoP " + bound.AccessToken, proved("ES256")}, 200, "true"},
		"bound, the proof of others": {bound.AccessToken, []string{"Authorization: DPoP " + bound.AccessToken, proved("EdDSA")}, 401, "invalid_dpop_proof"},
		"bound, without a proof":     {bound.AccessToken, []string{"Authorization: Bearer " + bound.AccessToken}, 401, "invalid_token"},
	} {
		a := s.form("/introspect", []string{"client_id", clients.Native, "token", c.token}, c.lines...)
		if c.status != 200 {
			a.is(t, name, c.status, c.says)
			continue
		}
		same(t, name, []any{a.status, claim(a.object(t), "active")}, []any{200, c.says})
		if c.says == "false" {
			same(t, name+" says nothing more", a.body, `{"active":false}`+"\n")
		}
	}
	s.clock.Advance(10 * time.Minute) // it has expired
	s.form("/introspect", []string{"token", mine.RefreshToken}, bearer).is(t, "by an expired token", 401, "invalid_token")
	s.clock.Advance(-10 * time.Minute)
	s.form("/revoke", []string{"client_id", clients.Native, "token", mine.RefreshToken})
	s.form("/introspect", []string{"token", mine.AccessToken}, bearer).is(t, "after a revocation", 401, "invalid_token")
}

// object reads a JSON answer.
func (a answer) object(t *testing.T) jsonobject.Object {
	t.Helper()
	o, err := jsonobject.Parse([]byte(a.body))
	if err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return o
}
