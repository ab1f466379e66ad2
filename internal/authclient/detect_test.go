package authclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/config"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// A saying is what a server answers to each "METHOD path": status, a header, and the body.
// Other paths get 404.
type saying map[string]string

func (s saying) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	text, ok := s[req.Method+" "+req.URL.String()]
	if !ok {
		text, ok = s[req.Method+" *"]
	}
	if !ok {
		text = "404 text/plain not found"
	}
	status, rest, _ := strings.Cut(text, " ")
	kind, body, _ := strings.Cut(rest, " ")
	w.Header().Set("Content-Type", "application/json")
	if name, value, ok := strings.Cut(kind, "="); ok {
		w.Header().Set(name, strings.ReplaceAll(value, "Bearer_", "Bearer "))
	}
	var code int
	fmt.Sscan(status, &code)
	w.WriteHeader(code)
	io.WriteString(w, body)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// A watcher records requests and reports those that could be harmful.
type watcher struct {
	t    *testing.T
	base http.RoundTripper
	seen []string
}

func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		data, _ := io.ReadAll(req.Body)
		body = string(data)
	}
	if len(req.Header["Authorization"])+len(req.Header["Cookie"]) > 0 || body != "" && body != "{}" || body == "{}" && req.Method != http.MethodPost {
		w.t.Errorf("%s %s sends %v %q", req.Method, req.URL, req.Header, body)
	}
	for _, word := range []string{"refresh", "logout", "sign_out", "blacklist", "revoke"} {
		if req.Method != http.MethodGet && strings.Contains(req.URL.Path, word) {
			w.t.Errorf("%s %s may change something", req.Method, req.URL)
		}
	}
	w.seen = append(w.seen, req.Method+" "+req.URL.String())
	return w.base.RoundTrip(req)
}

func detect(t *testing.T, server string, says saying) ([]*Finding, *watcher, error) {
	t.Helper()
	u, err := httpclient.ParseServer(server)
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{t: t, base: says}
	s := &Client{URL: u, Transport: w, UserAgent: "jwt/test", Now: time.Now}
	found, err := s.Detect(t.Context())
	return found, w, err
}

const at = "https://server.example"

func metadataOf(issuer, path string) string {
	return `200 - {"issuer":"` + issuer + `","token_endpoint":"` + strings.TrimSuffix(issuer, "/") + path + `","subject_types_supported":["public"]}`
}

