package authclient

import (
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/config"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/presets"
)

// A probe is a request without credentials whose answer shows whether a preset fits.
type probe struct {
	preset string
	method string // a POST has an empty object
	// paths are asked one after the other: first that of the preset, then others in use.
	paths []string
	// prefix is the part of the first path that the other steps of the preset have too.
	prefix  string
	says    func(answer) string            // what the answer says, or "" if it does not fit
	login   func(answer) map[string]string // the path of the login, if the answer says it
	guess   bool                           // other servers give such an answer too
	fields  bool                           // the refusal names the field of the user name
	unknown string                         // what the answer does not show
}

// moved returns the paths of the steps whose beginning differs from that of the preset.
func (p probe) moved(path string) map[string]string {
	preset, err := presets.Find(p.preset, config.File{})
	if err != nil || path == p.paths[0] || p.prefix == "" {
		return nil
	}
	prefix := strings.TrimSuffix(path, strings.TrimPrefix(p.paths[0], p.prefix))
	paths := map[string]string{}
	for _, step := range preset.Steps() {
		if rest, ok := strings.CutPrefix(step.Path, p.prefix); ok {
			paths[step.Name] = prefix + rest
		}
	}
	return paths
}

// An answer is what a probe judges.
type answer struct{ *reply }

// at returns the text, or the JSON, at a JSON Pointer of the body.
func (a answer) at(pointer string) string {
	body, err := jsonobject.ParseValue(a.body)
	if err != nil {
		return ""
	}
	v, _ := presets.Lookup(body, pointer)
	if text, ok := v.Text(); ok {
		return text
	}
	return string(v)
}

func (a answer) has(text string) bool { return strings.Contains(string(a.body), text) }

// quotes returns what to report of a text in the answer.
func quotes(condition bool, says string) string {
	if !condition {
		return ""
	}
	return says
}

