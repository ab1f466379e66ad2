package flow_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/flow"
	"jwt/internal/flow/report"
	"jwt/internal/tooltest"
)

// TestReportInChromium loads the report in a browser, and checks that it is displayed and
// requests nothing but the page.
func TestReportInChromium(t *testing.T) {
	chromium := tooltest.Program(t, "chromium")
	var page []byte
	inBubble(t, func(t *testing.T) {
		o := options(t, serve(t, authserver.Options{AccessTTL: time.Hour}, "cookie-no-httponly", "latency=20ms"), "cookie")
		o.Skip = []string{flow.ConcurrentRefresh}
		page = report.HTML(run(t, o))
	})
	evil := report.HTML(hostile())

	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/report.html":
			w.Write(page)
		case "/evil.html":
			w.Write(evil)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()

	dom := dump(t, chromium, server.URL+"/report.html")
	for _, want := range []string{
		`<svg class="sequence"`, `<svg class="timeline"`, "POST /login",
		`<tr class="fail" id="rule-cookie-httponly">`, `<tr class="pass" id="rule-rotation">`, `<tr class="skip" id="rule-concurrent-refresh">`,
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, id := range flow.RuleIDs(flow.Session) {
		if !strings.Contains(dom, `id="rule-`+id+`"`) {
			t.Errorf("the page has no rule %s", id)
		}
	}
	if dom := dump(t, chromium, server.URL+"/evil.html"); !strings.Contains(dom, `id="rule-login-works"`) || strings.Contains(dom, "<script") || strings.Contains(dom, "<img") {
		t.Errorf("the hostile page became\n%s", dom)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(asked, " "); got != "/report.html /evil.html" {
		t.Errorf("chromium asked for %s", got)
	}
}

// dump returns the final DOM of a page in Chromium.
func dump(t *testing.T, chromium, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--user-data-dir="+t.TempDir(), "--dump-dom", url)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(out)
}
