package authserver

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"jwt/internal/oauth"
	"jwt/internal/redact"
)

// TestHeaders checks that no answer may be cached or run scripts.
func TestHeaders(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		method, path string
		status       int
		cache        string
	}{
		{"GET", "/", 200, "no-store"},
		{"GET", "/me", 401, "no-store"},
		{"POST", "/login", 400, "no-store"},
		{"POST", "/logout", 204, "no-store"},
		{"GET", "/nothing", 404, "no-store"},
		{"GET", "/faults", 404, "no-store"},
		{"GET", "/me/", 404, "no-store"},
		{"GET", "/login", 405, "no-store"},
		{"OPTIONS", "/me", 405, "no-store"},
		{"HEAD", "/jwks.json", 200, "public, max-age=300"},
		{"GET", "/jwks.json", 200, "public, max-age=300"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := s.ask(c.method, c.path, "")
			if a.status != c.status {
				t.Errorf("%d %s", a.status, a.body)
			}
			for name, want := range map[string]string{
				"Cache-Control":           c.cache,
				"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
				"X-Content-Type-Options":  "nosniff",
				"Referrer-Policy":         "no-referrer",
			} {
				same(t, name, a.header.Get(name), want)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("other origins may read it")
			}
		})
	}
	same(t, "Allow", s.ask("GET", "/login", "").header.Values("Allow"), []string{"POST"})
}

func TestHost(t *testing.T) {
	s := serve(t, func(o *Options) { o.Hosts = []string{"LocalHost:8080", "auth.example"} })
	port := s.url[strings.LastIndexByte(s.url, ':'):]
	for host, status := range map[string]int{
		"127.0.0.1" + port:      200,
		"localhost:8080":        200,
		"LOCALHOST:8080":        200,
		"auth.example":          200,
		"auth.example:80":       200,
		"evil.example":          421,
		"127.0.0.1":             421,
		"127.0.0.1:1":           421,
		"localhost" + port:      421,
		"evil.example" + port:   421,
		"127.0.0.1.evil" + port: 421,
	} {
		if a := s.ask("GET", "/", "", "Host: "+host); a.status != status {
			t.Errorf("%s: %d, want %d", host, a.status, status)
		}
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !contains(line, "421") {
		t.Errorf("no Host at all: %q (%v)", line, err)
	}
}

// TestCrossOrigin checks that a page of another origin cannot use the cookie of a
// browser.
func TestCrossOrigin(t *testing.T) {
	s := serve(t, nil)
	for _, path := range []string{"/login", "/refresh", "/token", "/logout", "/cart/items", "/checkout"} {
		cookie := "Cookie: refresh_token=" + s.login().RefreshToken
		for _, header := range []string{"Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"} {
			a := s.ask("POST", path, "", header, cookie)
			a.is(t, path+" "+header, 403, "invalid_request")
			if len(a.cookies) > 0 {
				t.Errorf("it sets %v", a.cookies)
			}
		}
	}
	token := s.login().RefreshToken
	for _, header := range []string{"Sec-Fetch-Site: same-origin", "Origin: " + s.url} {
		a := s.ask("POST", "/refresh", "", header, "Cookie: refresh_token="+token)
		a.tokens(t)
		token = a.cookies["refresh_token"].Value
	}
}

func TestLimits(t *testing.T) {
	s := serve(t, nil)
	line := func(n int) string { return "X-Long: " + strings.Repeat("x", n) }
	if a := s.ask("GET", "/", "", line(maxHeader-200)); a.status != 200 {
		t.Errorf("a header of nearly 16 KiB: %d", a.status)
	}
	for _, n := range []int{maxHeader, 2 * maxHeader} {
		if a := s.ask("GET", "/", "", line(n)); a.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a header over 16 KiB: %d", a.status)
		}
	}
	for _, path := range []string{"/login", "/refresh", "/token", "/logout", "/cart/items"} {
		s.ask("POST", path, `{"refreshToken":"`+strings.Repeat("x", maxBody)+`"}`).is(t, path, 413, "invalid_request")
	}
}

