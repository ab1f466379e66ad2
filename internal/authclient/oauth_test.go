package authclient

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"jwt/internal/oauth"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestPending checks how often a device asks (RFC 8628 §3.5).
func TestPending(t *testing.T) {
	start := time.Unix(1000, 0)
	refusal := func(status int, code string) *reply {
		return &reply{status: status, body: []byte(`{"error":"` + code + `"}`), asked: start, header: http.Header{}}
	}
	for name, tt := range map[string]struct {
		answer *reply
		after  time.Duration
		wait   time.Duration
		says   string
	}{
		"pending":                  {refusal(400, "authorization_pending"), 0, 5 * time.Second, ""},
		"slow down":                {refusal(400, "slow_down"), 0, 10 * time.Second, ""},
		"too many requests":        {refusal(429, "rate"), 0, 10 * time.Second, ""},
		"no answer":                {nil, 0, 10 * time.Second, ""},
		"busy":                     {refusal(503, ""), 0, 10 * time.Second, ""},
		"pending with status 200":  {refusal(200, "authorization_pending"), 0, 5 * time.Second, ""},
		"denied":                   {refusal(400, "access_denied"), 0, 0, ""},
		"expired at the server":    {refusal(400, "expired_token"), 0, 0, ""},
		"does not have the grant":  {refusal(501, ""), 0, 0, ""},
		"lapses before the next":   {refusal(400, "authorization_pending"), 56 * time.Second, 0, "not entered within 1m0s"},
		"no answer, and it lapses": {nil, time.Hour, 0, "not entered within 1m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Attempt{requested: start, interval: 5 * time.Second, lapses: time.Minute}
			err := a.pending(tt.answer, start.Add(tt.after))
			pending, _ := err.(*Pending)
			switch {
			case tt.says != "":
				if verdict.ClassOf(err) != verdict.LoginRefused || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v", err)
				}
			case tt.wait == 0 && err != nil, tt.wait > 0 && (pending == nil || pending.Wait != tt.wait):
				t.Errorf("got %v, want to wait %s", err, tt.wait)
			}
		})
	}
	a := &Attempt{requested: start, interval: 5 * time.Second, lapses: time.Hour}
	for range 100 {
		a.pending(nil, start)
	}
	if a.interval != maxInterval {
		t.Errorf("the interval grows to %s", a.interval)
	}
}

