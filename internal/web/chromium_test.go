package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/inspect"
	"jwt/internal/render"
	"jwt/internal/token"
	"jwt/internal/tooltest"
	"jwt/internal/web"
)

// A browser shows the page of a server.
type browser struct {
	*tooltest.Chromium
	t *testing.T

	mu    sync.Mutex
	asked []string // the methods and paths of requests
}

// browse serves the page on loopback and opens it.
func browse(t *testing.T) *browser {
	t.Helper()
	b := &browser{Chromium: tooltest.StartChromium(t), t: t}
	var s *web.Server
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.asked = append(b.asked, r.Method+" "+r.URL.Path)
		b.mu.Unlock()
		s.ServeHTTP(w, r)
	}))
	s = serverAt(t, strings.TrimPrefix(url, "http://"))
	b.Visit(url + "/RANDOM/")
	return b
}

// run runs a statement in the page.
func (b *browser) run(statement string) {
	b.t.Helper()
	b.Call("Runtime.evaluate", map[string]any{"expression": statement})
}

// wait waits until an expression is true.
func (b *browser) wait(expression string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); b.Eval("!!("+expression+")") != "true"; {
		if time.Now().After(end) {
			b.t.Fatalf("never true: %s; the page says %s", expression, b.Eval("document.body.innerText"))
		}
	}
}

// heading waits for a heading of an answer that begins with a text.
func (b *browser) heading(text string) {
	b.t.Helper()
	b.wait(`[...document.querySelectorAll(".answers h2")].some(h => h.checkVisibility() && h.innerText.startsWith("` + text + `"))`)
}

// retype replaces the token.
func (b *browser) retype(text string) {
	b.t.Helper()
	b.run(`find("token").focus(), find("token").select()`)
	b.TypeText(text)
}

