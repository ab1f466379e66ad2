package authserver

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/clocktest"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
	"jwt/internal/oauth"
)

// TestSecurityBestCurrentPractice makes each attack of RFC 9700 that a server can stop. A row is
// named by its section.
func TestSecurityBestCurrentPractice(t *testing.T) {
	rows := []struct {
		name   string
		attack func(*testing.T, *site)
	}{
		{"2.1 redirect URI by prefix", shown("client_id", "web", "redirect_uri", webCallback+"/../evil")},
		{"2.1 redirect URI of another client", shown("client_id", "web", "redirect_uri", "http://127.0.0.1/callback")},
		{"2.1 another port of a web server", shown("client_id", "local", "redirect_uri", "http://127.0.0.1:9999/callback")},
		{"2.1 code without state is bound by PKCE", refusedAtClient("invalid_request", "state", "-", "code_challenge", "-", "code_challenge_method", "-")},
		{"2.1.1 public client without PKCE", refusedAtClient("invalid_request", "code_challenge", "-", "code_challenge_method", "-")},
		{"2.1.1 confidential client without PKCE and nonce", refusedAtClient("invalid_request", "client_id", "web", "redirect_uri", webCallback, "code_challenge", "-", "code_challenge_method", "-", "nonce", "-")},
		{"2.1.1 nonce without openid", refusedAtClient("invalid_request", "client_id", "web", "redirect_uri", webCallback, "code_challenge", "-", "code_challenge_method", "-", "scope", "read")},
		{"2.1.1 challenge that shows the verifier", refusedAtClient("invalid_request", "code_challenge", verifier, "code_challenge_method", "plain")},
		{"2.1.2 implicit grant", refusedAtClient("unsupported_response_type", "response_type", "token")},
		{"2.1.2 hybrid flow", refusedAtClient("unsupported_response_type", "response_type", "code token")},
		{"2.2.1 bound token as a bearer token", boundTokenAsBearer},
		{"2.2.2 refresh token used twice", refreshTwice},
		{"2.3 token for another resource", tokenForAnother},
		{"2.4 password grant", passwordGrantOff},
		{"2.5 assertion for another server", foreignAssertion},
		{"2.6 metadata tells what is supported", honestMetadata},
		{"4.1 URI that looks like loopback", shown("redirect_uri", "http://127.0.0.1.evil.example/callback")},
		{"4.1 user name that looks like a host", shown("redirect_uri", "http://127.0.0.1@evil.example/")},
		{"4.1 wildcard at registration", badClient("https://*.example/callback", "wildcards")},
		{"4.1 fragment at registration", badClient("https://web.example/#x", "fragment")},
		{"4.2 credentials in the Referer", noReferrer},
		{"4.2 code used twice", codeTwice},
		{"4.3 code in the history is short-lived", oldCode},
		{"4.3.2 access token in the query", tokenInQuery},
		{"4.4 mix-up: the answer names the issuer", namesIssuer},
		{"4.5 code of another client", codeOfAnother},
		{"4.5 code without its verifier", codeWithout("code_verifier", "-")},
		{"4.5 code with another verifier", codeWithout("code_verifier", strings.Repeat("x", 43))},
		{"4.5 code with another redirect URI", codeWithout("redirect_uri", callback+"/x")},
		{"4.6 access token of another client exchanged", exchangeByPublic},
		{"4.7 consent by another site", foreignConsent},
		{"4.7 login by another site", foreignLogin},
		{"4.7 consent page of another user", consentOfAnother},
		{"4.8 PKCE downgrade: verifier without challenge", verifierWithoutChallenge},
		{"4.9 access token after logout", tokenAfterLogout},
		{"4.9 refresh token as access token", refreshAsAccess},
		{"4.10 proof used twice", proofTwice},
		{"4.11 open redirector", shown("client_id", "evil", "redirect_uri", "https://evil.example/")},
		{"4.11.2 error is sent to registered URIs only", shown("client_id", "web", "redirect_uri", "https://evil.example/", "response_type", "token")},
		{"4.11.2 error is not sent to a client that registered itself", registeredRedirector},
		{"4.11 open redirector after logout", openLogout},
		{"4.12 redirect that repeats a POST", noTemporaryRedirect},
		{"4.13 headers of a proxy are not trusted", forwardedHost},
		{"4.14 refresh token of another client", refreshOfAnother},
		{"4.14 refresh widens the scope", refreshWidens},
		{"4.15 client with the name of a user", clientLikeUser},
		{"4.15 token of a client is not a user's", clientIsNoUser},
		{"4.16 pages in frames", noFrames},
	}
	if len(rows) < 40 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { row.attack(t, serve(t, bcpClients(t))) })
	}
}

