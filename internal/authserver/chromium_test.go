package authserver

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A chromium is a page in Chromium, driven by the DevTools protocol through two pipes.
type chromium struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	id      int
}

// startChromium opens an empty page without a script engine for pages: scripts of the page are
// off, and those of the test run beside it.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed: apt-get install chromium")
		}
		t.Skip("chromium is not installed")
	}
	read, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "--window-size=480,640")
	c.ExtraFiles = []*os.File{read, write}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	read.Close()
	write.Close()
	t.Cleanup(func() {
		to.Close() // ends it
		done := make(chan error, 1)
		go func() { done <- c.Wait() }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			c.Process.Kill()
			<-done
		}
		from.Close()
	})
	from.SetReadDeadline(time.Now().Add(2 * time.Minute))
	b := &chromium{t: t, to: to, from: bufio.NewReader(from)}
	target := b.do("Target.createTarget", map[string]any{"url": "about:blank"})["targetId"]
	b.session = b.do("Target.attachToTarget", map[string]any{"targetId": target, "flatten": true})["sessionId"].(string)
	b.do("Page.enable", nil)
	b.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	return b
}

// do calls a method of the protocol and waits for its result.
func (b *chromium) do(method string, params map[string]any) map[string]any {
	b.t.Helper()
	b.id++
	call := map[string]any{"id": b.id, "method": method, "params": params}
	if b.session != "" {
		call["sessionId"] = b.session
	}
	text, err := json.Marshal(call)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	for {
		line, err := b.from.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("chromium: %s: %v", method, err)
		}
		var answer struct {
			ID     int
			Result map[string]any
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(line[:len(line)-1], &answer); err != nil {
			b.t.Fatal(err)
		}
		if answer.ID != b.id {
			continue
		}
		if answer.Error != nil {
			b.t.Fatalf("chromium: %s: %s", method, answer.Error.Message)
		}
		return answer.Result
	}
}

// ask evaluates an expression beside the page.
func (b *chromium) ask(expression string) string {
	b.t.Helper()
	result, _ := b.do("Runtime.evaluate", map[string]any{"expression": expression})["result"].(map[string]any)
	return fmt.Sprint(result["value"])
}

// open loads a page.
func (b *chromium) open(address, title string) {
	b.t.Helper()
	b.do("Page.navigate", map[string]any{"url": address})
	b.waitFor(title)
}

// waitFor waits until the page with this title is loaded.
func (b *chromium) waitFor(title string) {
	b.t.Helper()
	for range 200 {
		if b.ask("document.readyState + ' ' + document.title") == "complete "+title {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("chromium shows %s at %s, want %s:\n%s", b.ask("document.title"), b.ask("location.href"), title, b.ask("document.body.innerText"))
}

// type types into the field that has the focus.
func (b *chromium) typeText(text string) {
	b.t.Helper()
	b.do("Input.insertText", map[string]any{"text": text})
}

// press presses a key.
func (b *chromium) press(key string, code int) {
	b.t.Helper()
	for _, kind := range []string{"rawKeyDown", "char", "keyUp"} {
		event := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if key == "Enter" && kind == "char" {
			event["text"] = "\r"
		}
		b.do("Input.dispatchKeyEvent", event)
	}
}

// photograph saves pictures of the page, light and dark, in the directory of JWT_PICTURES.
func (b *chromium) photograph(name string) {
	b.t.Helper()
	dir := os.Getenv("JWT_PICTURES")
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		b.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
		text, _ := b.do("Page.captureScreenshot", nil)["data"].(string)
		picture, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+"-"+scheme+".png"), picture, 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// accessible checks what a screen reader needs: a language, one heading, a label for each
// field, and the names of the buttons.
func (b *chromium) accessible() {
	b.t.Helper()
	got := b.ask(`[document.documentElement.lang, document.querySelectorAll("h1").length, document.querySelectorAll("main").length,
		[...document.querySelectorAll("input:not([type=hidden])")].filter(i => i.labels.length != 1).length,
		[...document.querySelectorAll("button")].filter(b => !b.innerText.trim()).length,
		document.documentElement.scrollWidth > innerWidth].join(" ")`)
	if got != "en 1 1 0 0 false" {
		b.t.Errorf("%s is not accessible: %s", b.ask("document.title"), got)
	}
	if style := b.ask(`getComputedStyle(document.querySelector("main")).maxWidth`); !strings.HasSuffix(style, "px") {
		b.t.Errorf("%s has no style: %s", b.ask("document.title"), style)
	}
}

// TestPagesInChromium logs in, agrees and connects a device with the keyboard alone, with
// scripts off.
func TestPagesInChromium(t *testing.T) {
	b := startChromium(t)
	s := serve(t, nil)
	arrived := make(chan url.Values, 1)
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			arrived <- r.URL.Query()
		}
		fmt.Fprint(w, "<title>Back</title>")
	}))
	defer client.Close()
	redirect := client.URL + "/callback"

	b.open(s.url+authorizeQuery("redirect_uri", redirect), "Log in")
	b.accessible()
	b.photograph("login")
	b.typeText(alice) // the first field has the focus
	b.press("Tab", 9)
	b.typeText("wrong")
	b.press("Enter", 13)
	for range 100 {
		if b.ask(`document.querySelector("[role=alert]")?.innerText`) == "User name or password is wrong." {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.accessible()
	b.photograph("login-wrong")
	b.typeText(password) // now the password has it
	b.press("Enter", 13)
	b.waitFor("Allow access?")
	b.accessible()
	b.photograph("consent")
	b.press("Tab", 9)
	b.press("Enter", 13)
	b.waitFor("Back") // the policy of the page lets the form lead to the client
	params := <-arrived
	if params.Get("state") != "s1" || params.Get("iss") != s.url {
		t.Errorf("the client gets %v", params)
	}
	s.redeem(params.Get("code"), "redirect_uri", redirect).tokens(t)

	d := s.startDevice()
	b.open(s.url+"/device", "Connect a device")
	b.accessible()
	b.photograph("device")
	b.typeText(strings.ToLower(d.user))
	b.press("Enter", 13)
	b.waitFor("Connect this device?")
	b.accessible()
	b.photograph("device-consent")
	b.press("Tab", 9)
	b.press("Enter", 13)
	b.waitFor("The device is connected")
	b.accessible()
	s.poll(d).tokens(t)

	b.open(s.url+endSessionPath, "Log out?")
	b.accessible()
	b.photograph("logout")
	b.press("Tab", 9)
	b.press("Enter", 13)
	b.waitFor("Logged out")
	b.open(s.url+"/authorize?client_id=unknown", "This did not work")
	b.photograph("refused")
	if got := b.ask("document.cookie"); got != "" {
		t.Errorf("scripts see the cookie: %s", got)
	}
}
