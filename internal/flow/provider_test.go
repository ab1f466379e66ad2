package flow_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/base64url"
	"jwt/internal/dpop"
	"jwt/internal/flow"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/presets"
)

// A fakeProvider is an OpenID Provider in memory that breaks one rule at a time. It has a
// page of the local server, so that it is filled in.
type fakeProvider struct {
	t        *testing.T
	url      string
	issuer   string
	fault    string
	secret   string // of the client "c"; "" makes it public
	redirect string
	key, old jwk.Key

	mu      sync.Mutex
	serial  int
	proofs  map[string]bool
	filled  int // how often the page was filled in
	codes   map[string]*fakeCode
	pushed  map[string]url.Values
	devices map[string]bool
	access  map[string]*fakeSession
	refresh map[string]*fakeSession
	spent   map[string]*fakeSession
}

type fakeCode struct {
	query   url.Values
	session *fakeSession
}

type fakeSession struct {
	revoked bool
	nonce   string
	scope   string
	jkt     string
	client  string
}

const fakeRedirect = "https://client.example/callback"

func fakeProviderAt(t *testing.T, fault, secret string) *fakeProvider {
	t.Helper()
	f := &fakeProvider{
		t: t, fault: fault, secret: secret, redirect: fakeRedirect, codes: map[string]*fakeCode{}, proofs: map[string]bool{}, pushed: map[string]url.Values{}, devices: map[string]bool{},
		access: map[string]*fakeSession{}, refresh: map[string]*fakeSession{}, spent: map[string]*fakeSession{},
	}
	for _, k := range []*jwk.Key{&f.key, &f.old} {
		var err error
		if *k, err = jwk.Generate("P-256", 0); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", f.metadata)
	mux.HandleFunc("/jwks", f.jwks)
	mux.HandleFunc("/authorize", f.authorize)
	mux.HandleFunc("/token", f.token)
	mux.HandleFunc("/par", f.push)
	mux.HandleFunc("/userinfo", f.userinfo)
	mux.HandleFunc("/revoke", f.revoke)
	mux.HandleFunc("/introspect", f.introspect)
	mux.HandleFunc("/device_authorization", f.device)
	s := &httptest.Server{Listener: listen(), Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.is("no-no-store") {
			w.Header().Set("Cache-Control", "no-store")
		}
		mux.ServeHTTP(w, r)
	})}}
	s.Start()
	t.Cleanup(s.Close)
	f.url, f.issuer = s.URL, s.URL
	if f.is("other-issuer") {
		f.issuer += ".attacker.example"
	}
	return f
}

func (f *fakeProvider) is(fault string) bool { return f.fault == fault }

func (f *fakeProvider) random() string {
	f.serial++
	return fmt.Sprintf("opaque-%d-%s", f.serial, strings.Repeat("x", 30))
}

