package tooltest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A Chromium is a page of a headless browser, driven over a pipe by the Chrome DevTools
// Protocol.
type Chromium struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
	Blocked []string // by the policies of pages
}

// StartChromium starts a browser with an empty page. It ends with the test.
func StartChromium(t *testing.T) *Chromium {
	t.Helper()
	program := Program(t, "chromium")
	its, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
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
	b := &Chromium{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		to.Close() // ends the browser
		kill := time.AfterFunc(20*time.Second, func() { c.Process.Kill() })
		c.Wait()
		kill.Stop()
		from.Close()
	})
	var target struct{ TargetID string }
	b.Result(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct{ SessionID string }
	b.Result(&attached, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page.enable", "Log.enable", "Runtime.enable", "Accessibility.enable"} {
		b.Call(domain, nil)
	}
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

func (b *Chromium) next() message {
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
		b.Blocked = append(b.Blocked, m.Params.Entry.Text)
	}
	return m
}

// Call sends a command and returns its answer.
func (b *Chromium) Call(method string, params map[string]any) json.RawMessage {
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

// Result reads the answer of a command.
func (b *Chromium) Result(to any, method string, params map[string]any) {
	b.t.Helper()
	if err := json.Unmarshal(b.Call(method, params), to); err != nil {
		b.t.Fatal(err)
	}
}

// Load does what loads a page, and waits until the page is loaded and the focus is set.
func (b *Chromium) Load(do func()) {
	b.t.Helper()
	do()
	for b.next().Method != "Page.loadEventFired" {
	}
	for b.Eval("(document.querySelector('[autofocus]') ?? document.activeElement) == document.activeElement") != "true" {
	}
}

// Visit loads a page.
func (b *Chromium) Visit(url string) {
	b.t.Helper()
	b.Load(func() { b.send("Page.navigate", map[string]any{"url": url}) })
}

// send sends a command and does not wait for its answer, which may come after the events.
func (b *Chromium) send(method string, params map[string]any) {
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

// TypeText types as a person does, where the focus is.
func (b *Chromium) TypeText(text string) {
	b.t.Helper()
	b.Call("Input.insertText", map[string]any{"text": text})
}

// Press presses a key.
func (b *Chromium) Press(key string) {
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

// Eval returns the value of an expression in the page as JSON. It waits for a promise.
func (b *Chromium) Eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.Result(&r, "Runtime.evaluate", map[string]any{"expression": "Promise.resolve(" + expression + ").then(JSON.stringify)", "awaitPromise": true})
	text, ok := r.Result.Value.(string)
	if !ok {
		b.t.Fatalf("%s: %v %s", expression, r.Result.Value, r.ExceptionDetails)
	}
	return text
}

// Picture photographs the page. go test -artifacts keeps the picture.
func (b *Chromium) Picture(name string) image.Image {
	b.t.Helper()
	var shot struct{ Data string }
	b.Result(&shot, "Page.captureScreenshot", map[string]any{"format": "png"})
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