func TestChooseAuth(t *testing.T) {
	for name, tt := range map[string]struct {
		have OAuthSecrets
		take []string
		want string
	}{
		"nothing":                   {OAuthSecrets{}, nil, AuthNone},
		"a secret":                  {OAuthSecrets{ClientSecret: "s"}, nil, AuthBasic},
		"a secret, either":          {OAuthSecrets{ClientSecret: "s"}, []string{"client_secret_post", "client_secret_basic"}, AuthBasic},
		"a secret, only in a form":  {OAuthSecrets{ClientSecret: "s"}, []string{"client_secret_post", "none"}, AuthPost},
		"a key":                     {OAuthSecrets{ClientKey: "k", ClientSecret: "s"}, []string{"client_secret_post"}, AuthKey},
		"a certificate":             {OAuthSecrets{Certificate: "c"}, nil, AuthTLS},
		"a certificate to bind to":  {OAuthSecrets{Certificate: "c", ClientSecret: "s"}, nil, AuthBasic},
		"a secret, none is offered": {OAuthSecrets{ClientSecret: "s"}, []string{"none"}, AuthBasic},
	} {
		o := &OAuth{OAuthSecrets: tt.have}
		o.Server.TokenEndpointAuthMethodsSupported = tt.take
		if got := o.ChooseAuth(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		o.ClientAuth = o.ChooseAuth()
		if err := o.CheckAuth(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, method := range ClientAuths[1:] {
		if err := (&OAuth{ClientAuth: method}).CheckAuth(); verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("%s with nothing: %v", method, err)
		}
	}
}

func TestCheckParam(t *testing.T) {
	for _, ok := range []string{"prompt=consent", "a=", "a=b=c", "access_type=offline"} {
		if err := CheckParam(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "prompt", "=x", "state=x", "client_secret=hunter2", "code_challenge_method=plain", "redirect_uri=x", "grant_type=password"} {
		if err := CheckParam(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestInMilliseconds(t *testing.T) {
	const day = 86400
	for seconds, want := range map[int]bool{
		60: false, 3600: false, 86400: false, 30 * day: false, 60 * day: false, 90 * day: false, 100 * day: false, 365 * day: false, 299_999: false,
		300_000: true, 900_000: true, 1_800_000: true, 3_600_000: true, 7_200_000: true, 43_200_000: true, 86_400_000: true,
	} {
		if got := inMilliseconds(time.Duration(seconds) * time.Second); got != want {
			t.Errorf("%d: %v", seconds, got)
		}
	}
}

// TestMetadataURLs checks where metadata is looked for (RFC 8414 §3.1, OpenID Connect
// Discovery 1.0 §4.1).
func TestMetadataURLs(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://a.example":       "https://a.example/.well-known/openid-configuration https://a.example/.well-known/oauth-authorization-server",
		"https://a.example/":      "https://a.example/.well-known/openid-configuration https://a.example/.well-known/oauth-authorization-server",
		"https://a.example/x/y%2": "https://a.example/x/y%2/.well-known/openid-configuration https://a.example/.well-known/oauth-authorization-server/x/y%2 https://a.example/x/y%2/.well-known/oauth-authorization-server",
	} {
		if got := strings.Join(metadataURLs(issuer), " "); got != want {
			t.Errorf("%s: %s", issuer, got)
		}
	}
}

func TestDiscover(t *testing.T) {
	for name, tt := range map[string]struct {
		path, answer, says string
		status             int
	}{
		"OpenID Connect":     {"/.well-known/openid-configuration", `{"issuer":"ISS","token_endpoint":"ISS/t?x=%2F"}`, "", 200},
		"RFC 8414":           {"/.well-known/oauth-authorization-server", `{"issuer":"ISS","token_endpoint":"ISS/t?x=%2F"}`, "", 200},
		"another issuer":     {"/.well-known/openid-configuration", `{"issuer":"https://other.example","token_endpoint":"x"}`, "issuer: is", 200},
		"a slash more":       {"/.well-known/openid-configuration", `{"issuer":"ISS/","token_endpoint":"x"}`, "issuer: is", 200},
		"two issuers":        {"/.well-known/openid-configuration", `{"issuer":"ISS","issuer":"ISS"}`, "duplicate", 200},
		"busy":               {"/.well-known/openid-configuration", ``, "503", 503},
		"a page for all":     {"/.well-known/openid-configuration", `<html>Welcome</html>`, "no metadata", 200},
		"an empty object":    {"/.well-known/openid-configuration", `{}`, "no metadata", 200},
		"nothing":            {"/none", ``, "no metadata", 200},
		"a redirect is none": {"/.well-known/openid-configuration", ``, "no metadata", 302},
	} {
		t.Run(name, func(t *testing.T) {
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != tt.path {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
					t.Error("a credential is sent")
				}
				w.Header().Set("Location", "https://other.example/")
				w.WriteHeader(tt.status)
				w.Write([]byte(strings.ReplaceAll(tt.answer, "ISS", server.URL)))
			}))
			defer server.Close()
			u, _ := url.Parse(server.URL)
			c := &Client{URL: u, Transport: http.DefaultTransport, Now: time.Now}
			m, err := c.Discover(t.Context(), server.URL)
			switch {
			case tt.says != "":
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v", err)
				}
			case err != nil || m.TokenEndpoint != server.URL+"/t?x=%2F":
				t.Errorf("%+v %v", m, err)
			}
		})
	}
}

func TestDefaultFlow(t *testing.T) {
	if got := defaultFlow(oauth.Metadata{AuthorizationEndpoint: "x", DeviceEndpoint: "y"}); got != FlowCode {
		t.Error(got)
	}
	if got := defaultFlow(oauth.Metadata{DeviceEndpoint: "y"}); got != FlowDevice {
		t.Error(got)
	}
}

// TestRunnerToken fetches the token of a job as GitHub documents it.
func TestRunnerToken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer request-token" || r.URL.Query().Get("api-version") != "2.0" || r.URL.Query().Get("audience") != "aud" {
			t.Errorf("%v %v", r.URL, r.Header)
		}
		w.Write([]byte(`{"count":9,"value":"eyJ.eyJ.sig"}`))
	}))
	defer server.Close()
	u, _ := url.Parse(server.URL + "/?api-version=2.0&audience=aud")
	c := &Client{URL: u, Transport: http.DefaultTransport, Now: time.Now}
	if token, err := c.RunnerToken(t.Context(), u, "request-token"); err != nil || token != "eyJ.eyJ.sig" {
		t.Errorf("%q %v", token, err)
	}
	plain, _ := url.Parse("http://runner.example/?audience=aud")
	if _, err := c.RunnerToken(t.Context(), plain, "request-token"); verdict.ClassOf(err) != verdict.FetchRefused {
		t.Errorf("%v", err)
	}
}

