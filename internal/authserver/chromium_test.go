package authserver

import (
	"image"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jwt/internal/authserver/clients"
	"jwt/internal/oauth"
	"jwt/internal/tooltest"
)

// A chromium is a page of a headless browser without scripts.
type chromium struct{ *tooltest.Chromium }

func startChromium(t *testing.T) chromium {
	t.Helper()
	b := chromium{tooltest.StartChromium(t)}
	b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}) // of pages
	return b
}

// controls returns the roles and names of the fields and buttons, as screen readers know them.
func (b chromium) controls() (list []string) {
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	b.Result(&tree, "Accessibility.getFullAXTree", nil)
	for _, n := range tree.Nodes {
		role, _ := n.Role.Value.(string)
		name, _ := n.Name.Value.(string)
		switch role {
		case "textbox", "button", "heading", "alert":
			list = append(list, strings.TrimSpace(role+" "+name))
		}
	}
	return list
}

// lowContrast lists the texts whose contrast with their background is below 4.5 (WCAG 2.2,
// 1.4.3).
const lowContrast = `(() => {
	const rgb = c => c.match(/[\d.]+/g).map(Number);
	const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((rgb(c)[3] ?? 1) > 0) return c } return 'rgb(255,255,255)' };
	return [...document.querySelectorAll('h1,p,li,label,input,button,strong,code')].map(e => {
		const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
		return [(a + .05) / (b + .05), e.tagName + ' ' + e.textContent] }).filter(x => x[0] < 4.5) })()`

// looks checks how a page looks in both color schemes and in a narrow window, and photographs
// it.
func (b chromium) looks(t *testing.T, name string) {
	t.Helper()
	bright := map[string]float64{}
	for _, scheme := range []string{"light", "dark"} {
		b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
		if low := b.Eval(lowContrast); low != "[]" {
			t.Errorf("%s, %s: low contrast: %s", name, scheme, low)
		}
		bright[scheme] = brightness(b.Picture(name + "-" + scheme + ".png"))
	}
	if bright["light"] < 0.8 || bright["dark"] > 0.3 {
		t.Errorf("%s: brightness is %v", name, bright)
	}
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false})
	if width := b.Eval("document.documentElement.scrollWidth"); width != "320" {
		t.Errorf("%s: in a window of 320 pixels it is %s wide", name, width)
	}
	b.Call("Emulation.clearDeviceMetricsOverride", nil)
}

// brightness returns the mean brightness of a picture, 0 to 1.
func brightness(p image.Image) float64 {
	var sum, n float64
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y += 5 {
		for x := p.Bounds().Min.X; x < p.Bounds().Max.X; x += 5 {
			r, g, b, _ := p.At(x, y).RGBA()
			sum += float64(r+g+b) / (3 * 0xffff)
			n++
		}
	}
	return sum / n
}

// A listener is the redirect URI of a program.
func listener(t *testing.T, address string) (uri string, asked chan url.Values) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("%s: %v", address, err)
	}
	asked = make(chan url.Values, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			asked <- r.URL.Query()
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<title>done</title>"))
	}))
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return server.URL + "/callback", asked
}

// TestPagesInChromium logs in, agrees and logs out with the keyboard alone, and without scripts.
func TestPagesInChromium(t *testing.T) {
	b := startChromium(t)
	s := serve(t, testClients(t))
	redirect, asked := listener(t, "127.0.0.1:0")
	request := authorizeQuery("redirect_uri", redirect, "scope", "openid profile email offline_access reports:read")

	b.Visit(s.url + request)
	same(t, "the login page", b.controls(), []string{"heading Log in", "textbox User name", "textbox Password", "button Log in", "button Cancel"})
	b.looks(t, "login")
	b.TypeText(alice)
	b.Press("Tab")
	b.TypeText("wrong")
	b.Load(func() { b.Press("Enter") })
	same(t, "after a wrong password", b.controls()[:2], []string{"heading Log in", "alert"})
	b.looks(t, "login-wrong")
	b.TypeText(password) // the user name is kept, and the focus is on the password
	b.Load(func() { b.Press("Enter") })

	same(t, "the consent page", b.controls(), []string{"heading Allow access?", "button Allow", "button Deny"})
	b.looks(t, "consent")
	b.Press("Tab")
	b.Load(func() { b.Press("Enter") })
	answered := <-asked
	same(t, "state and iss", []string{answered.Get("state"), answered.Get("iss")}, []string{"s1", s.url})
	a := s.redeem(answered.Get("code"), "redirect_uri", redirect)
	a.tokens(t)

	b.Visit(s.url + request) // the login is known, a program is asked about each time
	b.Press("Tab")
	b.Press("Tab")
	b.Load(func() { b.Press("Enter") })
	same(t, "denied", (<-asked).Get("error"), oauth.AccessDenied)

	six, askedSix := listener(t, "[::1]:0")
	b.Visit(s.url + authorizeQuery("redirect_uri", six))
	b.Press("Tab")
	b.Load(func() { b.Press("Enter") })
	same(t, "to an IPv6 address", (<-askedSix).Get("state"), "s1")

	b.Visit(s.url + "/end_session")
	same(t, "the logout page", b.controls(), []string{"heading Log out?", "button Log out", "button Stay logged in"})
	b.looks(t, "logout")
	b.Visit(s.url + "/end_session?" + values("id_token_hint", a.text("id_token"), "post_logout_redirect_uri", redirect, "state", "bye").Encode())
	same(t, "after the logout", (<-asked).Get("state"), "bye")
	b.Visit(s.url + request)
	same(t, "logged out", b.controls()[0], "heading Log in")
	b.Visit(s.url + authorizeQuery("client_id", "evil"))
	b.looks(t, "error")
	same(t, "an error", b.controls(), []string{"heading This did not work", "alert"})
	same(t, "cookies that scripts see", b.Eval("document.cookie"), `""`)
	same(t, "blocked by a policy", b.Blocked, []string(nil))
}

// TestDevicePageInChromium connects a device.
func TestDevicePageInChromium(t *testing.T) {
	b := startChromium(t)
	s := serve(t, testClients(t))
	started := s.form("/device_authorization", []string{"client_id", clients.Native, "scope", "openid"})
	b.Visit(s.url + "/device")
	b.TypeText(alice)
	b.Press("Tab")
	b.TypeText(password)
	b.Load(func() { b.Press("Enter") })
	same(t, "the code page", b.controls(), []string{"heading Connect a device", "textbox Code on the device", "button Continue"})
	b.looks(t, "device-code")
	b.TypeText(strings.ToLower(strings.ReplaceAll(started.text("user_code"), "-", " ")))
	b.Load(func() { b.Press("Enter") })
	same(t, "the consent page", b.controls(), []string{"heading Connect this device?", "button Allow", "button Deny"})
	b.looks(t, "device-consent")
	b.Press("Tab")
	b.Load(func() { b.Press("Enter") })
	same(t, "connected", b.controls(), []string{"heading The device is connected"})
	s.form("/token", []string{"grant_type", oauth.GrantDeviceCode, "client_id", clients.Native, "device_code", started.text("device_code")}).tokens(t)
	same(t, "blocked by a policy", b.Blocked, []string(nil))
}
