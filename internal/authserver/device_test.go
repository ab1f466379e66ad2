package authserver

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/limit"
	"jwt/internal/authserver/store"
	"jwt/internal/jwk/jwktest"
	"jwt/internal/oauth"
)

// A deviceCodes is the answer to a device (RFC 8628 §3.2).
type deviceCodes struct{ device, user, complete string }

// startDevice starts a device of clients.Native.
func (s *site) startDevice(pairs ...string) deviceCodes {
	s.t.Helper()
	a := s.form("/device_authorization", append([]string{"client_id", clients.Native, "scope", "openid"}, pairs...))
	if a.status != 200 || a.text("verification_uri") != s.url+"/device" || !contains(a.body, `"interval":1`) || !contains(a.body, `"expires_in":600`) {
		s.t.Fatalf("no device: %d %s", a.status, a.body)
	}
	return deviceCodes{a.text("device_code"), a.text("user_code"), strings.TrimPrefix(a.text("verification_uri_complete"), s.url)}
}

func (s *site) poll(d deviceCodes, pairs ...string) answer {
	s.t.Helper()
	return s.form("/token", append([]string{"grant_type", oauth.GrantDeviceCode, "client_id", clients.Native, "device_code", d.device}, pairs...))
}

func TestDevice(t *testing.T) {
	eachStore(t, func(t *testing.T, state store.Store) {
		s := serve(t, func(o *Options) { testClients(t)(o); o.Store = state })
		d := s.startDevice()
		s.poll(d).is(t, "before", 400, "authorization_pending")
		s.poll(d).is(t, "too soon", 400, "slow_down")
		s.clock.Advance(5 * time.Second)
		s.poll(d).is(t, "it must wait longer now", 400, "slow_down")
		s.clock.Advance(11 * time.Second)
		s.poll(d).is(t, "slowly", 400, "authorization_pending")

		b := s.browser()
		entry := b.logIn(b.visit("GET", "/device", ""))
		if !contains(entry.body, `<label for="user_code">`) {
			t.Fatalf("no page for the code: %s", entry.body)
		}
		typed := strings.ToLower(strings.Replace(d.user, "-", " ", 1))
		confirm := b.visit("GET", "/device?"+values("user_code", typed).Encode(), "")
		if !contains(confirm.body, d.user) || !contains(confirm.body, "Local program") || !contains(confirm.body, "<strong>alice</strong>") {
			t.Fatalf("no page to confirm: %s", confirm.body)
		}
		s.poll(d).is(t, "before the decision", 400, "slow_down")
		if a := b.submit(confirm, "action", "allow"); !contains(a.body, "The device is connected") {
			t.Fatalf("allowed: %s", a.body)
		}
		a := s.poll(d)
		same(t, "its user", claim(s.claims(a.text("id_token")), "sub"), `"alice"`)
		tokens := a.tokens(t)
		s.form("/token", []string{"grant_type", "refresh_token", "client_id", clients.Native, "refresh_token", tokens.RefreshToken}).tokens(t)
		s.poll(d).is(t, "a second time", 400, "invalid_grant")
		if a := b.visit("GET", d.complete, ""); !contains(a.body, "wrong, was used or has expired") {
			t.Errorf("the code again: %s", a.body)
		}
	})
}

func TestDeviceDenied(t *testing.T) {
	s := serve(t, testClients(t))
	b := s.browser()
	b.logIn(b.visit("GET", "/device", ""))
	d := s.startDevice()
	if a := b.submit(b.visit("GET", d.complete, ""), "action", "deny"); !contains(a.body, "Access denied") {
		t.Errorf("denied: %s", a.body)
	}
	s.poll(d).is(t, "denied", 400, "access_denied")

	d = s.startDevice()
	s.clock.Advance(deviceTTL)
	s.poll(d).is(t, "too late", 400, "expired_token")
	if a := b.visit("GET", d.complete, ""); !contains(a.body, "has expired") {
		t.Errorf("the page, too late: %s", a.body)
	}
}

func TestDeviceRefused(t *testing.T) {
	s := serve(t, testClients(t))
	s.form("/device_authorization", []string{"client_id", "app"}).is(t, "a client without the grant", 400, "unauthorized_client")
	s.form("/device_authorization", []string{"client_id", "unknown"}).is(t, "an unknown client", 401, "invalid_client")
	s.form("/device_authorization", []string{"client_id", clients.Native, "scope", `"`}).is(t, "a bad scope", 400, "invalid_scope")
	d := s.startDevice()
	s.poll(deviceCodes{device: "unknown"}).is(t, "an invented code", 400, "invalid_grant")
	s.poll(deviceCodes{device: d.user}).is(t, "the user code", 400, "invalid_grant")
	s.poll(d, "device_code", "-").is(t, "no code", 400, "invalid_request")
	s.poll(d, "client_id", "app").is(t, "another client", 400, "unauthorized_client")
}

