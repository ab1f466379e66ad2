package authserver

import (
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/jwk/jwktest"
)

// push sends an authorization request with changes to /par.
func (s *site) push(changes []string, more ...string) answer {
	s.t.Helper()
	_, query, _ := strings.Cut(authorizeQuery(changes...), "?")
	return s.ask("POST", "/par", query, append([]string{formBody}, more...)...)
}

// pushedQuery returns the request of a browser for a pushed request.
func pushedQuery(a answer, client string) string {
	return "/authorize?" + values("client_id", client, "request_uri", a.text("request_uri")).Encode()
}

func TestPushedRequest(t *testing.T) {
	eachStore(t, func(t *testing.T, state store.Store) {
		s := serve(t, func(o *Options) { testClients(t)(o); o.Store = state })
		b := s.browser()
		pushed := s.push([]string{"prompt", "login", "max_age", "1", "scope", "openid"})
		if pushed.status != 201 || !strings.HasPrefix(pushed.text("request_uri"), "urn:ietf:params:oauth:request_uri:") || pushed.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", pushed.status, pushed.body)
		}
		request := pushedQuery(pushed, clients.Native)
		login := b.visit("GET", request+"&scope=admin&redirect_uri=https%3A%2F%2Fevil.example", "") // the others are ignored
		if contains(login.body, "admin") || contains(login.body, "evil") || contains(login.body, "nonce") {
			t.Errorf("the page has parameters of the browser, or pushed ones: %s", login.body)
		}
		s.clock.Advance(time.Second)
		consent := b.logIn(login)
		code := b.submit(consent, "action", "allow").answerAt(t, callback).Get("code")
		same(t, "scope", s.redeem(code).text("scope"), "openid")
		for name, a := range map[string]answer{"used": b.visit("GET", request, ""), "submitted again": b.submit(consent, "action", "allow")} {
			if a.status != 400 || a.header.Get("Location") != "" || !contains(a.body, "request_uri") {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		pushed = s.push(nil)
		if a := b.visit("GET", pushedQuery(pushed, "app"), ""); a.status != 400 || a.header.Get("Location") != "" {
			t.Errorf("another client: %d %s", a.status, a.body)
		}
		s.clock.Advance(parTTL)
		if a := b.visit("GET", pushedQuery(pushed, clients.Native), ""); a.status != 400 {
			t.Errorf("after it has expired: %d %s", a.status, a.body)
		}
	})
}

func TestPushRefused(t *testing.T) {
	s := serve(t, testClients(t))
	s.push([]string{"redirect_uri", "https://evil.example"}).is(t, "a redirect URI", 400, "invalid_request")
	s.push([]string{"response_type", "token"}).is(t, "the implicit grant", 400, "unsupported_response_type")
	s.push([]string{"code_challenge_method", "plain"}).is(t, "plain PKCE", 400, "invalid_request")
	s.push([]string{"request_uri", parPrefix + "x"}).is(t, "a request_uri", 400, "request_uri_not_supported")
	s.push([]string{"client_id", "web", "redirect_uri", webCallback}).is(t, "a client without its secret", 401, "invalid_client")
	s.push([]string{"client_id", "web", "redirect_uri", webCallback}, basic("web", "wrong")).is(t, "a wrong secret", 401, "invalid_client")
	key := jwktest.KeyFor("ES256")
	s.push([]string{"dpop_jkt", "another"}, s.proof(key, "POST", "/par", "", "")).is(t, "another key", 400, "invalid_dpop_proof")
	if a := s.push([]string{"client_id", "web", "redirect_uri", webCallback}, basic("web", "s3cret+/ %")); a.status != 201 {
		t.Errorf("with the secret: %d %s", a.status, a.body)
	}
}

// TestPushedKey pushes a request with a proof: the code is bound to its key (RFC 9449 §10.1).
func TestPushedKey(t *testing.T) {
	s := serve(t, testClients(t))
	key := jwktest.KeyFor("ES256")
	b := s.browser()
	a := s.push(nil, s.proof(key, "POST", "/par", "", ""))
	code := b.submit(b.logIn(b.visit("GET", pushedQuery(a, clients.Native), "")), "action", "allow").answerAt(t, callback).Get("code")
	s.redeem(code).is(t, "without a proof", 400, "invalid_grant")
	same(t, "with it", s.redeemBound(code, key).text("token_type"), "DPoP")
}

// TestRequiredPush sends requests of a client that must push them.
func TestRequiredPush(t *testing.T) {
	s := serve(t, func(o *Options) {
		o.Clients = &clients.Registry{}
		err := o.Clients.Read(strings.NewReader(`[{"client_id":"strict","redirect_uris":["` + webCallback + `"],"require_pushed_authorization_requests":true}]`))
		if err != nil {
			t.Fatal(err)
		}
	})
	strict := []string{"client_id", "strict", "redirect_uri", webCallback}
	same(t, "in the browser", s.ask("GET", authorizeQuery(strict...), "").answerAt(t, webCallback).Get("error"), "invalid_request")
	b := s.browser()
	params := b.submit(b.logIn(b.visit("GET", pushedQuery(s.push(strict), "strict"), "")), "action", "allow").answerAt(t, webCallback)
	if params.Get("code") == "" {
		t.Errorf("pushed: %v", params)
	}
}
