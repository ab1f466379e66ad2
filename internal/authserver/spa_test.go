package authserver

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jwt/internal/tooltest"
)

// spa is a page that logs in with npm's oidc-client-ts, another implementation. It refreshes,
// calls a resource with a DPoP proof and revokes, all from its own origin.
const spa = `<!doctype html><html lang="en"><title>starting</title><h1>App</h1><ol></ol>
<script src="/oidc-client-ts.min.js"></script><script type="module">
const show = text => document.querySelector("ol").append(Object.assign(document.createElement("li"), { textContent: text }))
const app = new oidc.UserManager({
	authority: "SERVER", client_id: "native", redirect_uri: location.origin + "/", scope: "openid email offline_access",
	dpop: { store: new oidc.IndexedDbDPoPStore(), bind_authorization_code: true }, userStore: new oidc.WebStorageStateStore({ store: sessionStorage }),
})
try {
	if (!location.search) await app.signinRedirect()
	else {
		let user = await app.signinCallback()
		show(user.profile.sub + " " + user.token_type)
		const before = user.access_token
		user = await app.signinSilent() // with the refresh token
		show("refreshed: " + (user.access_token != before))
		const call = async url => fetch(url, { headers: { Authorization: "DPoP " + user.access_token, DPoP: await app.dpopProof(url, user) } })
		const me = "SERVER/me"
		show("me: " + (await (await call(me)).json()).username)
		show("userinfo: " + (await (await call("SERVER/userinfo")).json()).email)
		show("stolen: " + (await fetch(me, { headers: { Authorization: "Bearer " + user.access_token } })).headers.get("WWW-Authenticate").split(" ")[0])
		await app.revokeTokens()
		show("revoked: " + (await call(me)).status)
		document.title = "done"
	}
} catch (e) { show("failed: " + e); document.title = "done" }
</script></html>`

// TestSPAInChromium logs in to a page of another origin, in a browser.
func TestSPAInChromium(t *testing.T) {
	library := tooltest.Directory(t, "NPM_OIDC_CLIENT_TS")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := "http://" + l.Addr().String()
	s := serve(t, func(o *Options) { o.Origins = []string{app} })
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.ServeFile(w, r, filepath.Join(library, "node_modules/oidc-client-ts/dist/browser", filepath.Base(r.URL.Path)))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(strings.ReplaceAll(spa, "SERVER", s.url)))
	}))
	site.Listener = l
	site.Start()
	defer site.Close()

	b := startChromium(t)
	s.clock.Advance(time.Since(epoch)) // the library compares the clocks
	b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": false})
	b.Visit(app)
	shows := func(title, focus string) { // pages load one after the other, by scripts
		for b.Eval(`[document.readyState, document.title, document.activeElement?.id].join(" ")`) != `"complete `+title+" "+focus+`"` {
			time.Sleep(10 * time.Millisecond)
		}
	}
	shows("Log in", "username")
	b.TypeText(alice)
	b.Press("Tab")
	b.TypeText(password)
	b.Press("Enter")
	shows("Allow access?", "")
	b.Press("Tab")
	b.Press("Enter")
	shows("done", "")
	same(t, "the page", b.Eval(`[...document.querySelectorAll("li")].map(l => l.textContent)`),
		`["alice DPoP","refreshed: true","me: alice","userinfo: alice@example.com","stolen: DPoP","revoked: 401"]`)
	same(t, "blocked by a policy", b.Blocked, []string(nil))
}
