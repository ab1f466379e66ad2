package session

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

func TestClientCredentials(t *testing.T) {
	p := newProvider(t)
	s := p.mustLogin(authclient.FlowClientCredentials, func(l *Login) {
		l.OAuth.ClientID, l.OAuth.ClientSecret, l.OAuth.Scope, l.OAuth.Audiences = "a:b c", "s%/é", "read", []string{"https://api.example"}
	})
	asked := p.last("/token/")
	if id, secret := asked.basic(); id != "a:b c" || secret != "s%/é" || asked.form.Get("client_id") != "" || asked.form.Get("scope") != "read" || asked.form.Get("audience") != "https://api.example" {
		t.Errorf("the request is %+v", asked)
	}
	if !s.HasRefresh() || s.RefreshToken != "" || s.Preset != "oidc" {
		t.Errorf("%+v", s)
	}
	p.age()
	fresh, err := p.client().Token(t.Context(), 0)
	if err != nil || fresh.AccessToken == s.AccessToken || p.stored().Pending != nil {
		t.Fatalf("the client gets no new token by itself: %v", err)
	}
	if n := len(p.asked("/token/")); n != 2 {
		t.Errorf("%d token requests", n)
	}
}

func TestPasswordGrant(t *testing.T) {
	p := newProvider(t)
	s := p.mustLogin(authclient.FlowPassword, func(l *Login) { l.User, l.Password = "alice", []byte("correct horse") })
	asked := p.last("/token/").form
	if asked.Get("username") != "alice" || asked.Get("password") != "correct horse" || asked.Get("client_id") != "native" || asked.Get("scope") != "openid offline_access" {
		t.Errorf("the request is %v", asked)
	}
	if s.RefreshToken == "" || s.OAuth.Subject != "alice" {
		t.Errorf("%+v", s)
	}
	p.age()
	fresh, err := p.client().Token(t.Context(), 0)
	if err != nil || fresh.RefreshToken == s.RefreshToken {
		t.Fatalf("no refresh: %v", err)
	}
	if form := p.last("/token/").form; form.Get("grant_type") != "refresh_token" || form.Get("scope") != "" || form.Get("client_id") != "native" {
		t.Errorf("the refresh is %v", form)
	}
}

func TestRefreshAnswersOfOAuth(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(fields map[string]any)
		life   time.Duration
	}{
		"without refresh token": {func(f map[string]any) { delete(f, "refresh_token") }, 300 * time.Second},
		"without expires_in":    {func(f map[string]any) { delete(f, "expires_in") }, 0},
		"text":                  {func(f map[string]any) { f["expires_in"] = "120" }, 120 * time.Second},
		"fraction":              {func(f map[string]any) { f["expires_in"] = 120.9 }, 120 * time.Second},
		"milliseconds":          {func(f map[string]any) { f["expires_in"] = 3600000 }, time.Hour},
		"a month":               {func(f map[string]any) { f["expires_in"] = 2592000 }, 30 * 24 * time.Hour},
		"type in small letters": {func(f map[string]any) { f["token_type"] = "bearer" }, 300 * time.Second},
		"BearerToken":           {func(f map[string]any) { f["token_type"] = "BearerToken" }, 300 * time.Second},
		"scope not granted":     {func(f map[string]any) { f["scope"] = "openid" }, 300 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			old := p.mustLogin(authclient.FlowPassword, nil)
			p.age()
			p.answer = func(_ string, fields map[string]any) { tt.answer(fields) }
			if name == "without refresh token" {
				p.answer = func(_ string, fields map[string]any) { tt.answer(fields); p.refresh = old.RefreshToken }
			}
			s, err := p.client().Token(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if life := s.lifetime(); life != tt.life {
				t.Errorf("the lifetime is %s, want %s", life, tt.life)
			}
			p.age()
			p.answer = nil
			if _, err := p.client().Token(t.Context(), 0); err != nil {
				t.Errorf("the session was lost: %v", err)
			}
		})
	}
}