func TestLogLines(t *testing.T) {
	s := serve(t, nil)
	tokens := s.login()
	s.ask("GET", "/"+tokens.RefreshToken, "")
	s.ask("GET", "/a/b%0A%1B%5B31m?access_token="+tokens.AccessToken, "")
	s.ask("GET", "/.well-known/"+tokens.RefreshToken, "")
	s.loginAs("my password, typed into the wrong field", "x")
	s.ask("BREW"+strings.Repeat("X", 40), "/me", "")
	log := s.log.String()
	for _, secret := range []string{tokens.RefreshToken, tokens.RefreshToken[:20], tokens.AccessToken[:30], "password", "access_token", "\x1b"} {
		if contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	same(t, "lines", strings.Count(log, "\n"), 6)
	shape := regexp.MustCompile(`^2026-03-01T12:00:00.000Z [A-Z]{1,16} /\S* \d{3} \d+\.\dms 127.0.0.1( user=alice sid=\S{22})?( note="\w+")?$`)
	for line := range strings.Lines(log) {
		if !shape.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("line %q", line)
		}
	}
}

// TestLogOfLongPaths checks that a secret in a path is redacted wherever it begins, also
// if the path is truncated.
func TestLogOfLongPaths(t *testing.T) {
	s := serve(t, nil)
	const secret = "SECRETsecretSECRETsecret0123456789"
	s.ask("GET", "/reset-password/confirm/user/alice.smith/xx/tok/"+secret, "")
	same(t, "path", strings.Fields(s.log.String())[2], "/reset-password/confirm/user/alice.smith/xx/tok/***")
	for n := range 2 * redact.MaxPath {
		before := strings.Repeat("/0123456", n/8) + "/" + strings.Repeat("x", n%8) // each segment within its limit
		for _, after := range []string{"", "/", "/x"} {
			s.ask("GET", before+"/"+secret+after, "")
		}
	}
	if log := s.log.String(); contains(log, secret[:1]) {
		t.Errorf("the log has a part of it:\n%s", log)
	}
	s.ask("GET", "/"+strings.Repeat("0123456/", redact.MaxPath/8-1)+"0123456", "") // exactly at the limit
	if log := s.log.String(); !contains(log, " /"+strings.Repeat("0123456/", redact.MaxPath/8-1)+"0123456 404 ") {
		t.Error("a short path is cut")
	}
}

func TestMetadata(t *testing.T) {
	s := serve(t, nil)
	known := s.ask("GET", "/", "").body
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		a := s.ask("GET", path, "")
		m, err := oauth.ParseMetadata([]byte(a.body))
		if err != nil || m.Issuer != s.url || !m.SendsIss || m.RegistrationEndpoint != "" {
			t.Errorf("%s: %+v, %v", path, m, err)
		}
		for _, endpoint := range []string{
			m.AuthorizationEndpoint, m.TokenEndpoint, m.DeviceEndpoint, m.UserinfoEndpoint, m.RevocationEndpoint, m.IntrospectionEndpoint, m.EndSessionEndpoint, m.JWKSURI,
		} {
			if path, ok := strings.CutPrefix(endpoint, s.url); !ok || !contains(known, " "+path+`"`) {
				t.Errorf("the endpoint %q does not exist", endpoint)
			}
		}
		same(t, "Content-Type", a.header.Get("Content-Type"), "application/json")
	}
	// The index lists the endpoints that exist.
	for _, m := range regexp.MustCompile(`"([A-Z]+) (/[^"]*)"`).FindAllStringSubmatch(s.ask("GET", "/", "").body, -1) {
		if a := s.ask(m[1], m[2], ""); a.status == 404 || a.status == 405 {
			t.Errorf("%s: %d", m[0], a.status)
		}
	}
}