// bcpClients are the clients of testClients, and a web server on loopback.
func bcpClients(t *testing.T) func(*Options) {
	return func(o *Options) {
		testClients(t)(o)
		o.Registration = true
		err := o.Clients.Read(strings.NewReader(`[{"client_id":"local","client_secret":"s","redirect_uris":["http://127.0.0.1:8080/callback"]}]`))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// shown sends an authorization request that must not redirect.
func shown(changes ...string) func(*testing.T, *site) {
	return func(t *testing.T, s *site) {
		a := s.ask("GET", authorizeQuery(changes...), "")
		if a.status != http.StatusBadRequest || a.header.Get("Location") != "" || !contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
		}
	}
}

// refusedAtClient sends an authorization request whose error goes to the client.
func refusedAtClient(code string, changes ...string) func(*testing.T, *site) {
	return func(t *testing.T, s *site) {
		redirect := values(append([]string{"redirect_uri", callback}, changes...)...).Get("redirect_uri")
		params := s.ask("GET", authorizeQuery(changes...), "").answerAt(t, redirect)
		if params.Get("error") != code || params.Has("code") || params.Has("access_token") || params.Get("iss") != s.url {
			t.Errorf("%v, want %s", params, code)
		}
	}
}

func boundTokenAsBearer(t *testing.T, s *site) {
	key := jwktest.KeyFor("ES256")
	tokens := s.redeemBound(s.code(), key).tokens(t)
	s.me(tokens.AccessToken).is(t, "as Bearer", 401, "invalid_token")
	s.refreshAs(clients.Native, tokens.RefreshToken).is(t, "a refresh without a proof", 400, "invalid_grant")
}

func refreshTwice(t *testing.T, s *site) {
	first := s.redeem(s.code()).tokens(t)
	second := s.refreshAs(clients.Native, first.RefreshToken).tokens(t)
	s.refreshAs(clients.Native, first.RefreshToken).is(t, "the second time", 400, "invalid_grant")
	s.refreshAs(clients.Native, second.RefreshToken).is(t, "its successor", 400, "invalid_grant")
	s.me(second.AccessToken).is(t, "its access token", 401, "invalid_token")
}

func tokenForAnother(t *testing.T, s *site) {
	code := s.code("scope", "read", "resource", "https://api.example")
	s.me(s.redeem(code).tokens(t).AccessToken).is(t, "at this server", 401, "invalid_token")
}

func passwordGrantOff(t *testing.T, s *site) {
	s.form("/token", []string{"grant_type", "password", "client_id", clients.Native, "username", alice, "password", password}).is(t, "password", 400, "unsupported_grant_type")
}

func foreignAssertion(t *testing.T, s *site) {
	for name, audience := range map[string]string{"another server": "https://other.example", "several servers": s.url + `","https://other.example`} {
		s.form("/token", assertionFor(t, s, audience)).is(t, name, 401, "invalid_client")
	}
	if a := s.form("/token", assertionFor(t, s, s.url)); a.status != 200 {
		t.Errorf("for this server: %s", a.body)
	}
}

func honestMetadata(t *testing.T, s *site) {
	m, err := oauth.ParseMetadata([]byte(s.ask("GET", oauth.MetadataPath, "").body))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "PKCE", m.CodeChallengeMethodsSupported, []string{"S256"})
	same(t, "response types", m.ResponseTypesSupported, []string{"code"})
	same(t, "iss, request_uri", []bool{m.SendsIss, m.RefusesRequestURI}, []bool{true, true})
	for _, g := range m.GrantTypesSupported {
		if a := s.form("/token", []string{"grant_type", g}); contains(a.body, "unsupported_grant_type") {
			t.Errorf("%s is published, and unsupported", g)
		}
	}
}

