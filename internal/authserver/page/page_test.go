package page

import (
	"net/http"
	"strings"
	"testing"
)

// TestPagesEscape fills every page with markup, which must stay text.
func TestPagesEscape(t *testing.T) {
	const evil = `"'><script>alert(1)</script>`
	f := Form{Action: "/x?" + evil, Client: evil, User: evil, Problem: evil}
	for name, p := range map[string]Page{
		"login": Login(f), "consent": Consent(f, "openid "+evil, evil), "device login": DeviceLogin(f), "device code": DeviceCode(evil, evil, evil),
		"device consent": DeviceConsent(f, evil, evil), "logout": Logout(f), "note": Note(evil, evil), "failure": Failure(evil),
	} {
		h := http.Header{}
		text := string(p.Document(h, "https://client.example"))
		if strings.Contains(text, "<script") || strings.Contains(text, evil) || !strings.Contains(text, "&lt;script&gt;") {
			t.Errorf("%s: %s", name, text)
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || !strings.HasSuffix(policy, "frame-ancestors 'none'; form-action 'self' https://client.example") || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", name, h)
		}
	}
}
