package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/base64url"
	"jwt/internal/jwk"
)

// A provider is an OpenID provider that follows the specifications, except where a test makes
// it misbehave. Its login page logs in at once.
type provider struct {
	t    *testing.T
	url  string
	key  jwk.Key
	more []jwk.Key // others in the key set
	dir  string    // of the sessions of its clients
	http *http.Client

	metadata map[string]any                                   // changes to the metadata; nil removes a member
	idToken  func(header, claims map[string]any)              // changes an ID token
	sign     func(header, claims []byte) string               // signs an ID token, if set
	answer   func(grant string, fields map[string]any)        // changes a token response
	redirect func(url.Values)                                 // changes an authorization response
	around   func(http.ResponseWriter, *http.Request, func()) // before a request is handled, if set

	mu       sync.Mutex
	codes    map[string]url.Values // the authorization requests, by code
	pushed   map[string]url.Values
	refresh  string // the current refresh token
	polls    int    // of the device before it is allowed
	requests []asked
	notices  []string
}

// An asked is a request that a provider got.
type asked struct {
	path   string
	header http.Header
	form   url.Values
	body   string
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, codes: map[string]url.Values{}, pushed: map[string]url.Values{}, metadata: map[string]any{}, dir: filepath.Join(t.TempDir(), "sessions")}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	p.url = server.URL
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	r.Form = form
	p.mu.Lock()
	p.requests = append(p.requests, asked{r.URL.Path, r.Header.Clone(), form, string(body)})
	p.mu.Unlock()
	handle := func() { p.handle(w, r) }
	if p.around != nil {
		p.around(w, r, handle)
		return
	}
	handle()
}

func (p *provider) handle(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.discovery(w)
	case "/jwks":
		p.keySet(w)
	case "/authorize/":
		p.authorize(w, r)
	case "/par":
		id := "urn:ietf:params:oauth:request_uri:" + rand.Text()
		p.mu.Lock()
		p.pushed[id] = r.Form
		p.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
		reply(w, map[string]any{"request_uri": id, "expires_in": 60})
	case "/device":
		reply(w, map[string]any{"device_code": "device-secret", "user_code": "WDJB-MJHT", "verification_uri": p.url + "/activate", "expires_in": "600", "interval": 1})
	case "/token/":
		p.token(w, r.Form)
	case "/userinfo":
		reply(w, map[string]any{"sub": "alice", "name": "Alice"})
	case "/introspect":
		reply(w, map[string]any{"active": true, "scope": "openid"})
	case "/api":
		w.Write([]byte("the API"))
	case "/revoke":
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// keySet answers with the public keys, which have no kid.
func (p *provider) keySet(w http.ResponseWriter) {
	var keys []string
	for _, key := range append(p.more, p.key) {
		keys = append(keys, string(key.JWK(false).Bytes()))
	}
	io.WriteString(w, `{"keys":[`+strings.Join(keys, ",")+`]}`)
}

// reply writes JSON.
func reply(w http.ResponseWriter, fields map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(fields)
}

func (p *provider) discovery(w http.ResponseWriter) {
	m := map[string]any{
		"issuer": p.url, "authorization_endpoint": p.url + "/authorize/", "token_endpoint": p.url + "/token/", "jwks_uri": p.url + "/jwks",
		"device_authorization_endpoint": p.url + "/device", "userinfo_endpoint": p.url + "/userinfo", "introspection_endpoint": p.url + "/introspect",
		"revocation_endpoint": p.url + "/revoke", "pushed_authorization_request_endpoint": p.url + "/par",
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"scopes_supported": []string{"openid", "offline_access"}, "authorization_response_iss_parameter_supported": true,
	}
	for name, value := range p.metadata {
		m[name] = value
		if value == nil {
			delete(m, name)
		}
	}
	reply(w, m)
}

// authorize answers an authorization request as if the user had logged in before.
func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	if id := q.Get("request_uri"); id != "" {
		q = p.pushed[id]
	}
	code := rand.Text()
	p.codes[code] = q
	p.mu.Unlock()
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		p.t.Error(err)
	}
	answer := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.url}}
	if p.redirect != nil {
		p.redirect(answer)
	}
	to.RawQuery = answer.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