// badClient reads a client with a redirect URI that must not be registered.
func badClient(uri, why string) func(*testing.T, *site) {
	return func(t *testing.T, _ *site) {
		err := new(clients.Registry).Read(strings.NewReader(fmt.Sprintf(`[{"client_id":"c","redirect_uris":[%q]}]`, uri)))
		if err == nil || !contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
}

func noReferrer(t *testing.T, s *site) {
	b := s.browser()
	login := b.visit("GET", authorizeQuery(), "")
	consent := b.logIn(login)
	done := b.submit(consent, "action", "allow")
	same(t, "policies", []string{login.header.Get("Referrer-Policy"), consent.header.Get("Referrer-Policy"), done.header.Get("Referrer-Policy")}, []string{"same-origin", "same-origin", "no-referrer"})
}

// codeTwice redeems a code twice at once, too: of two requests one is the second.
func codeTwice(t *testing.T, s *site) {
	code := s.code()
	var all sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		all.Go(func() { answers[i], _ = s.try("POST", "/token", redeemForm(code), formBody) })
	}
	all.Wait()
	given := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			given++
			s.me(a.tokens(t).AccessToken).is(t, "the access token", 401, "invalid_token")
			s.refreshAs(clients.Native, a.tokens(t).RefreshToken).is(t, "the refresh token", 400, "invalid_grant")
		}
	}
	if given > 1 {
		t.Errorf("%d requests got tokens", given)
	}
}

func redeemForm(code string) string {
	return values("grant_type", oauth.GrantCode, "client_id", clients.Native, "code", code, "redirect_uri", callback, "code_verifier", verifier).Encode()
}

func oldCode(t *testing.T, s *site) {
	code := s.code()
	s.clock.Advance(time.Minute)
	s.redeem(code).is(t, "after a minute", 400, "invalid_grant")
}

func tokenInQuery(t *testing.T, s *site) {
	access := s.redeem(s.code()).tokens(t).AccessToken
	for _, path := range []string{"/me", "/userinfo"} {
		s.ask("GET", path+"?access_token="+access, "").is(t, path, 401, "invalid_token")
	}
}

func namesIssuer(t *testing.T, s *site) {
	b := s.browser()
	given := b.submit(b.logIn(b.visit("GET", authorizeQuery(), "")), "action", "allow").answerAt(t, callback)
	refused := b.visit("GET", authorizeQuery("prompt", "none"), "").answerAt(t, callback)
	same(t, "iss", []string{given.Get("iss"), refused.Get("iss")}, []string{s.url, s.url})
}

func codeOfAnother(t *testing.T, s *site) {
	s.redeem(s.code(), "client_id", "app").is(t, "another client", 400, "invalid_grant")
}

// codeWithout redeems a code with a change, which must not spend it.
func codeWithout(changes ...string) func(*testing.T, *site) {
	return func(t *testing.T, s *site) {
		code := s.code()
		s.redeem(code, changes...).is(t, "changed", 400, "invalid_grant")
		s.redeem(code).tokens(t)
	}
}

