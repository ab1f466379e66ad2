package authserver

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
)

// TestOpenIDSuite has the modules of the OpenID conformance suites for providers that concern
// this server, under their names: Basic, RP-initiated logout, Config, and those of redirect
// URIs. The suite sends a nonce and no PKCE, unless the module is about it.
func TestOpenIDSuite(t *testing.T) {
	modules := []struct {
		name string
		run  func(*testing.T, *relyingParty)
	}{
		{"oidcc-server", suiteServer},
		{"oidcc-response-type-missing", suiteRefused("invalid_request", "response_type", "-")},
		{"oidcc-idtoken-signature", suiteSignature},
		{"oidcc-idtoken-unsigned", suiteUnsigned},
		{"oidcc-userinfo-get", suiteUserinfo(func(p *relyingParty, access string) answer {
			return p.ask("GET", "/userinfo", "", "Authorization: Bearer "+access)
		})},
		{"oidcc-userinfo-post-header", suiteUserinfo(func(p *relyingParty, access string) answer {
			return p.ask("POST", "/userinfo", "", "Authorization: Bearer "+access)
		})},
		{"oidcc-userinfo-post-body", suiteUserinfo(func(p *relyingParty, access string) answer {
			return p.form("/userinfo", []string{"access_token", access})
		})},
		{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", suiteWithoutNonce},
		{"oidcc-scope-profile", suiteScope("openid profile", "sub name preferred_username")},
		{"oidcc-scope-email", suiteScope("openid email", "sub email email_verified")},
		{"oidcc-scope-address", suiteScope("openid address", "sub address")},
		{"oidcc-scope-phone", suiteScope("openid phone", "sub phone_number phone_number_verified")},
		{"oidcc-scope-all", suiteScope("openid profile email address phone", "sub name preferred_username email email_verified address phone_number phone_number_verified")},
		{"oidcc-ensure-other-scope-order-succeeds", suiteScope("email openid", "sub email email_verified")},
		{"oidcc-display-page", suiteSucceeds("display", "page")},
		{"oidcc-display-popup", suiteSucceeds("display", "popup")},
		{"oidcc-prompt-login", suiteSecondLogin("prompt", "login")},
		{"oidcc-prompt-none-not-logged-in", suiteRefused("login_required", "prompt", "none")},
		{"oidcc-prompt-none-logged-in", suiteSameLogin("prompt", "none")},
		{"oidcc-max-age-1", suiteSecondLogin("max_age", "1")},
		{"oidcc-max-age-10000", suiteSameLogin("max_age", "10000")},
		{"oidcc-ensure-request-with-unknown-parameter-succeeds", suiteSucceeds("extra", "foobar")},
		{"oidcc-id-token-hint", suiteHint},
		{"oidcc-login-hint", suiteLoginHint},
		{"oidcc-ui-locales", suiteSucceeds("ui_locales", "se fr")},
		{"oidcc-claims-locales", suiteSucceeds("claims_locales", "se fr")},
		{"oidcc-ensure-request-with-acr-values-succeeds", suiteACR},
		{"oidcc-codereuse", suiteCodeReuse(0)},
		{"oidcc-codereuse-30seconds", suiteCodeReuse(30 * time.Second)},
		{"oidcc-ensure-registered-redirect-uri", suiteShown("redirect_uri", "https://rp.example/unregistered")},
		{"oidcc-ensure-post-request-succeeds", suitePost},
		{"oidcc-server-client-secret-post", suiteSecretPost},
		{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", suiteRefused("request_uri_not_supported", "request_uri", "https://rp.example/request")},
		{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", suiteRefused("request_not_supported", "request", "eyJhbGciOiJub25lIn0.e30.")},
		{"oidcc-claims-essential", suiteSucceeds("claims", `{"userinfo":{"name":{"essential":true}}}`)},
		{"oidcc-ensure-request-object-with-redirect-uri", suiteRefused("request_not_supported", "request", "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9.")},
		{"oidcc-refresh-token", suiteRefresh},
		{"oidcc-ensure-request-with-valid-pkce-succeeds", suitePKCE},

		{"oidcc-rp-initiated-logout", suiteLogout("https://rp.example/bye?state=st")},
		{"oidcc-rp-initiated-logout-bad-id-token-hint", suiteNoLogout("id_token_hint", "bad")},
		{"oidcc-rp-initiated-logout-bad-logout-redirect-uri", suiteNoLogout("post_logout_redirect_uri", "https://evil.example/bye")},
		{"oidcc-rp-initiated-logout-modified-id-token-hint", suiteModifiedHint},
		{"oidcc-rp-initiated-logout-no-id-token-hint", suiteAsks("id_token_hint", "-", "client_id", "rp")},
		{"oidcc-rp-initiated-logout-no-params", suiteAsks("id_token_hint", "-", "post_logout_redirect_uri", "-", "state", "-")},
		{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", suiteLogout("", "post_logout_redirect_uri", "-")},
		{"oidcc-rp-initiated-logout-no-state", suiteLogout("https://rp.example/bye", "state", "-")},
		{"oidcc-rp-initiated-logout-only-state", suiteAsks("id_token_hint", "-", "post_logout_redirect_uri", "-")},
		{"oidcc-rp-initiated-logout-query-added", suiteNoLogout("post_logout_redirect_uri", "https://rp.example/bye?foo=bar")},
		{"oidcc-discovery-endpoint-verification-rp-initiated-logout", suiteLogoutMetadata},

		{"oidcc-discovery-endpoint-verification", suiteMetadata},

		{"oidcc-redirect-uri-query-added", suiteShown("redirect_uri", suiteCallback+"?foo=bar")},
		{"oidcc-redirect-uri-query-mismatch", suiteShown("redirect_uri", suiteCallback+"?x=z")},
		{"oidcc-redirect-uri-query-OK", suiteQuery},
		{"oidcc-redirect-uri-regfrag", suiteFragment},
	}
	if len(modules) != 54 {
		t.Fatalf("%d modules, want 54", len(modules))
	}
	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			s := serve(t, func(o *Options) {
				o.Alg, o.Registration, o.AccessTTL = "RS256", true, time.Hour
				o.Clients = suiteClients(t)
			})
			m.run(t, &relyingParty{s.browser()})
		})
	}
}

const (
	suiteCallback = "https://rp.example/callback"
	suiteSecret   = "a secret with ä, : and %"
)

func suiteClients(t *testing.T) *clients.Registry {
	t.Helper()
	cs := &clients.Registry{}
	err := cs.Read(strings.NewReader(`[
		{"client_id":"rp","client_secret":"` + suiteSecret + `","redirect_uris":["` + suiteCallback + `","https://rp.example/query?x=y"],"post_logout_redirect_uris":["https://rp.example/bye"]},
		{"client_id":"rp2","client_secret":"` + suiteSecret + `","token_endpoint_auth_method":"client_secret_post","redirect_uris":["` + suiteCallback + `"]}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// A relyingParty is the suite with its browser.
type relyingParty struct{ *browser }

// request returns an authorization request with changes.
func (p *relyingParty) request(changes ...string) string {
	return "/authorize?" + values(append([]string{
		"client_id", "rp", "response_type", "code", "redirect_uri", suiteCallback, "scope", "openid", "state", "st", "nonce", "no",
	}, changes...)...).Encode()
}

// authorize sends an authorization request, logs in and agrees where it is asked to, and
// returns what the client gets, with the titles of the pages.
func (p *relyingParty) authorize(changes ...string) (given url.Values, titles []string) {
	p.t.Helper()
	a := p.visit("GET", p.request(changes...), "")
	for a.status == 200 {
		title, _, _ := strings.Cut(a.body[strings.Index(a.body, "<h1>")+4:], "<")
		titles = append(titles, title)
		if title == "Log in" {
			a = p.logIn(a)
		} else {
			a = p.submit(a, "action", "allow")
		}
	}
	given = a.answerAt(p.t, values(append([]string{"redirect_uri", suiteCallback}, changes...)...).Get("redirect_uri"))
	same(p.t, "state and iss", []string{given.Get("state"), given.Get("iss")}, []string{"st", p.url})
	return given, titles
}

// redeemCode sends a code to the token endpoint.
func (p *relyingParty) redeemCode(code string, changes ...string) answer {
	p.t.Helper()
	return p.form("/token", append([]string{"grant_type", oauth.GrantCode, "code", code, "redirect_uri", suiteCallback}, changes...), basic("rp", suiteSecret))
}

// tokensOf runs the whole flow, and returns the answer and the claims of its ID token.
func (p *relyingParty) tokensOf(changes ...string) (answer, jsonobject.Object) {
	p.t.Helper()
	given, _ := p.authorize(changes...)
	a := p.redeemCode(given.Get("code"))
	a.tokens(p.t)
	return a, p.claims(a.text("id_token"))
}

func suiteServer(t *testing.T, p *relyingParty) {
	a, id := p.tokensOf()
	same(t, "ID token", []string{claim(id, "iss"), claim(id, "sub"), claim(id, "aud"), claim(id, "nonce")}, []string{`"` + p.url + `"`, `"alice"`, `"rp"`, `"no"`})
	same(t, "answer", []string{a.text("token_type"), a.header.Get("Cache-Control"), a.header.Get("Content-Type")}, []string{"Bearer", "no-store", "application/json"})
	for _, name := range []string{"exp", "iat", "auth_time", "at_hash"} {
		if claim(id, name) == "" {
			t.Errorf("the ID token has no %s", name)
		}
	}
}

// suiteRefused sends a request whose error goes to the client.
func suiteRefused(code string, changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		given := p.visit("GET", p.request(changes...), "").answerAt(t, suiteCallback)
		same(t, "answer", []string{given.Get("error"), given.Get("state"), given.Get("code")}, []string{code, "st", ""})
	}
}

// suiteShown sends a request that must not redirect.
func suiteShown(changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		a := p.visit("GET", p.request(changes...), "")
		if a.status != 400 || a.header.Get("Location") != "" || !contains(a.body, "redirect_uri") {
			t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
		}
	}
}

// suiteSucceeds sends a request with a parameter that changes nothing.
func suiteSucceeds(changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		_, id := p.tokensOf(changes...)
		same(t, "sub", claim(id, "sub"), `"alice"`)
	}
}

func suiteSignature(t *testing.T, p *relyingParty) {
	a, _ := p.tokensOf() // verifies under the published keys
	same(t, "header", p.header(a.text("id_token"), "alg"), "RS256")
	if !contains(p.ask("GET", "/jwks.json", "").body, `"kid":"`+p.header(a.text("id_token"), "kid")+`"`) {
		t.Error("the kid of the ID token is not published")
	}
}

// header returns a member of the header of a token.
func (s *site) header(token, name string) string {
	head, _, _ := strings.Cut(token, ".")
	o, err := jsonobject.Parse(decoded(s.t, head))
	if err != nil {
		s.t.Fatal(err)
	}
	text, _ := o.Text(name)
	return text
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64url.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func suiteUnsigned(t *testing.T, p *relyingParty) {
	a := p.ask("POST", "/register", `{"redirect_uris":["`+suiteCallback+`"],"id_token_signed_response_alg":"none"}`)
	a.is(t, "a client that wants unsigned ID tokens", 400, "invalid_client_metadata")
	same(t, "published", p.metadata().IDTokenAlgsSupported, []string{"RS256"})
}

func (p *relyingParty) metadata() oauth.Metadata {
	p.t.Helper()
	m, err := oauth.ParseMetadata([]byte(p.ask("GET", oauth.DiscoveryPath, "").body))
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func suiteUserinfo(ask func(*relyingParty, string) answer) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		a, id := p.tokensOf()
		info := ask(p, a.tokens(t).AccessToken)
		same(t, "sub", `"`+info.text("sub")+`"`, claim(id, "sub"))
		same(t, "type", info.header.Get("Content-Type"), "application/json")
	}
}

// suiteWithoutNonce uses PKCE: the server requires one of them (RFC 9700 §2.1.1).
func suiteWithoutNonce(t *testing.T, p *relyingParty) {
	given, _ := p.authorize("nonce", "-", "code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	a := p.redeemCode(given.Get("code"), "code_verifier", verifier)
	a.tokens(t)
	same(t, "nonce", claim(p.claims(a.text("id_token")), "nonce"), "")
}

func suiteScope(scope, names string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		a, _ := p.tokensOf("scope", scope)
		same(t, "scope", a.text("scope"), scope)
		info, err := jsonobject.Parse([]byte(p.ask("GET", "/userinfo", "", "Authorization: Bearer "+a.tokens(t).AccessToken).body))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range info.Members() {
			got = append(got, m.Name)
		}
		same(t, "claims", strings.Join(got, " "), names)
	}
}

// suiteSecondLogin asks for another login, later.
func suiteSecondLogin(changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		_, first := p.tokensOf()
		p.clock.Advance(2 * time.Second)
		given, titles := p.authorize(changes...)
		if !slices.Contains(titles, "Log in") {
			t.Fatalf("pages: %v", titles)
		}
		a := p.redeemCode(given.Get("code"))
		second := p.claims(a.text("id_token"))
		if claim(second, "sub") != claim(first, "sub") || claim(second, "auth_time") <= claim(first, "auth_time") {
			t.Errorf("%s after %s", second.Bytes(), first.Bytes())
		}
	}
}

// suiteSameLogin asks for the login that is known, later.
func suiteSameLogin(changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		_, first := p.tokensOf()
		p.clock.Advance(2 * time.Second)
		given, titles := p.authorize(changes...)
		same(t, "pages", titles, []string(nil))
		second := p.claims(p.redeemCode(given.Get("code")).text("id_token"))
		same(t, "login", []string{claim(second, "sub"), claim(second, "auth_time")}, []string{claim(first, "sub"), claim(first, "auth_time")})
	}
}

func suiteHint(t *testing.T, p *relyingParty) {
	a, first := p.tokensOf()
	given, titles := p.authorize("prompt", "none", "id_token_hint", a.text("id_token"))
	same(t, "pages", titles, []string(nil))
	same(t, "sub", claim(p.claims(p.redeemCode(given.Get("code")).text("id_token")), "sub"), claim(first, "sub"))
}

func suiteLoginHint(t *testing.T, p *relyingParty) {
	if a := p.visit("GET", p.request("login_hint", "buffy@example.com"), ""); !contains(a.body, `value="buffy@example.com"`) {
		t.Error("the login page does not have the hint")
	}
	p.tokensOf("login_hint", "buffy@example.com")
}

func suiteACR(t *testing.T, p *relyingParty) {
	_, id := p.tokensOf("acr_values", "1 2")
	same(t, "acr", claim(id, "acr"), `"1"`)
	same(t, "published", p.metadata().ACRValuesSupported, []string{"1"})
}

func suiteCodeReuse(after time.Duration) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		given, _ := p.authorize()
		access := p.redeemCode(given.Get("code")).tokens(t).AccessToken
		p.clock.Advance(after)
		p.redeemCode(given.Get("code")).is(t, "the second time", 400, "invalid_grant")
		p.ask("GET", "/userinfo", "", "Authorization: Bearer "+access).is(t, "the access token", 401, "invalid_token")
	}
}

func suitePost(t *testing.T, p *relyingParty) {
	path, query, _ := strings.Cut(p.request(), "?")
	a := p.submit(p.logIn(p.visit("POST", path, query)), "action", "allow")
	p.redeemCode(a.answerAt(t, suiteCallback).Get("code")).tokens(t)
}

func suiteSecretPost(t *testing.T, p *relyingParty) {
	given, _ := p.authorize("client_id", "rp2")
	form := []string{"grant_type", oauth.GrantCode, "code", given.Get("code"), "redirect_uri", suiteCallback, "client_id", "rp2", "client_secret"}
	p.form("/token", append(form, "wrong")).is(t, "a wrong secret", 401, "invalid_client")
	p.form("/token", append(form, suiteSecret)).tokens(t)
}

func suiteRefresh(t *testing.T, p *relyingParty) {
	a, first := p.tokensOf("scope", "openid offline_access", "prompt", "consent")
	refresh := []string{"grant_type", "refresh_token", "refresh_token", a.tokens(t).RefreshToken}
	p.form("/token", append(refresh, "client_id", "rp2", "client_secret", suiteSecret)).is(t, "another client", 400, "invalid_grant")
	p.clock.Advance(2 * time.Second)
	b := p.form("/token", refresh, basic("rp", suiteSecret))
	b.tokens(t)
	second := p.claims(b.text("id_token"))
	for _, name := range []string{"iss", "sub", "aud", "auth_time"} {
		same(t, name, claim(second, name), claim(first, name))
	}
	if claim(second, "nonce") != "" || claim(second, "iat") <= claim(first, "iat") {
		t.Errorf("%s after %s", second.Bytes(), first.Bytes())
	}
}

func suitePKCE(t *testing.T, p *relyingParty) {
	given, _ := p.authorize("code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	p.redeemCode(given.Get("code"), "code_verifier", verifier).tokens(t)
}

// logout sends a logout request with changes, after a login.
func (p *relyingParty) logout(changes ...string) answer {
	p.t.Helper()
	a, _ := p.tokensOf()
	return p.visit("GET", "/end_session?"+values(append([]string{
		"id_token_hint", a.text("id_token"), "post_logout_redirect_uri", "https://rp.example/bye", "state", "st",
	}, changes...)...).Encode(), "")
}

// loggedIn reports whether the browser is logged in.
func (p *relyingParty) loggedIn() bool {
	p.t.Helper()
	return p.visit("GET", p.request("prompt", "none"), "").answerAt(p.t, suiteCallback).Get("error") != "login_required"
}

// suiteLogout logs out, to an address or a page.
func suiteLogout(to string, changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		a := p.logout(changes...)
		if a.header.Get("Location") != to || to == "" && !contains(a.body, "<h1>Logged out</h1>") || p.loggedIn() {
			t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
		}
	}
}

// suiteNoLogout sends a logout request that is refused with a page.
func suiteNoLogout(changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		if a := p.logout(changes...); a.status != 400 || a.header.Get("Location") != "" || !p.loggedIn() {
			t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
		}
	}
}

// suiteAsks sends a logout request that only the user can decide.
func suiteAsks(changes ...string) func(*testing.T, *relyingParty) {
	return func(t *testing.T, p *relyingParty) {
		page := p.logout(changes...)
		if page.status != 200 || !contains(page.body, "<h1>Log out?</h1>") || !p.loggedIn() {
			t.Fatalf("%d %s", page.status, page.body)
		}
		if a := p.submit(page, "action", "logout"); a.status >= 400 || p.loggedIn() {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func suiteModifiedHint(t *testing.T, p *relyingParty) {
	a, _ := p.tokensOf()
	parts := strings.Split(a.text("id_token"), ".")
	suiteNoLogout("id_token_hint", parts[0]+"."+parts[1]+"."+strings.Repeat("A", len(parts[2])))(t, p)
}

func suiteLogoutMetadata(t *testing.T, p *relyingParty) {
	same(t, "end_session_endpoint", p.metadata().EndSessionEndpoint, p.url+"/end_session")
}

func suiteMetadata(t *testing.T, p *relyingParty) {
	m := p.metadata()
	same(t, "issuer", m.Issuer, p.url)
	for _, endpoint := range []string{m.AuthorizationEndpoint, m.TokenEndpoint, m.UserinfoEndpoint, m.JWKSURI} {
		if path, ok := strings.CutPrefix(endpoint, p.url); !ok || p.ask("GET", path, "").status == 404 {
			t.Errorf("endpoint %q", endpoint)
		}
	}
	for name, c := range map[string]struct {
		has   []string
		wants string
	}{
		"response types": {m.ResponseTypesSupported, "code"}, "subject types": {m.SubjectTypesSupported, "public"},
		"algorithms": {m.IDTokenAlgsSupported, "RS256"}, "scopes": {m.ScopesSupported, "openid"}, "claims": {m.ClaimsSupported, "sub"},
		"authentication": {m.TokenEndpointAuthMethodsSupported, "client_secret_basic"}, "grants": {m.GrantTypesSupported, "authorization_code"},
	} {
		if !slices.Contains(c.has, c.wants) {
			t.Errorf("%s: %v, want %s", name, c.has, c.wants)
		}
	}
	if keys := p.ask("GET", "/jwks.json", "").body; !contains(keys, `"use":"sig"`) || contains(keys, `"d":`) {
		t.Errorf("keys: %s", keys)
	}
}

func suiteQuery(t *testing.T, p *relyingParty) {
	given, _ := p.authorize("redirect_uri", "https://rp.example/query?x=y")
	same(t, "its query", given.Get("x"), "y")
	p.redeemCode(given.Get("code"), "redirect_uri", "https://rp.example/query?x=y").tokens(t)
}

func suiteFragment(t *testing.T, p *relyingParty) {
	p.ask("POST", "/register", `{"redirect_uris":["`+suiteCallback+`#foobar"]}`).is(t, "a fragment", 400, "invalid_redirect_uri")
}