func (f *fakeProvider) metadata(w http.ResponseWriter, _ *http.Request) {
	said := map[string]any{
		"issuer": f.issuer, "authorization_endpoint": f.url + "/authorize", "token_endpoint": f.url + "/token", "userinfo_endpoint": f.url + "/userinfo",
		"jwks_uri": f.url + "/jwks", "revocation_endpoint": f.url + "/revoke", "introspection_endpoint": f.url + "/introspect",
		"device_authorization_endpoint": f.url + "/device_authorization", "authorization_response_iss_parameter_supported": true,
		"scopes_supported": []string{"openid", "offline_access"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"dpop_signing_alg_values_supported": []string{"ES256"},
	}
	if f.is("par") {
		said["require_pushed_authorization_requests"], said["pushed_authorization_request_endpoint"] = true, f.url+"/par"
	}
	if f.is("no-metadata") {
		delete(said, "token_endpoint")
	}
	json.NewEncoder(w).Encode(said)
}

func (f *fakeProvider) jwks(w http.ResponseWriter, _ *http.Request) {
	key := f.key
	if f.is("jwks-stale") {
		key = f.old
	}
	fmt.Fprintf(w, `{"keys":[%s]}`, key.JWK(false).Bytes())
}

func (f *fakeProvider) push(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	if !f.authentic(r) || !f.takes(r.PostForm.Get("redirect_uri")) || f.refuses(r.PostForm) != "" {
		f.refuse(w, "invalid_request")
		return
	}
	uri := f.random()
	f.pushed[uri] = r.PostForm
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"request_uri":%q,"expires_in":60}`, uri)
}

func (f *fakeProvider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if f.is("par") {
		q = f.pushed[q.Get("request_uri")]
	}
	if r.Method == http.MethodPost {
		f.filled++
		if r.ParseForm() != nil || r.PostForm.Get("username") != "alice" || r.PostForm.Get("password") != password {
			w.WriteHeader(http.StatusForbidden)
			return
		}
	}
	if !f.takes(q.Get("redirect_uri")) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {q.Get("state")}, "iss": {f.issuer}}
	switch {
	case f.is("no-state"):
		back.Del("state")
	case f.is("no-iss"):
		back.Del("iss")
	case f.is("wrong-iss"):
		back.Set("iss", "https://attacker.example")
	}
	if why := f.refuses(q); why != "" {
		back.Set("error", why)
	} else if r.Method == http.MethodGet {
		f.page(w, r)
		return
	} else {
		code := f.random()
		f.codes[code] = &fakeCode{query: q}
		back.Set("code", code)
	}
	w.Header().Set("Location", q.Get("redirect_uri")+"?"+back.Encode())
	if f.is("redirect-307") {
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	w.WriteHeader(http.StatusSeeOther)
}

func (f *fakeProvider) page(w http.ResponseWriter, r *http.Request) {
	if !f.is("framed") {
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	}
	if f.is("cors") {
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	w.Header().Set("Content-Type", "text/html")
	mark, action := `<meta name="generator" content="jwt session serve">`, strings.ReplaceAll(r.URL.RequestURI(), "&", "&amp;")
	switch f.fault {
	case "another page":
		mark = ""
	case "another action":
		action = "http://127.0.0.1:1/"
	}
	fmt.Fprintf(w, `<!DOCTYPE html>%s<form method="post" action="%s">`, mark, action)
	fmt.Fprint(w, `<input type="hidden" name="csrf" value="x"><input name="username"><input type="password" name="password"><button name="act" value="yes">Log in</button></form>`)
}

// takes reports whether the client has this redirect URI.
func (f *fakeProvider) takes(uri string) bool {
	u, _ := url.Parse(uri)
	want, _ := url.Parse(f.redirect)
	switch f.fault {
	case "redirect-prefix-match":
		return strings.HasPrefix(uri, f.redirect)
	case "redirect-any-port":
		return u.Hostname() == want.Hostname() && u.Path == want.Path
	case "redirect-any-path":
		return u.Host == want.Host && !strings.HasPrefix(u.Path, want.Path+"/") || uri == f.redirect
	}
	return uri == f.redirect
}

// refuses returns the error for an authorization request.
func (f *fakeProvider) refuses(q url.Values) string {
	switch method := q.Get("code_challenge_method"); {
	case f.is("login-refused"):
		return "access_denied"
	case method == "plain" && f.is("plain-pkce-accepted"), method == "" && (f.is("pkce-optional") || f.is("pkce-downgrade") && q.Get("client_id") == "c"):
		return ""
	case method != "S256":
		return "invalid_request"
	}
	return ""
}

func (f *fakeProvider) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	if f.is("dpop-nonce") && f.asksNonce(w, r) {
		f.refuse(w, "use_dpop_nonce")
		return
	}
	session, why := f.grant(r)
	if session == nil {
		f.refuse(w, why)
		return
	}
	access := f.accessToken(session)
	f.access[access] = session
	said := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3600}
	if session.jkt != "" {
		said["token_type"] = "DPoP"
	}
	if again := r.PostForm.Get("refresh_token"); again != "" && f.is("rotation-off") {
		f.refresh[again] = session
	} else if session.scope != "" && !f.is("no-refresh-token") {
		refresh := f.random()
		f.refresh[refresh] = session
		said["refresh_token"] = refresh
	}
	if strings.Contains(session.scope, "openid") && r.PostForm.Get("grant_type") != "refresh_token" && !f.is("no-id-token") {
		said["id_token"] = f.idToken(session, access)
	}
	switch f.fault {
	case "expires-in-string":
		said["expires_in"] = "3600"
	case "token-type-odd":
		if session.jkt == "" {
			said["token_type"] = "BearerToken"
		}
	case "dpop-ignored":
		said["token_type"] = "Bearer"
	}
	w.Header().Set("Content-Type", "application/json")
	if f.is("json-as-html") {
		w.Header().Set("Content-Type", "text/html")
	}
	json.NewEncoder(w).Encode(said)
}

func (f *fakeProvider) refuse(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	if f.is("error-200") {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":%q}`, code)
}

