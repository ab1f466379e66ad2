package authserver

import (
	"crypto/sha256"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/base64url"
	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/jws"
	"jwt/internal/oauth"
)

const (
	formBody    = "Content-Type: " + formType
	callback    = "http://127.0.0.1:8080/callback"
	webCallback = "https://web.example/callback"
	verifier    = "dBjftJeZ4CVP-mBOLxvV2i1CNhN8qQB7iy_2fR0qKlM"
)

// testClients are a client of each kind.
func testClients(t *testing.T) func(*Options) {
	t.Helper()
	keys := `{"keys":[` + string(jwktest.Public(jwktest.KeyFor("ES256")).JWK(false).Bytes()) + `]}`
	cs := &clients.Registry{}
	err := cs.Read(strings.NewReader(`[
		{"client_id":"web","client_name":"Web <shop>","client_secret":"s3cret+/ %","redirect_uris":["` + webCallback + `","https://web.example/other?a=b"],"post_logout_redirect_uris":["https://web.example/bye"],
		 "grant_types":["authorization_code","refresh_token","client_credentials"]},
		{"client_id":"keyed","jwks":` + keys + `,"grant_types":["client_credentials","urn:ietf:params:oauth:grant-type:token-exchange"],"scope":"read write"},
		{"client_id":"bound","token_endpoint_auth_method":"none","redirect_uris":["` + webCallback + `"],"dpop_bound_access_tokens":true},
		{"client_id":"app","redirect_uris":["http://127.0.0.1/callback","com.example.app:/callback"],"scope":"openid read"}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) { o.Clients = cs }
}

// form sends a form of names and values to an endpoint.
func (s *site) form(path string, pairs []string, more ...string) answer {
	s.t.Helper()
	return s.ask("POST", path, values(pairs...).Encode(), append([]string{formBody}, more...)...)
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "-" {
			v.Set(pairs[i], pairs[i+1])
		} else {
			v.Del(pairs[i])
		}
	}
	return v
}

func basic(id, secret string) string {
	r, _ := http.NewRequest("GET", "http://x", nil)
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	return "Authorization: " + r.Header.Get("Authorization")
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64url.Encode(sum[:])
}

// A browser has cookies, follows redirects within the server, and fills in forms.
type browser struct {
	*site
	jar map[string]string
}

func (s *site) browser() *browser { return &browser{s, map[string]string{}} }

func (b *browser) visit(method, path, body string) answer {
	b.t.Helper()
	for range 5 {
		var lines []string
		for name, value := range b.jar {
			lines = append(lines, "Cookie: "+name+"="+value)
		}
		if method == "POST" {
			lines = append(lines, formBody, "Origin: "+b.url)
		}
		a := b.ask(method, path, body, lines...)
		for name, c := range a.cookies {
			if b.jar[name] = c.Value; c.MaxAge < 0 {
				delete(b.jar, name)
			}
		}
		to := a.header.Get("Location")
		if !strings.HasPrefix(to, "/") {
			return a
		}
		method, path, body = "GET", to, ""
	}
	b.t.Fatal("too many redirects")
	return answer{}
}

var formTag = regexp.MustCompile(`<form method="post" action="([^"]*)">`)

// submit sends the form of a page.
func (b *browser) submit(page answer, pairs ...string) answer {
	b.t.Helper()
	m := formTag.FindStringSubmatch(page.body)
	if m == nil {
		b.t.Fatalf("no form: %d %s %s", page.status, page.header.Get("Location"), page.body)
	}
	for _, hidden := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page.body, -1) {
		pairs = append(pairs, hidden[1], html.UnescapeString(hidden[2]))
	}
	return b.visit("POST", html.UnescapeString(m[1]), values(pairs...).Encode())
}

// logIn fills in the login page.
func (b *browser) logIn(page answer) answer {
	b.t.Helper()
	return b.submit(page, "username", alice, "password", password, "action", "login")
}

// authorizeQuery returns the query of an authorization request of clients.Native, with changes.
func authorizeQuery(changes ...string) string {
	return "/authorize?" + values(append([]string{
		"client_id", clients.Native, "response_type", "code", "redirect_uri", callback, "state", "s1", "scope", "openid profile", "nonce", "n1",
		"code_challenge", challengeOf(verifier), "code_challenge_method", "S256",
	}, changes...)...).Encode()
}