// TestDeviceOfAnotherClient polls with the device code of a client as another.
func TestDeviceOfAnotherClient(t *testing.T) {
	s := serve(t, func(o *Options) {
		testClients(t)(o)
		if err := o.Clients.Read(strings.NewReader(`[{"client_id":"tv","grant_types":["` + oauth.GrantDeviceCode + `"]}]`)); err != nil {
			t.Fatal(err)
		}
	})
	d := s.startDevice()
	s.poll(d, "client_id", "tv").is(t, "another client", 400, "invalid_grant")
	s.poll(d).is(t, "its own", 400, "authorization_pending")
}

// TestDevicePage checks what an attacker may try with the page (RFC 8628 §5.1 and §5.4).
func TestDevicePage(t *testing.T) {
	s := serve(t, func(o *Options) { testClients(t)(o); o.Origins = []string{origin} })
	d := s.startDevice()
	b := s.browser()
	login := b.visit("GET", d.complete, "")
	if !contains(login.body, "<h1>Log in</h1>") || contains(login.body, "action=\"/device\"") {
		t.Fatalf("without a login: %s", login.body)
	}
	confirm := b.logIn(login) // leads back to the code of the address, which the user confirms
	if !contains(confirm.body, d.user) || !contains(confirm.body, ">Allow<") {
		t.Fatalf("after the login: %s", confirm.body)
	}
	s.clock.Advance(time.Minute)
	s.poll(d).is(t, "the address alone decides nothing", 400, "authorization_pending")
	body := values("user_code", d.user, "action", "allow").Encode()
	cookie := "Cookie: login=" + b.jar["login"]
	s.ask("POST", "/device", body, formBody, cookie, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site").is(t, "another site", 403, "invalid_request")
	if a := s.ask("POST", "/device", body, formBody, "Origin: "+s.url); !contains(a.body, "<h1>Log in</h1>") {
		t.Errorf("without the cookie: %s", a.body)
	}
	s.clock.Advance(time.Minute)
	s.poll(d).is(t, "after both", 400, "authorization_pending")
	for _, a := range []answer{login, confirm} {
		csp := a.header.Get("Content-Security-Policy")
		if !contains(csp, "frame-ancestors 'none'") || !contains(csp, "form-action 'self'") || contains(a.body, "<script") || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s", csp, a.body)
		}
	}
	if a := b.visit("GET", `/device?user_code=%22%3E%3Cb%3E`, ""); contains(a.body, "<b>") || !contains(a.body, `aria-invalid="true"`) {
		t.Errorf("HTML as code: %s", a.body)
	}
	if log := s.log.String(); contains(log, d.user) || contains(log, d.device) || contains(log, b.jar["login"]) {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

// TestUserCodesCannotBeGuessed tries codes until the limit: then the right one is refused, too.
func TestUserCodesCannotBeGuessed(t *testing.T) {
	s := serve(t, testClients(t))
	b := s.browser()
	b.logIn(b.visit("GET", "/device", ""))
	d := s.startDevice()
	for range limit.PerPair {
		if a := b.visit("GET", "/device?user_code=BBBB-BBBB", ""); a.status != 200 || !contains(a.body, "This code is wrong") {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	a := b.visit("GET", d.complete, "")
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || contains(a.body, ">Allow<") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	s.clock.Advance(limit.Interval)
	if a := b.visit("GET", d.complete, ""); !contains(a.body, ">Allow<") {
		t.Errorf("later: %d %s", a.status, a.body)
	}
	s.loginAs(alice, password).tokens(t) // wrong codes are not wrong passwords
}

func TestUserCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := newUserCode()
		if !regexp.MustCompile(`^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$`).MatchString(code) || seen[code] || readUserCode(code) != code {
			t.Fatalf("%s", code)
		}
		seen[code] = true
	}
	for typed, want := range map[string]string{"wdjb mjht": "WDJB-MJHT", "WDJBMJHT": "WDJB-MJHT", " wdjb–mjht\n": "WDJB-MJHT", "WDJB-MJH": "", "WDJB-MJHTT": "", "": "", "AEIO-UAEI": ""} {
		if got := readUserCode(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// TestDeviceWithProof binds a device code to the key of its request.
func TestDeviceWithProof(t *testing.T) {
	s := serve(t, testClients(t))
	key, other := jwktest.KeyFor("ES256"), jwktest.KeyFor("EdDSA")
	a := s.form("/device_authorization", []string{"client_id", clients.Native}, s.proof(key, "POST", "/device_authorization", "", ""))
	d := deviceCodes{device: a.text("device_code"), complete: strings.TrimPrefix(a.text("verification_uri_complete"), s.url)}
	b := s.browser()
	b.submit(b.logIn(b.visit("GET", d.complete, "")), "action", "allow")
	poll := []string{"grant_type", oauth.GrantDeviceCode, "client_id", clients.Native, "device_code", d.device}
	s.form("/token", poll).is(t, "no proof", 400, "invalid_grant")
	s.form("/token", poll, s.proof(other, "POST", "/token", "", "")).is(t, "another key", 400, "invalid_grant")
	same(t, "token_type", s.form("/token", poll, s.proof(key, "POST", "/token", "", "")).text("token_type"), "DPoP")
}
