package cmd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"jwt/internal/tooltest"
)

// frontendPage has the browser app, and jsBlock finds it.
const frontendPage = "../docs/frontend.md"

var jsBlock = regexp.MustCompile("(?s)```js\n(.*?)```\n")

// steps drives the app of docs/frontend.md as a person would, and lists what it shows.
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

// TestBrowserApp runs the browser app of docs/frontend.md in Chromium: login, call, 401, refresh,
// retry, cart, logout. The server is of another origin, or behind the proxy of a dev server.
func TestBrowserApp(t *testing.T) {
	chromium := tooltest.Program(t, "chromium")
	readme, err := os.ReadFile(frontendPage)
	if err != nil {
		t.Fatal(err)
	}
	app := jsBlock.FindSubmatch(readme)
	if app == nil || !strings.Contains(string(app[1]), pageServer) {
		t.Fatal("docs/frontend.md has no browser app")
	}
	for _, proxied := range []bool{false, true} {
		t.Run(map[bool]string{false: "another origin", true: "behind a proxy"}[proxied], func(t *testing.T) {
			runBrowserApp(t, chromium, string(app[1]), proxied)
		})
	}
}

// pageServer is the line of the app that names the server.
const pageServer = `const server = "http://localhost:3000"`

func runBrowserApp(t *testing.T, chromium, app string, proxied bool) {
	site := &appSite{}
	dev := httptest.NewUnstartedServer(site) // starts when the site is complete
	defer dev.Close()
	origin := "http://" + strings.Replace(dev.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	log, err := os.Create(filepath.Join(t.TempDir(), "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	allow := []string{"--allow-origin", origin}
	if proxied {
		allow = []string{"--allow-host", strings.TrimPrefix(origin, "http://")}
	}
	s, err := startServer(t.TempDir(), nil, log, append(allow, "--store", "memory", "--user", testUser, "--fault", "expire-now")...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	server := strings.Replace(s.url, "127.0.0.1", "localhost", 1)
	if proxied {
		u, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		server = ""
		site.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = u.Scheme, u.Host, r.In.Host
		}}
	}
	site.script = strings.Replace(app, pageServer, `const server = "`+server+`"`, 1) + steps
	dev.Start()

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

// An appSite is the dev server of the app. With a proxy it hands all other paths on.
type appSite struct {
	script string
	proxy  http.Handler
}

func (a *appSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(`<!doctype html><html lang="en"><title>running</title><h1>Shop</h1><ol></ol><script type="module" src="/app.js"></script></html>`))
	case r.URL.Path == "/app.js":
		w.Header().Set("Content-Type", "text/javascript")
		w.Write([]byte(a.script))
	case a.proxy != nil:
		a.proxy.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// browse loads a page in Chromium until its scripts are done, and returns what Chromium prints.
func browse(t *testing.T, chromium, address string, more ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
		"--user-data-dir=" + t.TempDir(), "--virtual-time-budget=20000",
	}, more...)
	out, err := exec.CommandContext(ctx, chromium, append(args, address)...).Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(out)
}
