package flow_test

import (
	"crypto/rand"
	"net/http"
	"testing"

	"jwt/internal/authserver"
	"jwt/internal/config"
	"jwt/internal/flow"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestHeadersOfPresets judges a server that wants a CSRF value of each session in a header, and
// another header with each call.
func TestHeadersOfPresets(t *testing.T) {
	wanted := 0
	server := behind(t, authserver.Options{}, func(r *http.Request, m *message) bool {
		cookie, err := r.Cookie("csrf")
		guarded := r.URL.Path == "/refresh" || r.URL.Path == "/logout"
		if guarded {
			wanted++
		}
		if guarded && (err != nil || r.Header.Get("X-CSRF") != cookie.Value) || r.URL.Path == "/me" && r.Header.Get("X-App") != "shop" {
			m.status, m.body = http.StatusForbidden, `{"error":"csrf_token_missing"}`
			return true
		}
		return false
	}, func(r *http.Request, m *message) {
		switch r.URL.Path {
		case "/login":
			m.header.Add("Set-Cookie", "csrf="+rand.Text()+"; Path=/")
		case "/logout":
			m.header.Add("Set-Cookie", "csrf=; Path=/; Max-Age=0")
		}
	})
	o := options(t, server, "cookie")
	var err error
	o.Preset, err = presets.Find("shop", config.File{Name: "config.toml", Text: []byte(`
[presets.shop]
based_on = "cookie"
values = { app = "shop" }
[presets.shop.refresh]
headers = ["X-CSRF: $cookie:csrf"]
[presets.shop.logout]
headers = ["X-CSRF: $cookie:csrf"]
[presets.shop.call]
headers = ["X-App: $app"]
`)})
	if err != nil {
		t.Fatal(err)
	}
	o.Only = []string{
		flow.LoginWorks, flow.BearerAccepted, flow.RefreshWorks, flow.Rotation, flow.ReuseDetected, flow.FamilyRevoked, flow.LogoutWorks,
		flow.RefreshAfterLogout, flow.CookieHTTPOnly,
	}
	r := run(t, o)
	for _, x := range r.Results {
		if x.Status != verdict.Pass {
			t.Errorf("%s is %s: %s", x.ID, x.Status, x.Actual)
		}
	}
	if wanted < 5 {
		t.Errorf("only %d requests needed the header", wanted)
	}
}