// exchangeByPublic exchanges the token of one client as another, which may not have its scope.
func exchangeByPublic(t *testing.T, s *site) {
	access := s.redeem(s.code("scope", "openid admin")).tokens(t).AccessToken
	form := append(assertionFor(t, s, s.url), "grant_type", oauth.GrantTokenExchange, "subject_token", access, "subject_token_type", oauth.TypeAccessToken, "scope", "-")
	if a := s.form("/token", form); a.status != http.StatusBadRequest || contains(a.body, "access_token") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func foreignConsent(t *testing.T, s *site) {
	b := s.browser()
	consent := b.logIn(b.visit("GET", authorizeQuery(), ""))
	action := formTag.FindStringSubmatch(consent.body)[1]
	s.ask("POST", strings.ReplaceAll(action, "&amp;", "&"), "action=allow", formBody, "Cookie: login="+b.jar["login"], "Origin: https://evil.example").is(t, "an old browser", 403, "invalid_request")
	s.ask("POST", strings.ReplaceAll(action, "&amp;", "&"), "action=allow", formBody, "Cookie: login="+b.jar["login"], "Sec-Fetch-Site: cross-site").is(t, "a browser", 403, "invalid_request")
}

func foreignLogin(t *testing.T, s *site) {
	for _, path := range []string{strings.Replace(authorizeQuery(), "/authorize?", "/authorize/login?", 1), "/device/login"} {
		a := s.ask("POST", path, values("username", alice, "password", password).Encode(), formBody, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site")
		a.is(t, path, 403, "invalid_request")
		if len(a.cookies) > 0 {
			t.Errorf("%s: cookies %v", path, a.cookies)
		}
	}
}

// consentOfAnother submits a page that was shown before another user logged in.
func consentOfAnother(t *testing.T, s *site) {
	b := s.browser()
	consent := b.logIn(b.visit("GET", authorizeQuery(), ""))
	b.submit(b.visit("GET", authorizeQuery("prompt", "login"), ""), "username", "bob", "password", "pass:word", "action", "login")
	if a := b.submit(consent, "action", "allow"); a.status != 200 || !contains(a.body, "<strong>bob</strong>") {
		t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
	}
}

func verifierWithoutChallenge(t *testing.T, s *site) {
	web := []string{"client_id", "web", "redirect_uri", webCallback}
	code := s.code(append(web, "code_challenge", "-", "code_challenge_method", "-")...)
	a := s.form("/token", []string{"grant_type", oauth.GrantCode, "code", code, "redirect_uri", webCallback, "code_verifier", verifier}, basic("web", "s3cret+/ %"))
	a.is(t, "a verifier", 400, "invalid_grant")
}

func tokenAfterLogout(t *testing.T, s *site) {
	tokens := s.redeem(s.code()).tokens(t)
	s.form("/revoke", []string{"client_id", clients.Native, "token", tokens.RefreshToken})
	s.me(tokens.AccessToken).is(t, "the access token", 401, "invalid_token")
}

func refreshAsAccess(t *testing.T, s *site) {
	tokens := s.redeem(s.code()).tokens(t)
	s.me(tokens.RefreshToken).is(t, "the refresh token", 401, "invalid_token")
	s.refreshAs(clients.Native, tokens.AccessToken).is(t, "the access token", 400, "invalid_grant")
}

func proofTwice(t *testing.T, s *site) {
	key := jwktest.KeyFor("ES256")
	access := s.redeemBound(s.code(), key).tokens(t).AccessToken
	proof := s.proof(key, "GET", "/me", access, "")
	if a := s.ask("GET", "/me", "", "Authorization: DPoP "+access, proof); a.status != 200 {
		t.Fatalf("once: %s", a.body)
	}
	s.ask("GET", "/me", "", "Authorization: DPoP "+access, proof).is(t, "twice", 401, "invalid_dpop_proof")
}

func registeredRedirector(t *testing.T, s *site) {
	id := s.ask("POST", "/register", `{"redirect_uris":["https://evil.example/"],"token_endpoint_auth_method":"none"}`).text("client_id")
	evil := []string{"client_id", id, "redirect_uri", "https://evil.example/"}
	shown(append(evil, "response_type", "token")...)(t, s)
	shown(append(evil, "scope", "a\"b")...)(t, s)
	refusedAtClient("login_required", append(evil, "prompt", "none")...)(t, s)
	if a := s.ask("GET", authorizeQuery(evil...), ""); !contains(a.body, "<h1>Log in</h1>") {
		t.Errorf("a request that is right: %s", a.body)
	}
}

func openLogout(t *testing.T, s *site) {
	a := s.ask("GET", "/end_session?"+values("client_id", "web", "post_logout_redirect_uri", "https://evil.example/").Encode(), "")
	if a.status != 400 || a.header.Get("Location") != "" {
		t.Errorf("%d %s", a.status, a.header.Get("Location"))
	}
}

func noTemporaryRedirect(t *testing.T, s *site) {
	action := strings.Replace(authorizeQuery(), "/authorize?", "/authorize/login?", 1)
	a := s.ask("POST", action, values("username", alice, "password", password, "action", "login").Encode(), formBody, "Origin: "+s.url)
	if a.status != http.StatusSeeOther {
		t.Errorf("after the password: %d, want 303", a.status)
	}
}

// TestLoginWithoutCookie checks that the login page says why it is shown again to a browser that does
// not keep the cookie.
func TestLoginWithoutCookie(t *testing.T) {
	s := serve(t, testClients(t))
	if first := s.ask("GET", authorizeQuery(), ""); contains(first.body, "cookie of the login") {
		t.Error("the first page speaks of a cookie: ", first.body)
	}
	action := strings.Replace(authorizeQuery(), "/authorize?", "/authorize/login?", 1)
	a := s.ask("POST", action, values("username", alice, "password", password, "action", "login").Encode(), formBody, "Origin: "+s.url)
	again := s.ask("GET", a.header.Get("Location"), "")
	if again.status != 200 || !contains(again.body, "did not send the cookie of the login back") {
		t.Errorf("%d %s", again.status, again.body)
	}
}

func forwardedHost(t *testing.T, s *site) {
	a := s.ask("GET", oauth.DiscoveryPath, "", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example")
	if contains(a.body, "evil") {
		t.Error(a.body)
	}
	s.ask("GET", oauth.DiscoveryPath, "", "Host: evil.example").is(t, "another host", 421, "invalid_request")
}

func refreshOfAnother(t *testing.T, s *site) {
	tokens := s.redeem(s.code()).tokens(t)
	s.refreshAs("app", tokens.RefreshToken).is(t, "another client", 400, "invalid_grant")
	s.refreshAs(clients.Native, tokens.RefreshToken).tokens(t)
}

func refreshWidens(t *testing.T, s *site) {
	tokens := s.redeem(s.code("scope", "read")).tokens(t)
	a := s.form("/token", []string{"grant_type", "refresh_token", "client_id", clients.Native, "refresh_token", tokens.RefreshToken, "scope", "read admin"})
	same(t, "scope", a.text("scope"), "read")
}

func clientLikeUser(t *testing.T, _ *site) {
	cs := &clients.Registry{}
	if err := cs.Read(strings.NewReader(`[{"client_id":"alice","client_secret":"s","grant_types":["client_credentials"]}]`)); err != nil {
		t.Fatal(err)
	}
	_, err := New(t.Context(), Options{Issuer: "http://127.0.0.1", Store: store.NewMemory(), Users: testUsers(t), Clients: cs, Now: clocktest.At(epoch).Now})
	if err == nil || !contains(err.Error(), `client "alice": a user has the same name`) {
		t.Errorf("%v", err)
	}
}

func clientIsNoUser(t *testing.T, s *site) {
	access := s.form("/token", []string{"grant_type", "client_credentials", "scope", "openid"}, basic("web", "s3cret+/ %")).tokens(t).AccessToken
	if a := s.ask("GET", "/userinfo", "", "Authorization: Bearer "+access); a.status == 200 {
		t.Errorf("userinfo of a client: %s", a.body)
	}
}

func noFrames(t *testing.T, s *site) {
	b := s.browser()
	login := b.visit("GET", authorizeQuery(), "")
	for _, page := range []answer{login, b.logIn(login), b.visit("GET", "/device", ""), b.visit("GET", "/end_session", ""), s.ask("GET", "/authorize", "")} {
		if !contains(page.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || page.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", page.body, page.header)
		}
	}
}

// refreshAs sends a refresh token as a public client.
func (s *site) refreshAs(client, token string) answer {
	s.t.Helper()
	return s.form("/token", []string{"grant_type", "refresh_token", "client_id", client, "refresh_token", token})
}

// redeemBound redeems a code with a proof of a key.
func (s *site) redeemBound(code string, key jwk.Key) answer {
	s.t.Helper()
	return s.ask("POST", "/token", redeemForm(code), formBody, s.proof(key, "POST", "/token", "", ""))
}

// assertionFor returns a request of the client keyed for tokens of its own, whose assertion is for
// an audience.
func assertionFor(t *testing.T, s *site, audience string) []string {
	t.Helper()
	es256, _ := jwa.Lookup("ES256")
	var header jsonobject.Object
	header.Set("alg", jsonobject.Quote("ES256"))
	claims := fmt.Sprintf(`{"iss":"keyed","sub":"keyed","aud":["%s"],"jti":%q,"exp":%d}`, audience, rand.Text(), s.clock.Now().Add(time.Minute).Unix())
	token, err := jws.Sign(header, []byte(claims), jwktest.KeyFor("ES256"), es256, false)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"grant_type", oauth.GrantClientCredentials, "client_assertion_type", oauth.AssertionType, "client_assertion", token.Text()}
}