// TestRefusedRefreshOfOAuth checks which refusals end the session.
func TestRefusedRefreshOfOAuth(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		class  verdict.Class
		ended  bool
	}{
		"invalid_grant":           {400, `{"error":"invalid_grant"}`, verdict.SessionRevoked, true},
		"GitHub, status 200":      {200, `{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}`, verdict.SessionRevoked, true},
		"invalid_client":          {401, `{"error":"invalid_client"}`, verdict.FetchFailed, false},
		"invalid_scope":           {400, `{"error":"invalid_scope"}`, verdict.FetchFailed, false},
		"temporarily_unavailable": {503, `{"error":"temporarily_unavailable"}`, verdict.ServerError, false},
		"page of a proxy":         {401, `<html>Log in to the network</html>`, verdict.FetchFailed, false},
		"redirect":                {307, ``, verdict.FetchRefused, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			s := p.mustLogin(authclient.FlowPassword, nil)
			p.age()
			p.around = func(w http.ResponseWriter, r *http.Request, handle func()) {
				if r.URL.Path != "/token/" {
					handle()
					return
				}
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			}
			_, err := p.client().Token(t.Context(), 0)
			mustFail(t, err, tt.class, "", s.RefreshToken)
			if ended := p.stored().Ended != nil; ended != tt.ended {
				t.Errorf("ended is %v: %v", ended, err)
			}
		})
	}
}

// TestClientAssertion checks that every assertion is new, and that the audience which the
// server refuses is replaced.
func TestClientAssertion(t *testing.T) {
	key, err := jwk.Generate("P-256", 0)
	if err != nil {
		t.Fatal(err)
	}
	p := newProvider(t)
	var ids []string
	p.around = func(w http.ResponseWriter, r *http.Request, handle func()) {
		if r.URL.Path != "/token/" {
			handle()
			return
		}
		token, err := jws.Parse(r.Form.Get("client_assertion"))
		if err != nil {
			t.Error(err)
		}
		claims := string(token.Payload)
		id := claims[strings.Index(claims, `"jti":"`):][7:30]
		for _, before := range ids {
			if id == before {
				t.Error("the same jti again")
			}
		}
		ids = append(ids, id)
		if !strings.Contains(claims, `"aud":"`+p.url+`/token/"`) {
			w.WriteHeader(http.StatusUnauthorized)
			reply(w, map[string]any{"error": "invalid_client"})
			return
		}
		handle()
	}
	p.mustLogin(authclient.FlowPassword, func(l *Login) { l.OAuth.ClientKey = string(key.JWK(true).Bytes()) })
	if len(ids) != 2 {
		t.Errorf("%d assertions, want 2: for the issuer, then for the token endpoint", len(ids))
	}
	p.age()
	if _, err := p.client().Token(t.Context(), 0); err != nil || len(ids) != 3 {
		t.Errorf("%d assertions: the audience that the server accepts is not kept: %v", len(ids), err)
	}
}

func TestCodeFlow(t *testing.T) {
	p := newProvider(t)
	s := p.mustLogin(authclient.FlowCode, func(l *Login) { l.OAuth.Params = []string{"prompt=login"} })
	if s.OAuth.Subject != "alice" || s.RefreshToken == "" || p.stored().OAuth.IDToken == "" {
		t.Errorf("%+v", s)
	}
	form := p.last("/token/").form
	if form.Get("grant_type") != "authorization_code" || len(form.Get("code_verifier")) != 43 || form.Get("prompt") != "login" || !strings.HasPrefix(form.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Errorf("the token request is %v", form)
	}
	if p.last("/token/").header.Get("Accept") != "application/json" {
		t.Errorf("Accept is %q", p.last("/token/").header.Get("Accept"))
	}
}

func TestPushedRequest(t *testing.T) {
	p := newProvider(t)
	p.metadata["require_pushed_authorization_requests"] = true
	var page string
	p.mustLogin(authclient.FlowCode, func(l *Login) {
		l.Dialog.Visit = func(url string) { page = url; go p.browse(url) }
	})
	if strings.Contains(page, "code_challenge") || !strings.Contains(page, "request_uri=urn") || !strings.Contains(page, "client_id=native") {
		t.Errorf("the page is %s", page)
	}
	if form := p.last("/par").form; form.Get("code_challenge_method") != "S256" || form.Get("client_id") != "native" {
		t.Errorf("pushed: %v", form)
	}
}