// photograph writes a picture of the page into docs, if JWT_UPDATE is set. Pictures depend on the
// fonts of the machine, so they are not compared.
func (b *browser) photograph(scheme, name string) {
	b.t.Helper()
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1180, "height": 820, "deviceScaleFactor": 1, "mobile": false})
	picture := b.Picture(name)
	b.Call("Emulation.clearDeviceMetricsOverride", nil)
	if os.Getenv("JWT_UPDATE") == "" {
		return
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := encoder.Encode(&small, fewColors(picture))
	if err == nil {
		err = os.WriteFile(filepath.Join("..", "..", "docs", name), small.Bytes(), 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// fewColors returns a picture with its 256 most frequent colors, which is a third of the size.
func fewColors(picture image.Image) image.Image {
	bounds, counts := picture.Bounds(), map[color.Color]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[picture.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return counts[b] - counts[a] })
	few := image.NewPaletted(bounds, palette[:min(256, len(palette))])
	draw.Draw(few, bounds, picture, bounds.Min, draw.Src)
	return few
}

// accessible runs axe-core in both color schemes, and checks that a window of 360 pixels needs no
// horizontal scrolling.
func (b *browser) accessible(state string) {
	b.t.Helper()
	axe, err := os.ReadFile(filepath.Join(tooltest.Directory(b.t, "NPM_AXE_CORE"), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.run(string(axe))
	for _, scheme := range []string{"light", "dark"} {
		b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
		found := b.Eval(`axe.run().then(r => r.passes.length < 10 ? ["axe ran nothing"] : r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 120) + " " + n.failureSummary).join(" | ")))`)
		if found != "[]" {
			b.t.Errorf("%s, %s: %s", state, scheme, found)
		}
		b.Picture(strings.ReplaceAll(state, " ", "-") + "-" + scheme + ".png")
	}
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": false})
	if widths := b.Eval("[innerWidth, document.documentElement.scrollWidth > document.documentElement.clientWidth]"); widths != "[360,false]" {
		b.t.Errorf("%s: in a window of 360 pixels it scrolls: %s", state, widths)
	}
	b.Picture(strings.ReplaceAll(state, " ", "-") + "-narrow.png")
	b.Call("Emulation.clearDeviceMetricsOverride", nil)
}

// TestFirstPaint prints when the browser paints the page: at its start, and when it has run before.
func TestFirstPaint(t *testing.T) {
	b := browse(t)
	for _, load := range []string{"first", "second", "third"} {
		b.wait(`performance.getEntriesByName("first-contentful-paint").length`)
		t.Logf("%s load: first paint after %s ms", load, b.Eval(`Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime)`))
		b.Visit(strings.Trim(b.Eval("location.href"), `"`))
	}
}

// TestPageInChromium uses the page with the keyboard, and checks that it keeps and loads nothing.
func TestPageInChromium(t *testing.T) {
	b := browse(t)
	b.heading("Paste a token")
	b.accessible("empty")

	b.TypeText("Authorization: Bearer " + signed) // the focus is on the token
	b.heading("Signed token")
	b.heading("✗ Not valid")
	b.accessible("refused")
	if text := b.Eval(`document.querySelector("[data-answer=inspect]").innerText`); !strings.Contains(text, "12345678901234567890") || !strings.Contains(text, "Issuer: who made the token") {
		t.Errorf("the anatomy is %s", text)
	}

	b.retype(expired)
	b.wait(`document.querySelector(".verdict .class")?.textContent === "expired"`)
	b.photograph("light", "web.png")
	b.photograph("dark", "web-dark.png")
	b.retype(signed)
	b.heading("Signed token")

	b.run(`tabs[0].focus()`)
	b.Press("ArrowRight")
	b.wait(`!find("panel-sign").hidden && document.activeElement === tabs[1]`)
	b.wait(`find("claims").value.includes('"n": 12345678901234567890')`)
	b.run(`find("claims").value = '{"sub":"edited"}'`)
	if got := b.Eval(`ask("inspect", find("token").form).then(() => find("claims").value)`); got != `"{\"sub\":\"edited\"}"` {
		t.Errorf("what the user edited became %s", got)
	}
	for range 4 { // header, claims, the key, the button
		b.Press("Tab")
	}
	b.wait(`document.activeElement.textContent === "Sign"`)
	b.Press("Enter")
	b.heading("✓ Signed")
	b.accessible("signed")
	b.run(`document.querySelector("[data-move]").click()`)
	b.heading("✓ Valid")
	b.wait(`document.querySelector("[data-answer=inspect]").innerText.includes("edited")`)
	b.accessible("valid")

	b.run(`tabs[2].click()`)
	b.run(`find("a").focus()`)
	b.TypeText(signed)
	b.Press("Tab")
	b.TypeText(hostile)
	b.heading("The tokens differ")
	b.accessible("compared")

	b.run(`tabs[0].click()`)
	for _, tt := range []struct{ name, text, heading string }{
		{"hostile", hostile, "Signed token"},
		{"garbage", "garbage, no token", "! Not decoded"},
		{"truncated", signed[:60], "! Not decoded"},
		{"encrypted", encrypted, "Encrypted token"},
		{"nothing", " ", "Paste a token"},
	} {
		b.retype(tt.text)
		b.heading(tt.heading)
		if tt.name == "hostile" {
			b.accessible(tt.name)
			if got := b.Eval(`[window.hacked ?? "no", document.querySelectorAll(".answers script, .answers img, .answers a").length]`); got != `["no",0]` {
				t.Errorf("the hostile token did %s", got)
			}
		}
	}

	const state = `[location.hash + location.search, document.cookie, localStorage.length, sessionStorage.length, history.length, performance.getEntriesByType("resource").filter(r => !r.name.startsWith(location.href)).length]`
	if got := b.Eval(state); got != `["","",0,0,2,0]` {
		t.Errorf("the page keeps or loads something: %s", got)
	}
	if got := b.Eval(`fetch("data:,x").then(() => "loaded", () => "blocked")`); got != `"blocked"` {
		t.Errorf("the policy lets the page load other things: %s", got)
	}
	if got := b.Eval(`(() => { try { document.body.innerHTML = "<p>x</p>"; return "parsed" } catch { return "refused" } })()`); got != `"refused"` {
		t.Errorf("the policy lets the page parse HTML: %s", got)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, request := range b.asked {
		if request != "GET /RANDOM/" && request != "GET /favicon.ico" && !strings.HasPrefix(request, "POST /RANDOM/") {
			t.Errorf("the browser asks for %s", request)
		}
	}
	if len(b.Blocked) > 2 { // the two above
		t.Errorf("blocked by the policy: %q", b.Blocked)
	}
}

// TestTicketInChromium checks the page of inspect -o html.
func TestTicketInChromium(t *testing.T) {
	opened, err := token.OpenLax(hostile)
	if err != nil {
		t.Fatal(err)
	}
	show := func(at time.Time) string { return at.Format(time.RFC3339) }
	ticket := render.Inspection{Token: inspect.Of(opened, now), Now: now, Show: show, Mask: true}.Page()
	if len(ticket) > 60<<10 {
		t.Errorf("the page has %d bytes", len(ticket))
	}
	b := &browser{Chromium: tooltest.StartChromium(t), t: t}
	b.Visit(listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(ticket)
	})))
	b.accessible("ticket")
	if got := b.Eval(`[document.querySelector("h1").textContent, document.scripts.length, document.links.length, document.images.length]`); got != `["Signed token (JWS)",0,0,0]` {
		t.Errorf("the page has %s", got)
	}
	if len(b.Blocked) > 0 {
		t.Errorf("blocked by the policy: %q", b.Blocked)
	}
}

// TestPageSize bounds what the page costs.
func TestPageSize(t *testing.T) {
	w := answer(t, pageRequest())
	if n := w.Body.Len(); n < 10<<10 || n > 60<<10 {
		t.Errorf("the page has %d bytes, the limit is %d", n, 60<<10)
	} else {
		t.Logf("the page has %d bytes", n)
	}
	if text := w.Body.String(); strings.Contains(text, " onclick=") || strings.Contains(text, " style=") || strings.Contains(text, "innerHTML") || strings.Contains(text, "http://") || strings.Contains(text, "https://") {
		t.Error("the page names an address or has inline code")
	}
}