// answerAt returns the parameters that arrived at a redirect URI.
func (a answer) answerAt(t *testing.T, redirect string) url.Values {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), redirect) {
		t.Fatalf("no redirect to %s: %d %s %s", redirect, a.status, a.header.Get("Location"), a.body)
	}
	return u.Query()
}

// code logs in and agrees, and returns the code.
func (s *site) code(changes ...string) string {
	s.t.Helper()
	b := s.browser()
	a := b.logIn(b.visit("GET", authorizeQuery(changes...), ""))
	if a.status == 200 {
		a = b.submit(a, "action", "allow")
	}
	code := a.answerAt(s.t, values(append([]string{"redirect_uri", callback}, changes...)...).Get("redirect_uri")).Get("code")
	if code == "" {
		s.t.Fatalf("no code: %s", a.header.Get("Location"))
	}
	return code
}

// redeem sends a code of clients.Native to the token endpoint, with changes.
func (s *site) redeem(code string, changes ...string) answer {
	s.t.Helper()
	return s.form("/token", append([]string{
		"grant_type", oauth.GrantCode, "client_id", clients.Native, "code", code, "redirect_uri", callback, "code_verifier", verifier,
	}, changes...))
}

// claims returns the claims of a token, which must verify under the published keys.
func (s *site) claims(text string) jsonobject.Object {
	s.t.Helper()
	set, err := jwk.Parse([]byte(s.ask("GET", "/jwks.json", "").body))
	if err != nil {
		s.t.Fatal(err)
	}
	token, err := jws.Parse(text)
	if err != nil {
		s.t.Fatal(err)
	}
	verified, _, err := token.Verify(set.Keys, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	o, err := jsonobject.Parse(verified.Payload())
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func claim(o jsonobject.Object, path string) string {
	v, _ := o.Lookup(path)
	return string(v)
}

// text returns a string member of a JSON answer.
func (a answer) text(name string) string {
	var o map[string]any
	json.Unmarshal([]byte(a.body), &o)
	text, _ := o[name].(string)
	return text
}

// proof returns the header line of a DPoP proof.
func (s *site) proof(key jwk.Key, method, path, token, nonce string) string {
	s.t.Helper()
	alg, _ := jwa.Lookup("ES256")
	if key.Type == "OKP" {
		alg, _ = jwa.Lookup("EdDSA")
	}
	text, err := dpop.Prove(dpop.Request{Method: method, URL: s.url + path, AccessToken: token, Nonce: nonce}, key, alg, s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return "DPoP: " + text
}

func TestCodeFlow(t *testing.T) {
	s := serve(t, testClients(t))
	b := s.browser()
	login := b.visit("GET", authorizeQuery(), "")
	if login.status != 200 || !contains(login.body, "<h1>Log in</h1>") {
		t.Fatalf("no login page: %d %s", login.status, login.body)
	}
	consent := b.logIn(login)
	if !contains(consent.body, "<h1>Allow access?</h1>") || !contains(consent.body, "read your name") {
		t.Fatalf("no consent page: %d %s", consent.status, consent.body)
	}
	params := b.submit(consent, "action", "allow").answerAt(t, callback)
	same(t, "state and iss", []string{params.Get("state"), params.Get("iss")}, []string{"s1", s.url})

	a := s.redeem(params.Get("code"))
	tokens := a.tokens(t)
	access, id := s.claims(tokens.AccessToken), s.claims(a.text("id_token"))
	same(t, "access token", []string{claim(access, "sub"), claim(access, "client_id"), claim(access, "scope"), claim(access, "aud")}, []string{`"alice"`, `"native"`, `"openid profile"`, `"` + s.url + `"`})
	same(t, "ID token", []string{claim(id, "sub"), claim(id, "aud"), claim(id, "nonce"), claim(id, "iss"), claim(id, "auth_time")}, []string{`"alice"`, `"native"`, `"n1"`, `"` + s.url + `"`, "1772366400"})
	half := sha256.Sum256([]byte(tokens.AccessToken))
	same(t, "at_hash", claim(id, "at_hash"), `"`+base64url.Encode(half[:16])+`"`)
	same(t, "headers", []string{a.header.Get("Cache-Control"), a.header.Get("Pragma")}, []string{"no-store", "no-cache"})
	same(t, "userinfo", s.ask("GET", "/userinfo", "", "Authorization: Bearer "+tokens.AccessToken).body, `{"sub":"alice","name":"alice","preferred_username":"alice"}`+"\n")

	next := s.form("/token", []string{"grant_type", "refresh_token", "client_id", clients.Native, "refresh_token", tokens.RefreshToken, "scope", "profile unknown"})
	same(t, "a narrower scope", next.text("scope"), "profile")
	again := s.form("/token", []string{"grant_type", "refresh_token", "client_id", clients.Native, "refresh_token", next.tokens(t).RefreshToken})
	same(t, "the scope afterwards", again.text("scope"), "openid profile")
	// The login in the browser is kept; the consent of any program is asked for again.
	if page := b.visit("GET", authorizeQuery(), ""); !contains(page.body, "Allow access?") {
		t.Errorf("the second time: %s", page.body)
	}
}

// TestRefreshTokenIsTheClients sends a refresh token of one client as others do.
func TestRefreshTokenIsTheClients(t *testing.T) {
	s := serve(t, testClients(t))
	tokens := s.redeem(s.code()).tokens(t)
	refresh := []string{"grant_type", "refresh_token", "refresh_token", tokens.RefreshToken}
	s.form("/token", append(refresh, "client_id", "app")).is(t, "another client", 400, "invalid_grant")
	s.form("/token", refresh).is(t, "no client", 400, "invalid_grant")
	s.spend(tokens.RefreshToken).is(t, "plain JSON", 401, "invalid_grant")
	s.ask("POST", "/refresh", "", "Cookie: refresh_token="+tokens.RefreshToken).is(t, "a cookie", 401, "invalid_grant")
	s.form("/token", append(refresh, "client_id", clients.Native)).tokens(t) // none of them has spent it
	plain := s.login().RefreshToken
	s.form("/token", []string{"grant_type", "refresh_token", "refresh_token", plain, "client_id", clients.Native}).is(t, "that of a plain login", 400, "invalid_grant")
}

// TestCodeRefused redeems a code as it must not be (RFC 9700 §2.1 and §4.5).
func TestCodeRefused(t *testing.T) {
	s := serve(t, testClients(t))
	code := s.code()
	for name, changes := range map[string][]string{
		"no verifier":          {"code_verifier", "-"},
		"another verifier":     {"code_verifier", strings.Repeat("x", 43)},
		"no redirect URI":      {"redirect_uri", "-"},
		"another redirect URI": {"redirect_uri", callback + "/x"},
		"another client":       {"client_id", "app"},
	} {
		s.redeem(code, changes...).is(t, name, 400, "invalid_grant")
	}
	s.redeem("unknown").is(t, "an unknown code", 400, "invalid_grant")
	s.redeem("-").is(t, "no code", 400, "invalid_request")
	s.redeem(code).tokens(t) // none of them has spent it
	late := s.code()
	s.clock.Advance(codeTTL)
	s.redeem(late).is(t, "an old code", 400, "invalid_grant")
}

// TestCodeReused redeems a code twice: the tokens of the first time are revoked.
func TestCodeReused(t *testing.T) {
	for _, wait := range []time.Duration{0, 30 * time.Second, 10 * time.Minute} {
		s := serve(t, func(o *Options) { testClients(t)(o); o.AccessTTL = time.Hour })
		code := s.code()
		tokens := s.redeem(code).tokens(t)
		s.redeem(code, "client_id", "app").is(t, "another client", 400, "invalid_grant")
		if a := s.me(tokens.AccessToken); a.status != 200 {
			t.Errorf("another client revokes the session: %s", a.body)
		}
		s.clock.Advance(wait)
		s.redeem(code).is(t, "the second time", 400, "invalid_grant")
		s.me(tokens.AccessToken).is(t, "the access token", 401, "invalid_token")
		s.form("/token", []string{"grant_type", "refresh_token", "client_id", clients.Native, "refresh_token", tokens.RefreshToken}).is(t, "the refresh token", 400, "invalid_grant")
	}
}

// TestAuthorizeRefused sends authorization requests that are shown to the user and not sent to
// a redirect URI, which an attacker may have chosen (RFC 9700 §2.1 and §4.1).
func TestAuthorizeRefused(t *testing.T) {
	s := serve(t, testClients(t))
	for name, changes := range map[string][]string{
		"no client":                 {"client_id", "-"},
		"an unknown client":         {"client_id", "evil"},
		"no redirect URI":           {"redirect_uri", "-"},
		"beyond loopback":           {"redirect_uri", "http://evil.example/callback"},
		"a name like loopback":      {"redirect_uri", "http://127.0.0.1.evil.example/callback"},
		"a user name like loopback": {"redirect_uri", "http://127.0.0.1@evil.example/callback"},
		"a fragment":                {"redirect_uri", callback + "#x"},
		"a longer path":             {"client_id", "web", "redirect_uri", webCallback + "/x"},
		"a shorter path":            {"client_id", "web", "redirect_uri", "https://web.example/"},
		"dots":                      {"client_id", "web", "redirect_uri", webCallback + "/../evil"},
		"another host":              {"client_id", "web", "redirect_uri", "https://web.example.evil.example/callback"},
		"another port":              {"client_id", "web", "redirect_uri", "https://web.example:8443/callback"},
		"another scheme":            {"client_id", "web", "redirect_uri", "http://web.example/callback"},
		"a query":                   {"client_id", "web", "redirect_uri", webCallback + "?x=y"},
		"another query":             {"client_id", "web", "redirect_uri", "https://web.example/other?a=c"},
		"upper case":                {"client_id", "web", "redirect_uri", "https://WEB.example/callback"},
		"loopback, another path":    {"client_id", "app", "redirect_uri", "http://127.0.0.1:1234/other"},
		"loopback, another name":    {"client_id", "app", "redirect_uri", "http://localhost:1234/callback"},
	} {
		a := s.ask("GET", authorizeQuery(changes...), "")
		if a.status != 400 || a.header.Get("Location") != "" || !contains(a.body, "This did not work") {
			t.Errorf("%s: %d %s %s", name, a.status, a.header.Get("Location"), a.body)
		}
	}
	for name, c := range map[string]struct {
		changes []string
		code    string
	}{
		"no response type":  {[]string{"response_type", "-"}, "invalid_request"},
		"implicit":          {[]string{"response_type", "token"}, "unsupported_response_type"},
		"hybrid":            {[]string{"response_type", "code id_token"}, "unsupported_response_type"},
		"a fragment":        {[]string{"response_mode", "fragment"}, "invalid_request"},
		"no PKCE":           {[]string{"code_challenge", "-", "code_challenge_method", "-"}, "invalid_request"},
		"plain PKCE":        {[]string{"code_challenge", verifier, "code_challenge_method", "plain"}, "invalid_request"},
		"PKCE, no method":   {[]string{"code_challenge_method", "-"}, "invalid_request"},
		"a short challenge": {[]string{"code_challenge", "abc"}, "invalid_request"},
		"request object":    {[]string{"request", "x"}, "request_not_supported"},
		"request URI":       {[]string{"request_uri", "https://x.example"}, "request_uri_not_supported"},
		"prompt":            {[]string{"prompt", "none login"}, "invalid_request"},
		"not logged in":     {[]string{"prompt", "none"}, "login_required"},
		"a bad scope":       {[]string{"scope", "a\"b"}, "invalid_scope"},
		"a bad resource":    {[]string{"resource", "relative"}, "invalid_target"},
	} {
		params := s.ask("GET", authorizeQuery(c.changes...), "").answerAt(t, callback)
		if params.Get("error") != c.code || params.Get("state") != "s1" || params.Get("iss") != s.url || params.Has("code") {
			t.Errorf("%s: %v", name, params)
		}
	}
	s.ask("GET", authorizeQuery("client_id", "app", "redirect_uri", "http://127.0.0.1:1/callback", "scope", "write"), "").answerAt(t, "http://127.0.0.1:1/callback?error=invalid_scope")
	s.ask("GET", authorizeQuery("client_id", "app", "redirect_uri", "com.example.app:/callback", "response_type", "token"), "").answerAt(t, "com.example.app:/callback?error=")
}

// TestAuthorizePages checks that pages cannot be framed, read by other sites or filled with
// HTML, and that other sites cannot agree for the user.
func TestAuthorizePages(t *testing.T) {
	s := serve(t, func(o *Options) { testClients(t)(o); o.Origins = []string{origin} })
	b := s.browser()
	login := b.visit("GET", authorizeQuery("client_id", "web", "redirect_uri", webCallback, "state", `"><script>`, "login_hint", `<i>"x"`), "")
	consent := b.logIn(login)
	for name, a := range map[string]answer{"login": login, "consent": consent} {
		csp := a.header.Get("Content-Security-Policy")
		if !contains(csp, "frame-ancestors 'none'") || !contains(csp, "default-src 'none'") || !contains(csp, "form-action 'self' https://web.example") || contains(csp, "unsafe") {
			t.Errorf("%s: CSP %s", name, csp)
		}
		if contains(a.body, "<script") || contains(a.body, "<i>") || contains(a.body, "Web <shop>") || !contains(a.body, "Web &lt;shop&gt;") {
			t.Errorf("%s: HTML of others: %s", name, a.body)
		}
		if a.header.Get("Referrer-Policy") != "same-origin" || a.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", name, a.header)
		}
	}
	if a := s.ask("GET", authorizeQuery(), "", "Origin: "+origin); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("scripts may read the login page (RFC 9700 §2.6)")
	}
	m := formTag.FindStringSubmatch(consent.body)
	for name, lines := range map[string][]string{
		"another site agrees":    {"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"},
		"an allowed app agrees":  {"Origin: " + origin, "Sec-Fetch-Site: same-site"},
		"an old browser's agree": {"Origin: " + origin},
	} {
		lines = append(lines, formBody, "Cookie: login="+b.jar["login"])
		s.ask("POST", html.UnescapeString(m[1]), "action=allow", lines...).is(t, name, 403, "invalid_request")
	}
	if c := login.cookies["login"]; c != nil {
		t.Error("a cookie before the login")
	}
	refused := b.submit(consent, "action", "deny").answerAt(t, webCallback)
	same(t, "refused", refused.Get("error"), "access_denied")
	if a := b.submit(b.visit("GET", authorizeQuery("prompt", "login"), ""), "username", alice, "password", "wrong", "action", "login"); !contains(a.body, "User name or password is wrong.") || contains(a.body, "wrong\"") {
		t.Errorf("a wrong password: %s", a.body)
	}
}

// TestPrompt checks when the pages are shown again (OpenID Connect Core §3.1.2.1).
func TestPrompt(t *testing.T) {
	s := serve(t, testClients(t))
	b := s.browser()
	web := []string{"client_id", "web", "redirect_uri", webCallback}
	ask := func(changes ...string) answer { return b.visit("GET", authorizeQuery(append(web, changes...)...), "") }
	b.submit(b.logIn(ask()), "action", "allow").answerAt(t, webCallback)
	for name, changes := range map[string][]string{"again": {}, "none": {"prompt", "none"}, "max_age": {"max_age", "10000"}, "another order": {"scope", "profile openid"}, "less": {"scope", "openid"}} {
		if params := ask(changes...).answerAt(t, webCallback); params.Get("code") == "" {
			t.Errorf("%s: %v", name, params)
		}
	}
	s.clock.Advance(2 * time.Second)
	for name, c := range map[string]struct {
		changes []string
		title   string
	}{
		"login": {[]string{"prompt", "login"}, "Log in"}, "consent": {[]string{"prompt", "consent"}, "Allow access?"},
		"max_age": {[]string{"max_age", "1"}, "Log in"}, "more": {[]string{"scope", "openid email"}, "Allow access?"},
		"no number": {[]string{"max_age", "x"}, "Log in"},
	} {
		if a := ask(c.changes...); !contains(a.body, "<h1>"+c.title+"</h1>") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	same(t, "consent_required", ask("prompt", "none", "scope", "openid email").answerAt(t, webCallback).Get("error"), "consent_required")
	params := b.logIn(ask("prompt", "login", "max_age", "1")).answerAt(t, webCallback)
	a := s.form("/token", []string{"grant_type", oauth.GrantCode, "code", params.Get("code"), "redirect_uri", webCallback, "code_verifier", verifier}, basic("web", "s3cret+/ %"))
	same(t, "auth_time", claim(s.claims(a.text("id_token")), "auth_time"), "1772366402")
	hinted := ask("id_token_hint", a.text("id_token")).answerAt(t, webCallback)
	if hinted.Get("code") == "" {
		t.Errorf("id_token_hint: %v", hinted)
	}
	posted := s.ask("POST", "/authorize", strings.TrimPrefix(authorizeQuery(web...), "/authorize?"), formBody, "Origin: https://web.example", "Sec-Fetch-Site: cross-site")
	if got := b.visit("GET", posted.header.Get("Location"), "").answerAt(t, webCallback); posted.status != 303 || got.Get("code") == "" {
		t.Errorf("a request by POST: %d %s %v", posted.status, posted.body, got)
	}
}