func TestDetect(t *testing.T) {
	tests := []struct {
		name, server string
		says         saying
		preset       string // "" for none; with a ? if it is a guess
		toml         string // a part
	}{
		{"keycloak", at + "/realms/shop", saying{"GET " + at + "/realms/shop/.well-known/openid-configuration": metadataOf(at+"/realms/shop", "/protocol/openid-connect/token")}, "keycloak", `based_on = "keycloak"`},
		{"auth0", "https://t.eu.auth0.com", saying{"GET https://t.eu.auth0.com/.well-known/openid-configuration": metadataOf("https://t.eu.auth0.com/", "/oauth/token")}, "auth0", ""},
		{"oidc", at, saying{"GET " + at + "/.well-known/openid-configuration": metadataOf(at, "/token")}, "oidc", ""},
		{"oauth2", at, saying{"GET " + at + "/.well-known/oauth-authorization-server": `200 - {"issuer":"` + at + `","token_endpoint":"` + at + `/token"}`}, "oauth2", ""},
		{"another issuer", at, saying{"GET " + at + "/.well-known/openid-configuration": metadataOf("https://evil.example", "/token")}, "oidc?", "whether you trust the issuer"},
		{"an API's own server", "https://api.example", saying{
			"GET https://api.example/":                                     `401 WWW-Authenticate=Bearer_resource_metadata="https://api.example/.well-known/oauth-protected-resource" `,
			"GET https://api.example/.well-known/oauth-protected-resource": `200 - {"resource":"https://api.example","authorization_servers":["` + at + `"]}`,
			"GET " + at + "/.well-known/openid-configuration":              metadataOf(at, "/token"),
		}, "oidc", ""},
		{"an API's metadata at its well-known path", "https://api.example/v1", saying{
			"GET https://api.example/.well-known/oauth-protected-resource/v1": `200 - {"resource":"https://api.example/v1","authorization_servers":["` + at + `"]}`,
			"GET " + at + "/.well-known/openid-configuration":                 metadataOf(at, "/token"),
		}, "oidc", ""},
		{"an API names a server on this machine", "https://api.example", saying{
			"GET https://api.example/.well-known/oauth-protected-resource": `200 - {"resource":"https://api.example","authorization_servers":["http://127.0.0.1:631"]}`,
			"GET http://127.0.0.1:631/.well-known/openid-configuration":    metadataOf("http://127.0.0.1:631", "/token"),
		}, "", ""},
		{"the metadata of another API", "https://api.example", saying{
			"GET https://api.example/.well-known/oauth-protected-resource": `200 - {"resource":"https://evil.example","authorization_servers":["` + at + `"]}`,
			"GET " + at + "/.well-known/openid-configuration":              metadataOf(at, "/token"),
		}, "", ""},
		{"firebase", "https://identitytoolkit.googleapis.com", saying{}, "firebase", `values.api_key = ""`},
		{"cognito by name", "https://cognito-idp.eu-west-1.amazonaws.com", saying{}, "cognito", `values.client_id = ""`},
		{"another origin speaks for the API", "https://api.example", saying{
			"GET https://api.example/":                                  `401 WWW-Authenticate=Bearer_resource_metadata="https://evil.example/m" `,
			"GET https://evil.example/m":                                `200 - {"authorization_servers":["https://evil.example"]}`,
			"GET https://evil.example/.well-known/openid-configuration": metadataOf("https://evil.example", "/token"),
		}, "", ""},
		{"simplejwt", at, saying{"OPTIONS " + at + "/api/token/": `200 - {"name":"Token Obtain Pair"}`}, "simplejwt", ""},
		{"simplejwt elsewhere", at, saying{"OPTIONS " + at + "/api/v1/token/": `200 - {"name":"Token Obtain Pair"}`}, "simplejwt", "[presets.x.refresh]\npath = \"/api/v1/token/refresh/\""},
		{"dj-rest-auth elsewhere", at, saying{"OPTIONS " + at + "/api/auth/login/": `200 - {"name":"Login","actions":{"POST":{"username":{},"password":{"type":"string"}}}}`}, "dj-rest-auth", "[presets.x.userinfo]\npath = \"/api/auth/user/\""},
		{"fastapi", at, saying{"GET " + at + "/openapi.json": `200 - {"components":{"securitySchemes":{"a":{"type":"http"},"b":{"flows":{"password":{"tokenUrl":"api/v1/login/access-token"}}}}}}`}, "fastapi", "[presets.x.login]\npath = \"/api/v1/login/access-token\""},
		{"fastapi elsewhere", at, saying{"GET " + at + "/openapi.json": `200 - {"components":{"securitySchemes":{"b":{"flows":{"password":{"tokenUrl":"https://evil.example/t"}}}}}}`}, "fastapi", "based_on"},
		{"better-auth", at, saying{"GET " + at + "/api/auth/ok": `200 - {"ok":true}`}, "better-auth", ""},
		{"supabase", at, saying{"GET " + at + "/auth/v1/health": `200 - {"version":"v2","name":"GoTrue"}`}, "supabase", `values.anon_key = ""`},
		{"supabase behind its gateway", at, saying{"GET " + at + "/auth/v1/health": `401 - {"message":"No API key found in request"}`}, "supabase", ""},
		{"firebase-emulator", at, saying{"GET " + at + "/": `200 - {"authEmulator":{"ready":true}}`}, "firebase-emulator", ""},
		{"pocketbase", at, saying{"GET " + at + "/api/health": `200 - {"message":"API is healthy.","code":200}`}, "pocketbase", ""},
		{"directus", at, saying{"GET " + at + "/server/ping": `200 - pong`}, "directus", ""},
		{"strapi", at, saying{"GET " + at + "/api/users/me": `403 - {"data":null,"error":{"status":403,"name":"ForbiddenError"}}`}, "strapi", ""},
		{"allauth", at, saying{"GET " + at + "/_allauth/app/v1/config": `200 - {"status":200,"data":{"account":{"login_methods":["email"]}}}`}, "allauth", ""},
		{"symfony", at, saying{"GET " + at + "/api/token/refresh": `401 - {"code":401,"message":"Missing JWT Refresh Token"}`}, "symfony", ""},
		{"nestjs", at, saying{"GET " + at + "/auth/profile": `401 - {"message":"Unauthorized","statusCode":401}`}, "nestjs", ""},
		{"flask", at, saying{"GET " + at + "/me": `401 - {"msg":"Missing Authorization Header"}`}, "flask-jwt-extended", ""},
		{"sanctum", at, saying{"GET " + at + "/sanctum/csrf-cookie": `204 Set-Cookie=XSRF-TOKEN=x `}, "laravel-sanctum?", ""},
		{"sanctum's tokens", at, saying{"POST " + at + "/sanctum/token": `422 - {"message":"x","errors":{"device_name":["required"]}}`}, "laravel-sanctum", ""},
		{"aspnet", at, saying{"GET " + at + "/manage/info": `401 WWW-Authenticate=Bearer `}, "aspnet-identity?", ""},
		{"json-server-auth", at, saying{"POST " + at + "/login": `400 - "Email and password are required"`}, "json-server-auth", ""},
		{"devise", at, saying{"POST " + at + "/users/sign_in": `401 - {"error":"You need to sign in or sign up before continuing."}`}, "devise", ""},
		{"passport", at, saying{"POST " + at + "/oauth/token": `400 - {"error":"unsupported_grant_type","hint":"Check that all required parameters have been provided"}`}, "laravel-passport", ""},
		{"cognito", at, saying{"POST " + at + "/": `400 - {"__type":"UnknownOperationException"}`}, "cognito?", ""},
		{"home-made", at, saying{"POST " + at + "/api/login": `422 - {"detail":[{"loc":["body","email"]}]}`}, "token?", "path = \"/api/login\"\nfields = [\"email=$username\", \"password=$password\"]"},
		{"nothing", at, saying{}, "", ""},
		{"a page for every path", at, saying{"GET *": "200 - <html></html>", "OPTIONS *": "200 - <html></html>", "POST *": "200 - <html></html>"}, "", ""},
		{"a refusal for every path", at, saying{"GET *": `401 - {"message":"Unauthorized","statusCode":401}`, "POST *": `401 - {"message":"Unauthorized","statusCode":401}`}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, w, err := detect(t, tt.server, tt.says)
			if err != nil {
				t.Fatal(err)
			}
			for _, request := range w.seen {
				if strings.Contains(request, "127.0.0.1") || strings.Contains(request, "evil") {
					t.Errorf("a request that the server must not cause: %s", request)
				}
			}
			got := ""
			if len(found) > 0 {
				got = found[0].Preset + map[bool]string{false: "?"}[found[0].Shown]
				if len(found[0].Evidence) == 0 {
					t.Error("no evidence")
				}
			}
			if got != tt.preset {
				t.Fatalf("found %q, want %q", got, tt.preset)
			}
			if got == "" {
				return
			}
			text := string(found[0].TOML("x"))
			if asks := strings.Contains(text, "path =") || strings.Contains(text, "values."); found[0].Changes() != asks {
				t.Errorf("changes is %v for\n%s", found[0].Changes(), text)
			}
			if !strings.Contains(text, tt.toml) || strings.Contains(text, "evil") {
				t.Errorf("the TOML is\n%s", text)
			}
			p, err := presets.Find("x", config.File{Name: "config.toml", Text: []byte(text)})
			if err != nil || p.Name != "x" {
				t.Errorf("the TOML is not a preset: %v\n%s", err, text)
			}
			posts := slices.ContainsFunc(w.seen, func(s string) bool { return strings.HasPrefix(s, "POST") })
			if posts && found[0].Shown && !strings.HasPrefix(found[0].Evidence[0].Request, "POST") {
				t.Errorf("something was posted though a GET shows the preset: %q", w.seen)
			}
		})
	}
}

