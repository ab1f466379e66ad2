package authserver

import (
	"errors"
	"testing"

	"jwt/internal/clocktest"
	"jwt/internal/verdict"
)

const origin = "http://localhost:5173"

func allowing(origins ...string) func(*Options) {
	return func(o *Options) { o.Origins = origins }
}

// TestAllowOrigin checks what a browser is told about requests of pages.
func TestAllowOrigin(t *testing.T) {
	s := serve(t, allowing(origin, "https://app.example"))
	for _, c := range []struct {
		name, method, path, body, origin string
		status                           int
		allowed                          bool
	}{
		{"a login", "POST", "/login", loginBody(alice, password), origin, 200, true},
		{"the other origin", "POST", "/login", loginBody(alice, password), "https://app.example", 200, true},
		{"an error that the page must read", "GET", "/me", "", origin, 401, true},
		{"an unknown path", "GET", "/nothing", "", origin, 404, true},
		{"another origin reads", "GET", "/me", "", "https://evil.example", 401, false},
		{"another origin writes", "POST", "/login", loginBody(alice, password), "https://evil.example", 403, false},
		{"another port", "POST", "/login", loginBody(alice, password), "http://localhost:5174", 403, false},
		{"another scheme", "POST", "/login", loginBody(alice, password), "https://localhost:5173", 403, false},
		{"a longer name", "POST", "/login", loginBody(alice, password), "https://app.example.evil.example", 403, false},
		{"no origin", "POST", "/login", loginBody(alice, password), "null", 403, false},
	} {
		a := s.ask(c.method, c.path, c.body, "Origin: "+c.origin, "Sec-Fetch-Site: same-site")
		want := ""
		if c.allowed {
			want = c.origin
		}
		if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != want || (a.header.Get("Access-Control-Allow-Credentials") == "true") != c.allowed {
			t.Errorf("%s: %d %s %v", c.name, a.status, a.body, a.header)
		}
		if a.header.Get("Vary") != "Origin" {
			t.Errorf("%s: a cache may give the answer to another origin", c.name)
		}
	}
	if a := s.ask("POST", "/login", loginBody(alice, password), "Origin: "+origin); a.tokens(t).RefreshToken != "" || a.cookies["refresh_token"] == nil {
		t.Errorf("a page sees its refresh token: %s", a.body)
	}
	if a := serve(t, nil).ask("GET", "/me", "", "Origin: "+origin); a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Vary") != "" {
		t.Errorf("without Origins: %v", a.header)
	}
}

func TestPreflight(t *testing.T) {
	s := serve(t, allowing(origin))
	ask := "Access-Control-Request-Method: POST"
	a := s.ask("OPTIONS", "/cart/items", "", "Origin: "+origin, ask, "Access-Control-Request-Headers: authorization,content-type")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != origin || !contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") || !contains(a.header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("allowed: %d %v", a.status, a.header)
	}
	for name, lines := range map[string][]string{
		"another origin": {"Origin: https://evil.example", ask},
		"no preflight":   {"Origin: " + origin},
		"no origin":      {ask},
	} {
		if a := s.ask("OPTIONS", "/cart/items", "", lines...); a.status != 405 || a.header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
	if a := s.ask("OPTIONS", "/me", "", "Origin: "+origin, ask, "Host: evil.example"); a.status != 421 {
		t.Errorf("another host: %d", a.status)
	}
}

func TestOriginsMustBeOrigins(t *testing.T) {
	for origin, hint := range map[string]string{
		"*":                           "http://localhost:5173",
		"null":                        "http://localhost:5173",
		"":                            "http://localhost:5173",
		"localhost:5173":              "http://localhost:5173",
		"http://localhost:5173/":      "http://localhost:5173",
		"http://localhost:5173/app":   "http://localhost:5173",
		"HTTP://LocalHost:5173":       "http://localhost:5173",
		"http://app.example:80":       "http://app.example",
		"https://app.example:443":     "https://app.example",
		"https://user@app.example":    "https://app.example",
		"https://app.example?a=b#top": "https://app.example",
	} {
		_, err := New(t.Context(), Options{Issuer: "http://127.0.0.1:3000", Store: openStore(t, "memory"), Users: testUsers(t), Now: clocktest.At(epoch).Now, Origins: []string{origin}})
		if verdict.ClassOf(err) != verdict.Usage || hintOf(err) != hint {
			t.Errorf("%q: %v (%s)", origin, err, hintOf(err))
		}
	}
}

func hintOf(err error) string {
	var e *verdict.Error
	errors.As(err, &e)
	return e.Hint
}

// TestAllowHost checks the Host headers of a server behind a proxy.
func TestAllowHost(t *testing.T) {
	s := serve(t, func(o *Options) { o.Hosts = []string{"LocalHost:5173", "app.test", "[::1]"} })
	for host, status := range map[string]int{
		"localhost:5173": 200, "app.test": 200, "APP.test:8080": 200, "[::1]:1": 200,
		"localhost:5174": 421, "localhost": 421, "app.test.evil.example": 421, "evil.example": 421, "x.app.test": 421,
	} {
		if a := s.ask("GET", "/", "", "Host: "+host); a.status != status {
			t.Errorf("%s: %d, want %d", host, a.status, status)
		}
	}
	// A page behind the same proxy is of the same origin.
	if a := s.ask("POST", "/login", loginBody(alice, password), "Host: localhost:5173", "Origin: http://localhost:5173"); a.status != 200 {
		t.Errorf("a login through the proxy: %d %s", a.status, a.body)
	}
	for _, host := range []string{"", "http://app.test", "app.test/x", "user@app.test", "a b"} {
		_, err := New(t.Context(), Options{Issuer: "http://127.0.0.1:3000", Store: openStore(t, "memory"), Users: testUsers(t), Now: s.clock.Now, Hosts: []string{host}})
		if verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("%q: %v", host, err)
		}
	}
}
