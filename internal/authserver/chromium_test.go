package authserver

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/oauth"
	"jwt/internal/tooltest"
)

// A chromium is a page of a headless browser, driven over a pipe by the Chrome DevTools
// Protocol.
type chromium struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
	blocked []string // by the policies of pages
}

// startChromium starts a browser with an empty page.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	program := tooltest.Program(t, "chromium")
	its, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE ::1", "--user-data-dir="+t.TempDir(),
		"--remote-debugging-pipe", "about:blank")
	c.ExtraFiles = []*os.File{its, answers} // 3 and 4
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	its.Close()
	answers.Close()
	from.SetReadDeadline(time.Now().Add(time.Minute))
	b := &chromium{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		to.Close() // ends the browser
		kill := time.AfterFunc(20*time.Second, func() { c.Process.Kill() })
		c.Wait()
		kill.Stop()
		from.Close()
	})
	var target struct{ TargetID string }
	b.result(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.result(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page.enable", "Log.enable", "Runtime.enable", "Accessibility.enable"} {
		b.call(domain, nil)
	}
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}) // of pages
	return b
}

// A message is an answer or an event of the browser.
type message struct {
	ID     int
	Method string
	Error  json.RawMessage
	Result json.RawMessage
	Params struct {
		Entry struct{ Text string }
	}
}

func (b *chromium) next() message {
	b.t.Helper()
	text, err := b.from.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	var m message
	if err := json.Unmarshal(bytes.TrimRight(text, "\x00"), &m); err != nil {
		b.t.Fatal(err)
	}
	if m.Method == "Log.entryAdded" && strings.Contains(m.Params.Entry.Text, "Security Policy") {
		b.blocked = append(b.blocked, m.Params.Entry.Text)
	}
	return m
}

func (b *chromium) call(method string, params map[string]any) json.RawMessage {
	b.t.Helper()
	b.last++
	request := map[string]any{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		if m := b.next(); m.ID == b.last {
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		}
	}
}

func (b *chromium) result(to any, method string, params map[string]any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(method, params), to); err != nil {
		b.t.Fatal(err)
	}
}

// load does what loads a page, and waits until the page is loaded and the focus is set.
func (b *chromium) load(do func()) {
	b.t.Helper()
	do()
	for b.next().Method != "Page.loadEventFired" {
	}
	for b.eval("(document.querySelector('[autofocus]') ?? document.activeElement) == document.activeElement") != "true" {
	}
}

func (b *chromium) visit(url string) {
	b.t.Helper()
	b.load(func() { b.send("Page.navigate", map[string]any{"url": url}) })
}

// send sends a command and does not wait for its answer, which may come after the events.
func (b *chromium) send(method string, params map[string]any) {
	b.t.Helper()
	b.last++
	text, err := json.Marshal(map[string]any{"id": b.last, "method": method, "params": params, "sessionId": b.session})
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// typeText types as a person does, where the focus is.
func (b *chromium) typeText(text string) {
	b.t.Helper()
	b.call("Input.insertText", map[string]any{"text": text})
}

// press presses a key.
func (b *chromium) press(key string) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key}
		switch key {
		case "Enter":
			params["windowsVirtualKeyCode"], params["text"] = 13, "\r"
		case "Tab":
			params["windowsVirtualKeyCode"] = 9
		}
		b.send("Input.dispatchKeyEvent", params)
	}
}

// eval returns the value of an expression in the page.
func (b *chromium) eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.result(&r, "Runtime.evaluate", map[string]any{"expression": "JSON.stringify(" + expression + ")"})
	text, ok := r.Result.Value.(string)
	if !ok {
		b.t.Fatalf("%s: %v %s", expression, r.Result.Value, r.ExceptionDetails)
	}
	return text
}

// controls returns the roles and names of the fields and buttons, as screen readers know them.
func (b *chromium) controls() (list []string) {
	b.t.Helper()
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	b.result(&tree, "Accessibility.getFullAXTree", nil)
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
func (b *chromium) looks(name string) {
	b.t.Helper()
	bright := map[string]float64{}
	for _, scheme := range []string{"light", "dark"} {
		b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
		if low := b.eval(lowContrast); low != "[]" {
			b.t.Errorf("%s, %s: low contrast: %s", name, scheme, low)
		}
		bright[scheme] = brightness(b.picture(name + "-" + scheme + ".png"))
	}
	if bright["light"] < 0.8 || bright["dark"] > 0.3 {
		b.t.Errorf("%s: brightness is %v", name, bright)
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false})
	if width := b.eval("document.documentElement.scrollWidth"); width != "320" {
		b.t.Errorf("%s: in a window of 320 pixels it is %s wide", name, width)
	}
	b.call("Emulation.clearDeviceMetricsOverride", nil)
}