func TestDeviceFlow(t *testing.T) {
	p := newProvider(t)
	p.polls = 1
	var shown authclient.DeviceCode
	s := p.mustLogin(authclient.FlowDevice, func(l *Login) { l.Dialog.Enter = func(d authclient.DeviceCode) { shown = d } })
	if shown.UserCode != "WDJB-MJHT" || shown.Lapses != 10*time.Minute || s.RefreshToken == "" {
		t.Errorf("%+v %+v", shown, s)
	}
	if n := len(p.asked("/token/")); n != 2 {
		t.Errorf("%d token requests", n)
	}
}

// TestPaste checks what a user may paste, and that a URL of another login is refused.
func TestPaste(t *testing.T) {
	for name, tt := range map[string]struct {
		paste func(answer string) string
		says  string
	}{
		"the URL":         {func(a string) string { return " " + a + "\n" }, ""},
		"the parameters":  {func(a string) string { return a[strings.Index(a, "?")+1:] }, ""},
		"the code":        {func(a string) string { u, _ := url.Parse(a); return u.Query().Get("code") }, ""},
		"another state":   {func(a string) string { return strings.Replace(a, "state=", "state=x", 1) }, "state is not that of this login"},
		"nothing":         {func(string) string { return "\n" }, "nothing was pasted"},
		"the page itself": {func(string) string { return "https://idp.example/login" }, "no parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			answer := make(chan string, 1)
			_, err := p.login(authclient.FlowPaste, func(l *Login) {
				l.OAuth.RedirectURI = "https://app.example/done"
				l.Dialog.Visit = func(page string) {
					client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
					resp, err := client.Get(page)
					if err != nil {
						t.Error(err)
						return
					}
					resp.Body.Close()
					answer <- resp.Header.Get("Location")
				}
				l.Dialog.Paste = func(context.Context) (string, error) { return tt.paste(<-answer), nil }
			})
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			if len(p.asked("/token/")) > 0 && tt.says != "" {
				t.Error("the code was sent to the server")
			}
		})
	}
}