// token answers a token request.
func (p *provider) token(w http.ResponseWriter, form url.Values) {
	refuse := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]any{"error": code})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	grant, nonce := form.Get("grant_type"), ""
	switch grant {
	case "authorization_code":
		asked, ok := p.codes[form.Get("code")]
		delete(p.codes, form.Get("code"))
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if !ok || asked.Get("code_challenge") != base64url.Encode(sum[:]) || asked.Get("code_challenge_method") != "S256" || asked.Get("redirect_uri") != form.Get("redirect_uri") {
			refuse("invalid_grant")
			return
		}
		nonce = asked.Get("nonce")
	case "refresh_token":
		if form.Get("refresh_token") != p.refresh {
			refuse("invalid_grant")
			return
		}
	case "urn:ietf:params:oauth:grant-type:device_code":
		if p.polls > 0 {
			p.polls--
			refuse("authorization_pending")
			return
		}
	}
	p.refresh = rand.Text()
	fields := map[string]any{"access_token": "opaque-" + rand.Text(), "token_type": "Bearer", "expires_in": 300, "refresh_token": p.refresh, "id_token": p.makeIDToken(nonce)}
	if grant == "client_credentials" {
		delete(fields, "refresh_token")
		delete(fields, "id_token")
	}
	if p.answer != nil {
		p.answer(grant, fields)
	}
	reply(w, fields)
}

// makeIDToken returns an ID token.
func (p *provider) makeIDToken(nonce string) string {
	now := time.Now().Unix()
	header := map[string]any{"alg": "ES256", "typ": "JWT"}
	claims := map[string]any{"iss": p.url, "sub": "alice", "aud": "native", "exp": now + 300, "iat": now, "auth_time": now}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if p.idToken != nil {
		p.idToken(header, claims)
	}
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	if p.sign != nil {
		return p.sign(h, c)
	}
	return signWith(p.key, h, c)
}

// client returns a client like that of another process.
func (p *provider) client() *Client {
	return &Client{
		Store: &Store{Dir: p.dir}, Name: DefaultName, Presets: shippedPreset, HTTP: p.http, UserAgent: "jwt/test", Now: time.Now, Timeout: time.Minute,
		Notice: func(message string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.notices = append(p.notices, message)
		},
	}
}

// login logs in. The user's browser follows the login page.
func (p *provider) login(flow string, change func(*Login)) (*Session, error) {
	p.t.Helper()
	l := Login{Server: mustServer(p.t, p.url), Store: StoreFile, OAuth: &authclient.OAuth{Flow: flow, ClientID: "native"}}
	l.Dialog = authclient.Dialog{Visit: func(page string) { go p.browse(page) }, Enter: func(authclient.DeviceCode) {}}
	if change != nil {
		change(&l)
	}
	c := p.client()
	if err := c.Prepare(p.t.Context(), &l, p.url, false); err != nil {
		return nil, err
	}
	return c.Login(p.t.Context(), l)
}

func (p *provider) mustLogin(flow string, change func(*Login)) *Session {
	p.t.Helper()
	s, err := p.login(flow, change)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// browse follows a page's redirects, as a browser does, and returns the last page.
func (p *provider) browse(page string) string {
	resp, err := http.Get(page)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// asked returns the requests to a path.
func (p *provider) asked(path string) []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []asked
	for _, r := range p.requests {
		if r.path == path {
			found = append(found, r)
		}
	}
	return found
}

// last returns the last request to a path.
func (p *provider) last(path string) asked {
	p.t.Helper()
	all := p.asked(path)
	if len(all) == 0 {
		p.t.Fatalf("no request to %s", path)
	}
	return all[len(all)-1]
}

// stored returns the stored session.
func (p *provider) stored() *Session {
	p.t.Helper()
	s, err := (&Store{Dir: p.dir}).Load(DefaultName)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// age makes the access token of the stored session stale.
func (p *provider) age() {
	p.t.Helper()
	s := p.stored()
	s.Obtained, s.AccessExpires = time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
	if err := (&Store{Dir: p.dir}).save(s); err != nil {
		p.t.Fatal(err)
	}
}

// basic returns the user and password of Basic authentication, decoded as RFC 6749 §2.3.1 says.
func (a asked) basic() (id, secret string) {
	r := http.Request{Header: a.header}
	id, secret, _ = r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	return id, secret
}
