package session

import (
	"net/http"
	"strings"
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
	text, err := key.Encode(jwk.FormatJWK, true, nil)
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
	p.mustLogin(authclient.FlowPassword, func(l *Login) { l.OAuth.ClientKey = string(text) })
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
