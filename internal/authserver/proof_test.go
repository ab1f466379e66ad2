package authserver

import (
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/dpop"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/oauth"
)

// bound logs in with a proof of the key.
func (s *site) bound(key jwk.Key) oauth.Tokens {
	s.t.Helper()
	a := s.form("/token", []string{
		"grant_type", oauth.GrantCode, "client_id", clients.Native, "code", s.code(), "redirect_uri", callback, "code_verifier", verifier,
	}, s.proof(key, "POST", "/token", "", ""))
	tokens := a.tokens(s.t)
	same(s.t, "token_type", tokens.TokenType, "DPoP")
	same(s.t, "cnf.jkt", claim(s.claims(tokens.AccessToken), "cnf.jkt"), `"`+key.Thumbprint()+`"`)
	return tokens
}

// TestBoundAccessToken presents an access token that is bound to a key.
func TestBoundAccessToken(t *testing.T) {
	s := serve(t, testClients(t))
	key, other := jwktest.KeyFor("ES256"), jwktest.KeyFor("EdDSA")
	access := s.bound(key).AccessToken
	dpopToken := "Authorization: DPoP " + access
	good := s.proof(key, "GET", "/me", access, "")
	if a := s.ask("GET", "/me", "", dpopToken, good); a.status != 200 || a.header.Get("DPoP-Nonce") == "" {
		t.Fatalf("with a proof: %d %s", a.status, a.body)
	}
	unbound := s.login().AccessToken
	for name, c := range map[string]struct {
		lines []string
		code  string
	}{
		"the proof again":     {[]string{dpopToken, good}, "invalid_dpop_proof"},
		"no proof":            {[]string{dpopToken}, "invalid_token"},
		"as a bearer token":   {[]string{"Authorization: Bearer " + access}, "invalid_token"},
		"a bearer with proof": {[]string{"Authorization: Bearer " + access, s.proof(key, "GET", "/me", access, "")}, "invalid_token"},
		"another key":         {[]string{dpopToken, s.proof(other, "GET", "/me", access, "")}, "invalid_dpop_proof"},
		"another method":      {[]string{dpopToken, s.proof(key, "POST", "/me", access, "")}, "invalid_dpop_proof"},
		"another path":        {[]string{dpopToken, s.proof(key, "GET", "/cart", access, "")}, "invalid_dpop_proof"},
		"another token":       {[]string{dpopToken, s.proof(key, "GET", "/me", unbound, "")}, "invalid_dpop_proof"},
		"no token in it":      {[]string{dpopToken, s.proof(key, "GET", "/me", "", "")}, "invalid_dpop_proof"},
		"two proofs":          {[]string{dpopToken, s.proof(key, "GET", "/me", access, ""), s.proof(key, "GET", "/me", access, "")}, "invalid_dpop_proof"},
		"garbage":             {[]string{dpopToken, "DPoP: x.y.z"}, "invalid_dpop_proof"},
		"an unbound token":    {[]string{"Authorization: DPoP " + unbound, s.proof(key, "GET", "/me", unbound, "")}, "invalid_dpop_proof"},
		"an invented nonce":   {[]string{dpopToken, s.proof(key, "GET", "/me", access, "n")}, "use_dpop_nonce"},
	} {
		a := s.ask("GET", "/me", "", c.lines...)
		a.is(t, name, 401, c.code)
		challenge := a.header.Get("WWW-Authenticate")
		if !strings.HasPrefix(challenge, "DPoP ") || !contains(challenge, `error="`+c.code+`"`) || !contains(challenge, `algs="ES256 `) {
			t.Errorf("%s: %s", name, challenge)
		}
	}
	s.clock.Advance(dpop.Window + time.Second)
	if s.server.AccessTTL < dpop.Window {
		t.Fatal("the access token expires first")
	}
	access = s.bound(key).AccessToken
	old := s.proof(key, "GET", "/me", access, "")
	s.clock.Advance(2 * time.Minute)
	if a := s.ask("GET", "/me", "", "Authorization: DPoP "+access, old); a.status != 200 {
		t.Errorf("a proof of two minutes ago: %d %s", a.status, a.body)
	}
	// A client behind another name of the server signs that name.
	host := strings.Replace(strings.TrimPrefix(s.url, "http://"), "127.0.0.1", "app.test", 1)
	s.server.hosts["app.test"] = true
	aliased := *s
	aliased.url = "http://" + host
	if a := s.ask("GET", "/me", "", "Authorization: DPoP "+access, aliased.proof(key, "GET", "/me", access, ""), "Host: "+host); a.status != 200 {
		t.Errorf("another name: %d %s", a.status, a.body)
	}
	s.ask("GET", "/me", "", "Authorization: DPoP "+access, aliased.proof(key, "GET", "/me", access, "")).is(t, "the other name at this one", 401, "invalid_dpop_proof")
}