// picture photographs the page. go test -artifacts keeps the picture.
func (b *chromium) picture(name string) image.Image {
	b.t.Helper()
	var shot struct{ Data string }
	b.result(&shot, "Page.captureScreenshot", map[string]any{"format": "png"})
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name), data, 0o600); err != nil {
		b.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	return picture
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

	b.visit(s.url + request)
	same(t, "the login page", b.controls(), []string{"heading Log in", "textbox User name", "textbox Password", "button Log in", "button Cancel"})
	b.looks("login")
	b.typeText(alice)
	b.press("Tab")
	b.typeText("wrong")
	b.load(func() { b.press("Enter") })
	same(t, "after a wrong password", b.controls()[:2], []string{"heading Log in", "alert"})
	b.looks("login-wrong")
	b.typeText(password) // the user name is kept, and the focus is on the password
	b.load(func() { b.press("Enter") })

	same(t, "the consent page", b.controls(), []string{"heading Allow access?", "button Allow", "button Deny"})
	b.looks("consent")
	b.press("Tab")
	b.load(func() { b.press("Enter") })
	answered := <-asked
	same(t, "state and iss", []string{answered.Get("state"), answered.Get("iss")}, []string{"s1", s.url})
	a := s.redeem(answered.Get("code"), "redirect_uri", redirect)
	a.tokens(t)

	b.visit(s.url + request) // the login is known, a program is asked about each time
	b.press("Tab")
	b.press("Tab")
	b.load(func() { b.press("Enter") })
	same(t, "denied", (<-asked).Get("error"), oauth.AccessDenied)

	six, askedSix := listener(t, "[::1]:0")
	b.visit(s.url + authorizeQuery("redirect_uri", six))
	b.press("Tab")
	b.load(func() { b.press("Enter") })
	same(t, "to an IPv6 address", (<-askedSix).Get("state"), "s1")

	b.visit(s.url + "/end_session")
	same(t, "the logout page", b.controls(), []string{"heading Log out?", "button Log out", "button Stay logged in"})
	b.looks("logout")
	b.visit(s.url + "/end_session?" + values("id_token_hint", a.text("id_token"), "post_logout_redirect_uri", redirect, "state", "bye").Encode())
	same(t, "after the logout", (<-asked).Get("state"), "bye")
	b.visit(s.url + request)
	same(t, "logged out", b.controls()[0], "heading Log in")
	b.visit(s.url + authorizeQuery("client_id", "evil"))
	b.looks("error")
	same(t, "an error", b.controls(), []string{"heading This did not work", "alert"})
	same(t, "cookies that scripts see", b.eval("document.cookie"), `""`)
	same(t, "blocked by a policy", b.blocked, []string(nil))
}

// TestDevicePageInChromium connects a device.
func TestDevicePageInChromium(t *testing.T) {
	b := startChromium(t)
	s := serve(t, testClients(t))
	started := s.form("/device_authorization", []string{"client_id", clients.Native, "scope", "openid"})
	b.visit(s.url + "/device")
	b.typeText(alice)
	b.press("Tab")
	b.typeText(password)
	b.load(func() { b.press("Enter") })
	same(t, "the code page", b.controls(), []string{"heading Connect a device", "textbox Code on the device", "button Continue"})
	b.looks("device-code")
	b.typeText(strings.ToLower(strings.ReplaceAll(started.text("user_code"), "-", " ")))
	b.load(func() { b.press("Enter") })
	same(t, "the consent page", b.controls(), []string{"heading Connect this device?", "button Allow", "button Deny"})
	b.looks("device-consent")
	b.press("Tab")
	b.load(func() { b.press("Enter") })
	same(t, "connected", b.controls(), []string{"heading The device is connected"})
	s.form("/token", []string{"grant_type", oauth.GrantDeviceCode, "client_id", clients.Native, "device_code", started.text("device_code")}).tokens(t)
	same(t, "blocked by a policy", b.blocked, []string(nil))
}
