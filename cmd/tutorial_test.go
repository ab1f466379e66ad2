package cmd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// jsBlock is the browser app of the README.
var jsBlock = regexp.MustCompile("(?s)```js\n(.*?)```\n")

// steps drives the app of the README as a person would, and lists what it shows.
const steps = `
const list = document.querySelector("ol")
const show = text => list.append(Object.assign(document.createElement("li"), { textContent: text }))
try {
  await login("demo", "wrong").catch(e => show("wrong password: " + e.message))
  await login("demo", "correct horse")
  show("scripts see the cookies: " + JSON.stringify(document.cookie))
  const answers = await Promise.all([call("/me"), call("/me"), call("/me")]) // its token has just expired
  for (const a of answers) show("me: " + (await a.json()).username)
  access = "" // as when the page is loaded again
  await refresh()
  show("after a reload: " + (await (await call("/me")).json()).username)
  await call("/cart/items", { method: "POST", body: JSON.stringify({ sku: "tea" }) })
  show("cart: " + await (await call("/cart")).text())
  show("checkout: " + await (await call("/checkout", { method: "POST" })).text())
  show("again: " + await (await call("/checkout", { method: "POST" })).text())
  await logout()
  await refresh().catch(e => show("after logout: " + e.message))
} catch (e) { show("failed: " + e) }
document.title = "done"
`

// TestBrowserApp runs the browser app of the README in Chromium: login, call, 401, refresh,
// retry, cart, logout.
func TestBrowserApp(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed: apt-get install chromium")
		}
		t.Skip("chromium is not installed")
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	app := jsBlock.FindSubmatch(readme)
	if app == nil {
		t.Fatal("README.md has no browser app")
	}
	var script string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write([]byte(`<!doctype html><html lang="en"><title>running</title><h1>Shop</h1><ol></ol><script type="module" src="/app.js"></script></html>`))
		case "/app.js":
			w.Header().Set("Content-Type", "text/javascript")
			w.Write([]byte(script))
		default:
			http.NotFound(w, r)
		}
	}))
	defer site.Close()
	origin := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	log, err := os.Create(filepath.Join(t.TempDir(), "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s, err := startServer(t.TempDir(), nil, log, "--store", "memory", "--user", testUser, "--allow-origin", origin, "--fault", "expire-now")
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	script = strings.Replace(string(app[1]), "http://localhost:3000", strings.Replace(s.url, "127.0.0.1", "localhost", 1), 1) + steps

	dom := browse(t, chromium, origin, "--dump-dom")
	want := `<ol><li>wrong password: user name or password is wrong</li>` +
		`<li>scripts see the cookies: ""</li><li>me: demo</li><li>me: demo</li><li>me: demo</li><li>after a reload: demo</li>` +
		`<li>cart: {"items":[{"sku":"tea"}]}
</li><li>checkout: Checkout successful
</li><li>again: Invalid cart token
</li><li>after logout: the request has no refresh token</li></ol>`
	if !strings.Contains(dom, want) || !strings.Contains(dom, "<title>done</title>") {
		t.Errorf("the page is\n%s\nwant\n%s", dom, want)
	}
	text, err := os.ReadFile(log.Name())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), " POST /refresh 200 "); n != 2 {
		t.Errorf("%d refreshes, want one for three calls and one for the reload:\n%s", n, text)
	}
	if n := strings.Count(string(text), " GET /me 401 "); n != 3 {
		t.Errorf("%d calls were refused, want 3:\n%s", n, text)
	}
	if dir := os.Getenv("JWT_PICTURES"); dir != "" {
		browse(t, chromium, origin, "--screenshot="+filepath.Join(dir, "browser-app.png"), "--window-size=720,540")
	}
}

// browse loads a page in Chromium until its scripts are done, and returns what Chromium prints.
func browse(t *testing.T, chromium, url string, more ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
		"--user-data-dir=" + t.TempDir(), "--virtual-time-budget=20000",
	}, more...)
	out, err := exec.CommandContext(ctx, chromium, append(args, url)...).Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(out)
}