// grant returns the session of a token request, or the error.
func (f *fakeProvider) grant(r *http.Request) (*fakeSession, string) {
	if !f.authentic(r) {
		return nil, "invalid_client"
	}
	form := r.PostForm
	switch form.Get("grant_type") {
	case "client_credentials":
		session := &fakeSession{}
		if f.is("refresh-for-client") {
			session.scope = "x"
		}
		return f.bind(session, r), ""
	case "authorization_code":
		return f.redeem(r)
	case "refresh_token":
		session := f.refresh[form.Get("refresh_token")]
		if old := f.spent[form.Get("refresh_token")]; old != nil {
			old.revoked = true
		}
		if session == nil || session.revoked {
			return nil, "invalid_grant"
		}
		if session.jkt != "" && f.secret == "" && r.Header.Get("DPoP") == "" && !f.is("refresh-unbound") {
			return nil, "invalid_dpop_proof"
		}
		if session.client != clientOf(r) && !f.is("refresh-any-client") {
			return nil, "invalid_grant"
		}
		if f.is("rotation-off") {
			return session, ""
		}
		delete(f.refresh, form.Get("refresh_token"))
		f.spent[form.Get("refresh_token")] = session
		return session, ""
	case "urn:ietf:params:oauth:grant-type:device_code":
		switch known := f.devices[form.Get("device_code")]; {
		case !known && f.is("device-code-unchecked"), known && f.is("device-not-asked"):
			return &fakeSession{}, ""
		case !known:
			return nil, "invalid_grant"
		}
		if f.is("device-slow-down") {
			return nil, "slow_down"
		}
		return nil, "authorization_pending"
	}
	return nil, "unsupported_grant_type"
}

func (f *fakeProvider) authentic(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret) // RFC 6749 §2.3.1
	if !basic {
		id = r.PostForm.Get("client_id")
	}
	switch {
	case f.is("any-client") && r.URL.Path == "/token":
		return true
	case id == "o": // another client, which is public
		return secret == ""
	case id != "c":
		return false
	case f.is("secret-unchecked"):
		return basic || f.secret == ""
	case f.is("secret-optional") && !basic:
		return true
	}
	return secret == f.secret
}

// clientOf returns the client that a request names.
func clientOf(r *http.Request) string {
	if id, _, basic := r.BasicAuth(); basic {
		return id
	}
	return r.PostForm.Get("client_id")
}

func (f *fakeProvider) redeem(r *http.Request) (*fakeSession, string) {
	form := r.PostForm
	code := f.codes[form.Get("code")]
	if code == nil {
		return nil, "invalid_grant"
	}
	if code.session != nil && !f.is("code-twice") {
		code.session.revoked = !f.is("code-reuse-ignored")
		return nil, "invalid_grant"
	}
	if code.query.Get("client_id") != clientOf(r) && !f.is("code-any-client") && !(f.is("any-client") && clientOf(r) != "o") {
		return nil, "invalid_grant"
	}
	verifier, challenge := form.Get("code_verifier"), code.query.Get("code_challenge")
	sum := sha256.Sum256([]byte(verifier))
	matches := base64url.Encode(sum[:]) == challenge || code.query.Get("code_challenge_method") == "plain" && verifier == challenge
	switch {
	case f.is("verifier-optional") && verifier == "", f.is("verifier-unchecked") && verifier != "" && challenge != "", f.is("pkce-downgrade") && challenge == "":
	case challenge == "" && verifier == "", challenge != "" && matches:
	default:
		return nil, "invalid_grant"
	}
	if form.Get("redirect_uri") != code.query.Get("redirect_uri") && !f.is("redirect-not-bound") {
		return nil, "invalid_grant"
	}
	code.session = f.bind(&fakeSession{nonce: code.query.Get("nonce"), scope: code.query.Get("scope"), client: clientOf(r)}, r)
	return code.session, ""
}

// asksNonce gives the nonce for the next DPoP proof, and reports whether this one lacks it.
func (f *fakeProvider) asksNonce(w http.ResponseWriter, r *http.Request) bool {
	proof := r.Header.Get("DPoP")
	if proof == "" {
		return false
	}
	w.Header().Set("DPoP-Nonce", "a nonce")
	token, err := jws.Parse(proof)
	return err == nil && !strings.Contains(string(token.Payload), `"nonce":"a nonce"`)
}

// bind binds a session to the key of a DPoP proof.
func (f *fakeProvider) bind(session *fakeSession, r *http.Request) *fakeSession {
	if proof := r.Header.Get("DPoP"); proof != "" && !f.is("dpop-ignored") {
		checked, err := dpop.Check(proof, dpop.Request{Method: http.MethodPost, URL: f.url + "/token"}, time.Now())
		if err != nil {
			f.t.Error(err)
		}
		session.jkt = checked.Thumbprint
	}
	return session
}