// TestBoundRefreshToken refreshes with and without the key of the login.
func TestBoundRefreshToken(t *testing.T) {
	s := serve(t, testClients(t))
	key, other := jwktest.KeyFor("ES256"), jwktest.KeyFor("EdDSA")
	token := s.bound(key).RefreshToken
	refresh := func(token string, lines ...string) answer {
		return s.form("/token", []string{"grant_type", "refresh_token", "client_id", clients.Native, "refresh_token", token}, lines...)
	}
	refresh(token).is(t, "no proof", 400, "invalid_grant")
	refresh(token, s.proof(other, "POST", "/token", "", "")).is(t, "another key", 400, "invalid_grant")
	refresh(token, s.proof(key, "POST", "/login", "", "")).is(t, "a proof of another path", 400, "invalid_dpop_proof")
	next := refresh(token, s.proof(key, "POST", "/token", "", "")).tokens(t) // none of them has spent it
	same(t, "token_type", next.TokenType, "DPoP")
	refresh(token, s.proof(key, "POST", "/token", "", "")).is(t, "reuse", 400, "invalid_grant")
	refresh(next.RefreshToken, s.proof(key, "POST", "/token", "", "")).is(t, "after reuse", 400, "invalid_grant")

	// A proof binds the access token of an unbound session, and not its refresh token.
	unbound := s.redeem(s.code()).tokens(t)
	later := refresh(unbound.RefreshToken, s.proof(key, "POST", "/token", "", "")).tokens(t)
	same(t, "token_type", later.TokenType, "DPoP")
	same(t, "token_type", refresh(later.RefreshToken).tokens(t).TokenType, "Bearer")
}

// TestProofNonce requires nonces: a refusal names one, and spends nothing.
func TestProofNonce(t *testing.T) {
	s := serve(t, func(o *Options) { testClients(t)(o); o.ProofNonce = true })
	key := jwktest.KeyFor("ES256")
	send := func(nonce string, pairs ...string) answer {
		return s.form("/token", append([]string{"client_id", clients.Native}, pairs...), s.proof(key, "POST", "/token", "", nonce))
	}
	login := []string{"grant_type", oauth.GrantCode, "code", s.code(), "redirect_uri", callback, "code_verifier", verifier}
	first := send("", login...)
	first.is(t, "no nonce", 400, "use_dpop_nonce")
	nonce := first.header.Get("DPoP-Nonce")
	tokens := send(nonce, login...).tokens(t)
	refresh := []string{"grant_type", "refresh_token", "refresh_token", tokens.RefreshToken}
	send("", refresh...).is(t, "a refresh without", 400, "use_dpop_nonce")
	tokens = send(nonce, refresh...).tokens(t)
	access := func(nonce string) answer {
		return s.ask("GET", "/me", "", "Authorization: DPoP "+tokens.AccessToken, s.proof(key, "GET", "/me", tokens.AccessToken, nonce))
	}
	a := access("")
	a.is(t, "a call without", 401, "use_dpop_nonce")
	if !contains(a.header.Get("WWW-Authenticate"), `DPoP realm=`) || a.header.Get("DPoP-Nonce") == "" {
		t.Errorf("a call without: %v", a.header)
	}
	if a := access(nonce); a.status != 200 {
		t.Errorf("a call: %d %s", a.status, a.body)
	}
	s.clock.Advance(noncePeriod)
	if a := access(nonce); a.status != 200 || a.header.Get("DPoP-Nonce") == nonce {
		t.Errorf("the previous nonce: %d %s", a.status, a.body)
	}
	s.clock.Advance(noncePeriod)
	access(nonce).is(t, "an old nonce", 401, "use_dpop_nonce")
}

// TestProofOfCode binds a code to a key (RFC 9449 §10), and a client to proofs.
func TestProofOfCode(t *testing.T) {
	s := serve(t, testClients(t))
	key, other := jwktest.KeyFor("ES256"), jwktest.KeyFor("EdDSA")
	code := s.code("dpop_jkt", key.Thumbprint())
	redeem := []string{"grant_type", oauth.GrantCode, "client_id", clients.Native, "code", code, "redirect_uri", callback, "code_verifier", verifier}
	s.form("/token", redeem).is(t, "no proof", 400, "invalid_grant")
	s.form("/token", redeem, s.proof(other, "POST", "/token", "", "")).is(t, "another key", 400, "invalid_grant")
	s.form("/token", redeem, s.proof(key, "POST", "/token", "", "")).tokens(t)

	code = s.code("client_id", "bound", "redirect_uri", webCallback)
	redeem = []string{"grant_type", oauth.GrantCode, "client_id", "bound", "code", code, "redirect_uri", webCallback, "code_verifier", verifier}
	s.form("/token", redeem).is(t, "a client whose tokens must be bound", 400, "invalid_dpop_proof")
	s.form("/token", redeem, s.proof(key, "POST", "/token", "", "")).tokens(t)
}