// TestDetectFromAnAPI checks that the API is named where another server gives its tokens.
func TestDetectFromAnAPI(t *testing.T) {
	found, _, err := detect(t, "https://api.example/v1", saying{
		"GET https://api.example/v1":                                      `401 WWW-Authenticate=Bearer_resource_metadata="https://api.example/.well-known/oauth-protected-resource/v1" `,
		"GET https://api.example/.well-known/oauth-protected-resource/v1": `200 - {"resource":"https://api.example/v1","authorization_servers":["http://evil.example","` + at + `/"]}`,
		"GET " + at + "/.well-known/openid-configuration":                 metadataOf(at+"/", "/token"),
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if f := found[0]; f.API != "https://api.example" || f.Server != at+"/" || len(f.Evidence) != 2 || !strings.Contains(f.Evidence[0].Says, at) {
		t.Errorf("%+v", f)
	}
}

// TestDetectRedirect checks that a redirect is reported and not followed.
func TestDetectRedirect(t *testing.T) {
	_, w, err := detect(t, "https://example.com", saying{"GET *": "301 Location=https://www.example.com/ "})
	if verdict.ClassOf(err) != verdict.FetchRefused || !strings.Contains(err.Error(), "to https://www.example.com") {
		t.Errorf("%v", err)
	}
	for _, request := range w.seen {
		if strings.Contains(request, "www.") {
			t.Errorf("the redirect is followed: %s", request)
		}
	}
}

// TestDetectEnds checks that a limit of requests, and the user, end the detection.
func TestDetectEnds(t *testing.T) {
	_, w, err := detect(t, at, saying{"GET " + at + "/api/health": "429 Retry-After=9 "})
	if verdict.ClassOf(err) != verdict.FetchFailed || !strings.Contains(err.Error(), "429") {
		t.Errorf("%v", err)
	}
	if len(w.seen) > 10 {
		t.Errorf("%d requests to a server that wants none", len(w.seen))
	}
	u, _ := httpclient.ParseServer(at)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Client{URL: u, Transport: ended{}, Now: time.Now}).Detect(ctx); err == nil {
		t.Error("no error")
	}
}

type ended struct{}

func (ended) RoundTrip(req *http.Request) (*http.Response, error) { return nil, req.Context().Err() }