func (f *fakeProvider) sign(typ string, key jwk.Key, claims map[string]any) string {
	var header jsonobject.Object
	header.Set("alg", jsonobject.Quote("ES256"))
	header.Set("typ", jsonobject.Quote(typ))
	payload, _ := json.Marshal(claims)
	alg, _ := jwa.Lookup("ES256")
	token, err := jws.Sign(header, payload, key, alg, false)
	if err != nil {
		f.t.Fatal(err)
	}
	return token.Text()
}

func (f *fakeProvider) accessToken(session *fakeSession) string {
	now := time.Now()
	claims := map[string]any{"iss": f.url, "sub": "u1", "aud": f.url, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": f.random()}
	if session.jkt != "" && !f.is("no-cnf") {
		claims["cnf"] = map[string]any{"jkt": session.jkt}
	}
	return f.sign("at+jwt", f.key, claims)
}

func (f *fakeProvider) idToken(session *fakeSession, access string) string {
	now := time.Now()
	sum := sha256.Sum256([]byte(access))
	claims := map[string]any{"iss": f.issuer, "sub": "u1", "aud": "c", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": session.nonce, "at_hash": base64url.Encode(sum[:16])}
	switch f.fault {
	case "id-token-wrong-iss":
		claims["iss"] = "https://attacker.example"
	case "id-token-wrong-aud":
		claims["aud"] = []string{"another"}
	case "id-token-wrong-nonce":
		claims["nonce"] = "another"
	case "id-token-wrong-at-hash":
		claims["at_hash"] = "another"
	case "id-token-expired":
		claims["exp"] = now.Add(-time.Hour).Unix()
	}
	token := f.sign("JWT", f.key, claims)
	if f.is("id-token-wrong-alg") {
		parts := strings.Split(token, ".")
		token = base64url.Encode([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	}
	return token
}

func (f *fakeProvider) userinfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	session := f.access[token]
	if f.is("dpop-nonce") && f.asksNonce(w, r) {
		w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	good := session != nil && !session.revoked
	if good && session.jkt != "" && !(f.is("proof-optional") && scheme == "Bearer") {
		proof, err := dpop.Check(r.Header.Get("DPoP"), dpop.Request{Method: http.MethodGet, URL: f.url + "/userinfo", AccessToken: token}, time.Now())
		good = scheme == "DPoP" && (err == nil && proof.Thumbprint == session.jkt || f.is("proof-of-any-key")) && (!f.proofs[proof.ID] || f.is("proof-replay"))
		f.proofs[proof.ID] = proof.ID != ""
	}
	if !good {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	sub := "u1"
	if f.is("userinfo-of-another") {
		sub = "u2"
	}
	fmt.Fprintf(w, `{"sub":%q}`, sub)
}

func (f *fakeProvider) revoke(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	session := f.refresh[r.PostForm.Get("token")]
	if session == nil && f.spent[r.PostForm.Get("token")] == nil && f.is("revocation-unknown-fails") {
		f.refuse(w, "invalid_token")
		return
	}
	if session != nil {
		session.revoked = true
	}
}

func (f *fakeProvider) introspect(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	if !f.authentic(r) && !f.is("introspection-open") {
		f.refuse(w, "invalid_client")
		return
	}
	session := f.access[r.PostForm.Get("token")]
	active := session != nil && !session.revoked
	if f.is("introspection-always") {
		active = true
	}
	if f.is("introspection-never") {
		active = false
	}
	fmt.Fprintf(w, `{"active":%t}`, active)
}

func (f *fakeProvider) device(w http.ResponseWriter, _ *http.Request) {
	code := f.random()
	f.devices[code] = true
	said := map[string]any{"device_code": code, "user_code": "ABCD", "verification_uri": f.url + "/device", "expires_in": 600, "interval": 5}
	if f.is("device-no-expiry") {
		delete(said, "expires_in")
	}
	json.NewEncoder(w).Encode(said)
}

// oauthOptions returns the options for a provider.
func oauthOptions(t *testing.T, f *fakeProvider, by string) flow.Options {
	t.Helper()
	o := options(t, f.url, "cookie")
	o.Preset = presets.Preset{}
	o.OAuth = &flow.OAuth{Flow: by, ClientID: "c", Secrets: authclient.OAuthSecrets{ClientSecret: f.secret}, Redirect: f.redirect, Other: "o"}
	return o
}