// probes lists the probes. Those with GET and OPTIONS come first.
var probes = []probe{
	{preset: "pocketbase", method: http.MethodGet, paths: []string{"/api/health"}, says: func(a answer) string {
		return quotes(a.at("/message") == "API is healthy.", `PocketBase's "API is healthy."`)
	}},
	{preset: "directus", method: http.MethodGet, paths: []string{"/server/ping"}, says: func(a answer) string {
		return quotes(strings.TrimSpace(string(a.body)) == "pong", `Directus's "pong"`)
	}},
	{preset: "better-auth", method: http.MethodGet, paths: []string{"/api/auth/ok"}, says: func(a answer) string {
		return quotes(a.at("/ok") == "true", `Better Auth's {"ok":true}; the preset needs its jwt plugin`)
	}},
	{preset: "firebase-emulator", method: http.MethodGet, paths: []string{""}, says: func(a answer) string {
		return quotes(a.at("/authEmulator/ready") == "true", "names itself the emulator of Firebase Authentication")
	}},
	{preset: "supabase", method: http.MethodGet, paths: []string{"/auth/v1/health"}, says: func(a answer) string {
		return quotes(a.at("/name") == "GoTrue", "names itself GoTrue") + quotes(a.status == http.StatusUnauthorized && a.has("No API key found in request"), "asks for an API key as Supabase does")
	}},
	{preset: "strapi", method: http.MethodGet, paths: []string{"/api/users/me"}, says: func(a answer) string {
		name := a.at("/error/name")
		return quotes(a.at("/data") == "null" && (name == "ForbiddenError" || name == "UnauthorizedError"), "refuses as Strapi does, "+name)
	}},
	{preset: "allauth", method: http.MethodGet, paths: []string{"/_allauth/app/v1/config"}, says: func(a answer) string {
		return quotes(a.at("/data/account") != "", "the configuration of django-allauth's headless API")
	}, unknown: "whether it uses the JWT token strategy"},
	{preset: "simplejwt", method: http.MethodOptions, paths: []string{"/api/token/", "/token/", "/api/v1/token/", "/auth/token/", "/api/auth/token/"}, prefix: "/api/token/", says: func(a answer) string {
		return quotes(a.at("/name") == "Token Obtain Pair", `names itself "Token Obtain Pair", a view of Simple JWT`)
	}},
	{preset: "dj-rest-auth", method: http.MethodOptions, paths: []string{"/dj-rest-auth/login/", "/api/auth/login/", "/auth/login/", "/api/v1/auth/login/", "/rest-auth/login/"}, prefix: "/dj-rest-auth/", says: func(a answer) string {
		return quotes(a.at("/name") == "Login" && a.at("/actions/POST/password") != "", `names itself "Login" and takes a password, as dj-rest-auth does`)
	}, unknown: "whether it gives JSON Web Tokens (USE_JWT)"},
	{preset: "fastapi", method: http.MethodGet, paths: []string{"/openapi.json"}, says: passwordFlow, login: loginOfFlow, unknown: "the path of the user"},
	{preset: "symfony", method: http.MethodGet, paths: []string{"/api/token/refresh"}, says: func(a answer) string {
		return quotes(strings.Contains(a.at("/message"), "JWT Refresh Token"), "refuses as JWTRefreshTokenBundle does: "+phrase.Short(a.at("/message")))
	}},
	{preset: "nestjs", method: http.MethodGet, paths: []string{"/auth/profile"}, says: func(a answer) string {
		return quotes(a.at("/statusCode") == "401" && a.at("/message") == "Unauthorized", "refuses as NestJS does")
	}, unknown: "the path and the fields of the login, which is the application's own"},
	{preset: "flask-jwt-extended", method: http.MethodGet, paths: []string{"", "/protected", "/me", "/api/me", "/user", "/refresh"}, says: func(a answer) string {
		says := a.at("/msg")
		return quotes(says == "Missing Authorization Header" || strings.HasPrefix(says, "Missing JWT in ") || says == `Missing cookie "access_token_cookie"`, "refuses as Flask-JWT-Extended does: "+phrase.Short(says))
	}, unknown: "the paths of the login, the refresh and the logout, which are the application's own"},
	{preset: "laravel-sanctum", method: http.MethodGet, paths: []string{"/sanctum/csrf-cookie"}, guess: true, says: func(a answer) string {
		return quotes(a.status == http.StatusNoContent && strings.Contains(a.header.Get("Set-Cookie")+strings.Join(a.header.Values("Set-Cookie"), " "), "XSRF-TOKEN="), "Sanctum's CSRF cookie")
	}, unknown: "whether the application has the route for tokens, /sanctum/token"},
	{preset: "aspnet-identity", method: http.MethodGet, paths: []string{"/manage/info"}, guess: true, says: func(a answer) string {
		return quotes(a.status == http.StatusUnauthorized && len(a.body) == 0 && a.header.Get("WWW-Authenticate") == "Bearer", "refuses as ASP.NET Core Identity does")
	}},
	{preset: "json-server-auth", method: http.MethodPost, paths: []string{"/login"}, says: func(a answer) string {
		return quotes(a.at("") == "Email and password are required", `json-server-auth's "Email and password are required"`)
	}},
	{preset: "devise", method: http.MethodPost, paths: []string{"/users/sign_in"}, says: func(a answer) string {
		return quotes(strings.Contains(a.at("/error"), "sign in or sign up") || strings.HasPrefix(a.at("/error"), "Invalid Email or password"), "refuses as Devise does: "+phrase.Short(a.at("/error")))
	}, unknown: "whether it uses devise-jwt"},
	{preset: "laravel-passport", method: http.MethodPost, paths: []string{"/oauth/token"}, says: func(a answer) string {
		return quotes(a.at("/error") == "unsupported_grant_type" && a.at("/hint") != "", "refuses as Passport's OAuth 2.0 server does")
	}},
	{preset: "laravel-sanctum", method: http.MethodPost, paths: []string{"/sanctum/token"}, says: func(a answer) string {
		return quotes(a.status == http.StatusUnprocessableEntity && a.at("/errors/device_name") != "", "asks for device_name, as in Sanctum's documentation")
	}},
	{preset: "symfony", method: http.MethodPost, paths: []string{"/api/login_check"}, says: func(a answer) string {
		return quotes(a.status == http.StatusBadRequest && a.has("must be provided"), "asks for the fields of Symfony's JSON login")
	}, unknown: "whether JWTRefreshTokenBundle is there"},
	{preset: "cognito", method: http.MethodPost, paths: []string{""}, guess: true, says: func(a answer) string {
		return quotes(strings.HasSuffix(a.at("/__type"), "Exception"), "refuses as APIs of AWS do: "+phrase.Short(a.at("/__type")))
	}, unknown: "which API of AWS it is"},
	{
		preset: "token", method: http.MethodPost, paths: []string{"/login", "/api/login", "/auth/login", "/api/auth/login", "/api/v1/auth/login", "/v1/auth/login", "/api/v1/login", "/users/login", "/signin", "/api/token", "/token"}, prefix: "/login", guess: true, fields: true,
		says: func(a answer) string {
			refused := a.status == http.StatusBadRequest || a.status == http.StatusUnauthorized || a.status == http.StatusUnprocessableEntity
			return quotes(refused && !a.isPage(), "refuses an empty login")
		}, unknown: "all but the path of the login: compare the preset with the answer to a login (-v)",
	},
}

// passwordFlow returns where an OpenAPI description says that tokens are.
func passwordFlow(a answer) string {
	url := a.tokenURL()
	return quotes(url != "", "the API's description has a password login at "+phrase.Short(url))
}

// loginOfFlow returns the path of that login, if it is not the one of the preset.
func loginOfFlow(a answer) map[string]string {
	u, err := url.Parse(a.tokenURL())
	if err != nil || u.Host != "" || u.RawQuery != "" || strings.ContainsAny(u.Path, "\"\\") {
		return nil
	}
	path := "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	if path == "/token" {
		return nil
	}
	return map[string]string{"login": path}
}

// tokenURL returns the tokenUrl of the first security scheme with a password flow (OpenAPI 3
// §4.8.30).
func (a answer) tokenURL() string {
	body, err := jsonobject.ParseValue(a.body)
	if err != nil {
		return ""
	}
	schemes, _ := presets.Lookup(body, "/components/securitySchemes")
	object, _ := schemes.Object()
	for _, scheme := range object.Members() {
		v, _ := presets.Lookup(scheme.Value, "/flows/password/tokenUrl")
		if text, ok := v.Text(); ok {
			return text
		}
	}
	return ""
}