// TestAPI checks that the access token goes to an origin that the login names, and cookies
// and the refresh token never do.
func TestAPI(t *testing.T) {
	p := newProvider(t)
	var got []*http.Request
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r)
		http.SetCookie(w, &http.Cookie{Name: "of_the_api", Value: "1"})
		if len(got) == 1 {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer api.Close()
	s := p.mustLogin(authclient.FlowPassword, func(l *Login) { l.OAuth.APIs = []string{api.URL} })
	s.Cookies = []Cookie{{Name: "sid", Value: "of the server", Path: "/"}}
	if err := (&Store{Dir: p.dir}).save(s); err != nil {
		t.Fatal(err)
	}
	call := func(target string) error {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", target, nil)
		resp, err := p.client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := call(api.URL + "/me"); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Header.Get("Authorization") != "Bearer "+p.stored().AccessToken || p.stored().AccessToken == s.AccessToken {
		t.Fatalf("%d calls: a 401 of the API refreshes", len(got))
	}
	for _, r := range got {
		if r.Header.Get("Cookie") != "" || strings.Contains(r.URL.String(), s.RefreshToken) {
			t.Errorf("the API gets %v", r.Header)
		}
	}
	if cookies := p.stored().Cookies; len(cookies) != 1 || cookies[0].Name != "sid" {
		t.Errorf("cookies of the API are kept: %v", cookies)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	mustFail(t, call(other.URL+"/me"), verdict.FetchRefused, "its token is not sent elsewhere")
}

// TestEndpoints checks which endpoints a client refuses, whatever the metadata says.
func TestEndpoints(t *testing.T) {
	for name, tt := range map[string]struct{ member, value, says string }{
		"without TLS":       {"token_endpoint", "http://idp.example/token", "not an https URL"},
		"another scheme":    {"token_endpoint", "file:///etc/passwd", "not an https URL"},
		"a user name":       {"token_endpoint", "https://a:b@idp.example/token", "not an https URL"},
		"authorization":     {"authorization_endpoint", "javascript:alert(1)", "not an https URL"},
		"keys":              {"jwks_uri", "http://idp.example/jwks", "not an https URL"},
		"no token endpoint": {"token_endpoint", "", "no token endpoint"},
		"a number":          {"token_endpoint", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.metadata[tt.member] = tt.value
			says := tt.says
			if name == "a number" {
				p.metadata[tt.member], says = 1, "must be a string"
			}
			_, err := p.login(authclient.FlowCode, nil)
			mustFail(t, err, verdict.ClassOf(err), says)
			if _, err := p.client().Store.Peek(DefaultName); verdict.ClassOf(err) != verdict.NotLoggedIn {
				t.Error("a session is stored")
			}
		})
	}
}

// TestSealedOAuth checks that neither the client's secrets nor the endpoints can be read or
// changed in the file of a sealed session.
func TestSealedOAuth(t *testing.T) {
	p := newProvider(t)
	ring := newMemoryKeyring()
	l := Login{Server: mustServer(t, p.url), Store: StoreKeyring, OAuth: &authclient.OAuth{Flow: authclient.FlowClientCredentials, ClientID: "ci", OAuthSecrets: authclient.OAuthSecrets{ClientSecret: "the client's secret", Params: []string{"api_key=of the project"}}}}
	c := p.client()
	c.Store.Keyring = ring
	if err := c.Prepare(t.Context(), &l, p.url, false); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Login(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(c.Store.Path(DefaultName))
	if err != nil || strings.Contains(string(text), "the client's secret") || strings.Contains(string(text), "of the project") || !strings.Contains(string(text), "/token/") {
		t.Fatalf("%v %s", err, text)
	}
	if s, err := c.Store.Load(DefaultName); err != nil || s.OAuth.ClientSecret != "the client's secret" || len(s.OAuth.Params) != 1 {
		t.Fatalf("it cannot be read again: %v", err)
	}
	changed := strings.Replace(string(text), p.url+"/token/", p.url+"/other", 1)
	if err := os.WriteFile(c.Store.Path(DefaultName), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = c.Store.Load(DefaultName)
	mustFail(t, err, verdict.IO, "it was changed")
}

// TestLoginLeavesTheSession checks that a login that waits for its user neither locks nor
// changes the session that has the name.
func TestLoginLeavesTheSession(t *testing.T) {
	p := newProvider(t)
	old := p.mustLogin(authclient.FlowPassword, nil)
	p.polls = 1
	p.mustLogin(authclient.FlowDevice, func(l *Login) {
		l.Dialog.Enter = func(authclient.DeviceCode) {
			p.age()
			s, err := p.client().Token(t.Context(), 0)
			if err != nil || s.ID != old.ID || s.AccessToken == old.AccessToken {
				t.Errorf("the session cannot be refreshed while a login waits: %v", err)
			}
		}
	})
	if s := p.stored(); s.ID == old.ID || s.OAuth.Flow != authclient.FlowDevice {
		t.Errorf("the login was not stored: %+v", s)
	}

	// A login that ends without tokens leaves the session too.
	before := p.stored()
	p.around = func(w http.ResponseWriter, r *http.Request, handle func()) {
		if r.URL.Path == "/token/" {
			w.WriteHeader(http.StatusBadRequest)
			reply(w, map[string]any{"error": "access_denied", "error_description": "the user said no to device-secret"})
			return
		}
		handle()
	}
	_, err := p.login(authclient.FlowDevice, nil)
	mustFail(t, err, verdict.LoginRefused, "access_denied", "device-secret")
	if s := p.stored(); s.ID != before.ID || s.RefreshToken != before.RefreshToken {
		t.Error("the session is lost")
	}
}

// TestAnswerOfOAuthLost checks that the answer to a refresh that is lost is asked for once
// more, with the same refresh token, and that the intent stays on the disk otherwise.
func TestAnswerOfOAuthLost(t *testing.T) {
	p := newProvider(t)
	s := p.mustLogin(authclient.FlowPassword, nil)
	p.age()
	var lost atomic.Int32 // answers to lose
	lost.Store(1)
	p.around = func(_ http.ResponseWriter, r *http.Request, handle func()) {
		if r.URL.Path == "/token/" && lost.Add(-1) >= 0 {
			panic(http.ErrAbortHandler)
		}
		handle()
	}
	fresh, err := p.client().Token(t.Context(), 0)
	if err != nil || fresh.RefreshToken == s.RefreshToken {
		t.Fatalf("%v", err)
	}
	p.age()
	lost.Store(2)
	_, err = p.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.FetchFailed, "/token/", fresh.RefreshToken)
	if stored := p.stored(); stored.Pending == nil || stored.Ended != nil || stored.RefreshToken != fresh.RefreshToken {
		t.Errorf("%+v", stored)
	}
	if _, err := p.client().Token(t.Context(), 0); err != nil {
		t.Errorf("the session was lost: %v", err)
	}
}