// TestCallback checks that the loopback port takes exactly one request, at its own address.
func TestCallback(t *testing.T) {
	c, err := listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	u, _ := url.Parse(c.uri)
	if u.Hostname() != "127.0.0.1" || u.Path != "/callback" {
		t.Errorf("the redirect URI is %s", c.uri)
	}
	get := func(method, path, host string) (int, http.Header) {
		req, _ := http.NewRequest(method, "http://"+u.Host+path, nil)
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode, resp.Header
	}
	for name, r := range map[string][3]string{
		"another path": {"GET", "/favicon.ico", u.Host}, "another method": {"POST", "/callback?code=evil", u.Host},
		"another name": {"GET", "/callback?code=evil", "evil.example:" + u.Port()}, "another port": {"GET", "/callback?code=evil", "127.0.0.1"},
	} {
		if status, _ := get(r[0], r[1], r[2]); status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
	status, header := get("GET", "/callback?code=x&state=y", u.Host)
	if status != http.StatusOK || header.Get("Cache-Control") != "no-store" || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", status, header)
	}
	if status, _ = get("GET", "/callback?code=evil&state=y", u.Host); status != http.StatusGone {
		t.Errorf("a second request: %d", status)
	}
	if got, err := c.wait(t.Context()); err != nil || got.Get("code") != "x" {
		t.Errorf("%v %v", got, err)
	}
	for _, uri := range []string{"https://127.0.0.1/x", "http://app.example/x", "app:/x", "http://127.0.0.1:1/?x=1"} {
		if _, err := listen(uri); verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestDefaultScope checks what a login asks for where the user names no scope.
func TestDefaultScope(t *testing.T) {
	for name, tt := range map[string]struct {
		preset, flow string
		listed       []string
		want         string
	}{
		"all are listed":        {"openid offline_access", FlowCode, []string{"openid", "offline_access", "email"}, "openid offline_access"},
		"no refresh scope":      {"openid offline_access", FlowDevice, []string{"openid"}, "openid"},
		"nothing is listed":     {"openid email offline_access", FlowCode, nil, "openid email"},
		"a client without user": {"openid", FlowClientCredentials, []string{"openid"}, ""},
		"none in the preset":    {"", FlowCode, []string{"openid"}, ""},
		"none that is listed":   {"openid", FlowCode, []string{"repo"}, ""},
	} {
		o := &OAuth{Flow: tt.flow}
		o.Server.ScopesSupported = tt.listed
		o.defaultScope(presets.OAuth{Scope: tt.preset})
		if o.Scope != tt.want {
			t.Errorf("%s: %q, want %q", name, o.Scope, tt.want)
		}
	}
	o := &OAuth{Flow: FlowCode, Scope: "own", OAuthSecrets: OAuthSecrets{Params: []string{"prompt=none"}}}
	p := presets.OAuth{Scope: "openid", Params: []string{"prompt=consent", "access_type=offline"}}
	o.defaultScope(p)
	o.defaultParams(p)
	if o.Scope != "own" || strings.Join(o.Params, " ") != "prompt=none access_type=offline" {
		t.Errorf("the user's wishes became %q %q", o.Scope, o.Params)
	}
}

// TestPushedByWish checks that a login with a pushed request is refused where none can be pushed.
func TestPushedByWish(t *testing.T) {
	both := oauth.Metadata{Issuer: "https://a.example", TokenEndpoint: "t", AuthorizationEndpoint: "a", PAREndpoint: "p"}
	without := both
	without.PAREndpoint = ""
	for name, c := range map[string]struct {
		m    oauth.Metadata
		flow string
		says string
	}{
		"code":                 {both, FlowCode, ""},
		"paste":                {both, FlowPaste, ""},
		"no endpoint":          {without, FlowCode, "no pushed authorization request endpoint"},
		"nothing to be pushed": {both, FlowClientCredentials, "no authorization request to push"},
	} {
		err := (&OAuth{Flow: c.flow, PAR: true, Server: OAuthServer{c.m}}).checkFlow()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if err := (&OAuth{Flow: c.flow, Server: OAuthServer{c.m}}).checkFlow(); err != nil {
			t.Errorf("%s, without the wish: %v", name, err)
		}
	}
}
