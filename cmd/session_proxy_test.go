package cmd

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startProxy starts `jwt session proxy` and returns its URL.
func (l *login) startProxy(args ...string) string {
	l.t.Helper()
	c := l.command(append([]string{"proxy"}, args...)...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			l.t.Errorf("the proxy ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		l.t.Fatalf("the proxy says %q: %v", line, err)
	}
	return address
}

// fetch sends a request and returns the status and the body. Pairs of more are headers.
func fetch(t *testing.T, method, url, body string, more ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(more); i += 2 {
		req.Header.Set(more[i], more[i+1])
		if more[i] == "Host" {
			req.Host = more[i+1]
		}
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// Requests through the proxy have the session's credentials. Twenty at once with an expired
// token cause one refresh.
func TestProxy(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "--access-ttl", "2s")
	proxy := l.startProxy()
	status, body, _ := fetch(t, "GET", proxy+"/me", "", "Authorization", "Bearer of-the-caller")
	if status != 200 || !strings.Contains(body, `"demo"`) {
		t.Fatalf("GET /me: %d %s", status, body)
	}
	time.Sleep(2100 * time.Millisecond)
	before := l.asked("POST /refresh", "")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if status, body, _ := fetch(t, "GET", proxy+"/me", ""); status != 200 {
				t.Errorf("GET /me after the token expired: %d %s", status, body)
			}
		})
	}
	all.Wait()
	if n := l.asked("POST /refresh", "") - before; n != 1 {
		t.Errorf("%d refreshes", n)
	}
	// The cart is a cookie of the session, which the caller never sees.
	status, body, header := fetch(t, "POST", proxy+"/cart/items", `{"sku":"tea","quantity":1}`, "Content-Type", "application/json")
	if status >= 300 || header.Get("Set-Cookie") != "" {
		t.Errorf("POST /cart/items: %d %s %v", status, body, header)
	}
	if status, body, _ := fetch(t, "GET", proxy+"/cart", "", "Cookie", "cart=of-another-port"); status != 200 || !strings.Contains(body, "tea") {
		t.Errorf("GET /cart: %d %s", status, body)
	}
	l.must("logout")
	if status, body, _ := fetch(t, "GET", proxy+"/me", ""); status != 401 || !strings.Contains(body, `"class":"not_logged_in"`) {
		t.Errorf("after the logout: %d %s", status, body)
	}
	l.logIn() // the proxy notices the new session
	if status, body, _ := fetch(t, "GET", proxy+"/me", ""); status != 200 {
		t.Errorf("after another login: %d %s", status, body)
	}
}

// A page of another site cannot use the proxy, and other targets are refused at the start.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	proxy := l.startProxy()
	before := l.asked("GET /me", "") + l.asked("POST /cart/items", "")
	for name, more := range map[string][]string{
		"another host":                       {"GET", "Host", "evil.example"},
		"another port":                       {"GET", "Host", "127.0.0.1:1"},
		"a socket of a page of another port": {"GET", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:5173"},
		"a host without port":                {"GET", "Host", "127.0.0.1"},
		"a request of a page":                {"GET", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"},
		"a frame in a page":                  {"GET", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		"an old page's socket":               {"GET", "Origin", "https://evil.example"},
		"a form of a page":                   {"POST", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"},
		"a form of an old page":              {"POST", "Origin", "https://evil.example"},
		"a form without origin":              {"POST", "Origin", "null"},
	} {
		path := "/me"
		if more[0] == "POST" {
			path = "/cart/items"
		}
		if status, body, _ := fetch(t, more[0], proxy+path, "{}", more[1:]...); status != 403 || !strings.Contains(body, `"class":"fetch_refused"`) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if after := l.asked("GET /me", "") + l.asked("POST /cart/items", ""); after != before {
		t.Errorf("%d refused requests reached the server", after-before)
	}
	for args, want := range map[string]string{
		"--target https://evil.example": "its token is not sent elsewhere",
		"--target nonsense":             "is not the URL of a server",
		"--listen 0.0.0.0:0":            "is not loopback",
		"--listen 127.0.0.1":            "must be HOST:PORT",
		"--session other":               "not logged in",
	} {
		c := l.command(append([]string{"proxy"}, strings.Fields(args)...)...)
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v %s", args, err, out)
		}
	}
}

// Events arrive one by one, a connection that is upgraded carries both directions, and a
// redirect leads back to the proxy.
func TestProxyStreams(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"accessToken":"the-access-token","expiresIn":300}`)
	})
	mux.HandleFunc("GET /v1/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for event := range next {
			fmt.Fprintf(w, "data: %s\n\n", event)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("GET /v1/socket", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer the-access-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := rw.ReadString('\n')
		fmt.Fprint(conn, "echo "+line)
	})
	var server *httptest.Server
	mux.HandleFunc("GET /v1/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, server.URL+"/v1/new?a=b", http.StatusFound)
	})
	mux.HandleFunc("GET /v1/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://other.example/v1/new", http.StatusFound)
	})
	server = httptest.NewServer(mux)
	defer server.Close()
	l := &login{t: t, home: t.TempDir()}
	l.must("login", server.URL, "--user", "demo", "--password-env", "PASSWORD", "--store", "file")
	proxy := l.startProxy("--target", server.URL+"/v1")

	resp, err := http.Get(proxy + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	events := bufio.NewReader(resp.Body)
	for _, event := range []string{"one", "two"} {
		next <- event // the server has not ended its answer
		if line, err := events.ReadString('\n'); err != nil || line != "data: "+event+"\n" {
			t.Errorf("the event is %q: %v", line, err)
		}
		events.ReadString('\n')
	}
	close(next)

	conn, err := net.Dial("tcp", strings.TrimPrefix(proxy, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", strings.TrimPrefix(proxy, "http://"))
	socket := bufio.NewReader(conn)
	answer, err := http.ReadResponse(socket, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the upgrade: %v %v", answer, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := socket.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Errorf("the socket says %q: %v", line, err)
	}

	if _, _, header := fetch(t, "GET", proxy+"/moved", ""); header.Get("Location") != "/new?a=b" {
		t.Errorf("redirected to %s", header.Get("Location"))
	}
	if _, _, header := fetch(t, "GET", proxy+"/away", ""); header.Get("Location") != "https://other.example/v1/new" {
		t.Errorf("redirected to %s", header.Get("Location"))
	}
}
