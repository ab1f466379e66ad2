package jwks

import (
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

func TestAddresses(t *testing.T) {
	for address, want := range map[string]verdict.Class{
		"https://example.com/jwks":            "",
		"https://10.0.0.1/jwks":               "",
		"https://127.0.0.1:8443/?a=b#c":       "",
		"HTTPS://EXAMPLE.COM":                 "",
		"http://127.0.0.1/jwks":               "",
		"http://127.255.3.4:80/jwks":          "",
		"http://[::1]:8080/jwks":              "",
		"http://localhost:8080/jwks":          "",
		"http://LOCALHOST":                    "",
		"http://foo.localhost":                "",
		"http://localhost.":                   "",
		"http://example.com/jwks":             verdict.FetchRefused,
		"http://localhost.example.com/jwks":   verdict.FetchRefused,
		"http://127.0.0.1.example.com/jwks":   verdict.FetchRefused,
		"http://127.1/jwks":                   verdict.FetchRefused,
		"http://2130706433/jwks":              verdict.FetchRefused,
		"http://0.0.0.0/jwks":                 verdict.FetchRefused,
		"http://10.0.0.1/jwks":                verdict.FetchRefused,
		"http://[::]/jwks":                    verdict.FetchRefused,
		"http://evil.com#@127.0.0.1":          verdict.FetchRefused,
		"http://127.0.0.1@evil.com":           verdict.FetchRefused,
		"https://user:hunter2@example.com/":   verdict.FetchRefused,
		"https://hunter2@example.com/":        verdict.FetchRefused,
		"file:///etc/passwd":                  verdict.FetchRefused,
		"ftp://example.com/jwks":              verdict.FetchRefused,
		"gopher:hunter2@example.com":          verdict.FetchRefused,
		"https:///jwks":                       verdict.Usage,
		"https:example.com":                   verdict.Usage,
		"example.com/jwks":                    verdict.Usage,
		"https://user:hunter2@exa mple.com/":  verdict.Usage,
		"https://example.com:port/":           verdict.Usage,
		"https://example.com/\x1b[31m":        verdict.Usage,
		"https://user:hunter2@example.com:x/": verdict.Usage,
		"":                                    verdict.Usage,
	} {
		_, err := parseAddress(address)
		if got := verdict.ClassOf(err); got != want {
			t.Errorf("%q: class is %q, want %q: %v", address, got, want, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message quotes a password: %v", err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"https://example.com", "http://localhost:1/a?b#c", "http://[::1%25lo]/", "http://a@b", "https:a", "HTTP://127.0.0.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseAddress(text)
		if err != nil {
			return
		}
		host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
		ip := net.ParseIP(u.Hostname())
		loopback := ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
		if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
			t.Errorf("%q is accepted as %v", text, u)
		}
		if u.User != nil || u.Fragment != "" || u.Host == "" {
			t.Errorf("%q is accepted with %+v", text, u)
		}
	})
}

func TestRequestHasNoCredentials(t *testing.T) {
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		http.SetCookie(rw, &http.Cookie{Name: "set", Value: "1"})
		if r.URL.Path == "/jwks" {
			http.Redirect(rw, r, "/moved", http.StatusFound)
			return
		}
		serve(jwks("a"))(rw, r)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(w.URL)
	jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: "1"}})
	c := w.process()
	c.HTTP = &http.Client{Transport: w.Client().Transport, Jar: jar}
	f, err := c.Keys(t.Context(), w.URL+"/jwks?code=hunter2#fragment")
	mustHave(t, f, err, "a")
	if src := f.Set.Keys[0].Source; src != w.URL+"/jwks?…" {
		t.Errorf("the key's source is %q", src)
	}
	mustCount(t, w.server, 2)
	if got := w.requests[0].URL.RawQuery; got != "code=hunter2" {
		t.Errorf("the query is %q", got)
	}
	for _, r := range w.requests {
		if r.Method != "GET" || r.UserAgent() != "jwt/test" || !strings.HasPrefix(r.Header.Get("Accept"), "application/jwk-set+json, application/json") {
			t.Errorf("request %s with %v", r.Method, r.Header)
		}
		for _, name := range []string{"Cookie", "Authorization", "Referer"} {
			if v := r.Header.Get(name); v != "" {
				t.Errorf("%s: %s was sent", name, v)
			}
		}
	}
}

func TestRedirects(t *testing.T) {
	plain := newServer(t, httptest.NewServer, serve(jwks("plain")))
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		switch to := r.URL.Query().Get("to"); {
		case to != "":
			rw.Header().Set("Location", to)
			rw.WriteHeader(http.StatusTemporaryRedirect)
		case strings.HasPrefix(r.URL.Path, "/hop/"):
			n, _ := strconv.Atoi(r.URL.Path[len("/hop/"):])
			if n == 0 {
				serve(jwks("a"))(rw, r)
				return
			}
			http.Redirect(rw, r, fmt.Sprintf("/hop/%d", n-1), http.StatusFound)
		case r.URL.Path == "/nowhere":
			rw.WriteHeader(http.StatusFound)
		}
	})
	f, err := w.process().Keys(t.Context(), w.URL+"/hop/5")
	mustHave(t, f, err, "a")
	if f.URL != w.URL+"/hop/5" {
		t.Errorf("URL is %q", f.URL)
	}
	_, err = w.process().Keys(t.Context(), w.URL+"/hop/6")
	mustFail(t, err, verdict.FetchRefused, w.URL+"/hop/6", "5 redirects")
	_, err = w.process().Keys(t.Context(), w.URL+"/nowhere")
	mustFail(t, err, verdict.FetchFailed, w.URL+"/nowhere", "302")

	for _, to := range []string{
		plain.URL, // from https to http, although on loopback
		"http://example.com/jwks",
		"https://user:hunter2@127.0.0.1/",
		"file:///etc/passwd",
		"ftp://example.com/",
	} {
		_, err := w.process().Keys(t.Context(), w.URL+"/?to="+url.QueryEscape(to))
		mustFail(t, err, verdict.FetchRefused, w.URL, "redirected")
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message quotes a password: %v", err)
		}
	}
	mustCount(t, plain, 0)
}

func TestRedirectsFromLoopback(t *testing.T) {
	secure := newTLS(t, serve(jwks("secure")))
	var plain *server
	plain = newServer(t, httptest.NewServer, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/up":
			http.Redirect(rw, r, secure.URL, http.StatusFound)
		case "/across":
			http.Redirect(rw, r, "http://localhost:"+plain.URL[strings.LastIndexByte(plain.URL, ':')+1:], http.StatusFound)
		case "/out":
			http.Redirect(rw, r, "http://example.com/", http.StatusFound)
		default:
			serve(jwks("plain"))(rw, r)
		}
	})
	c := &Client{HTTP: secure.Client(), Now: time.Now}
	f, err := c.Keys(t.Context(), plain.URL+"/up")
	mustHave(t, f, err, "secure")
	f, err = c.Keys(t.Context(), plain.URL+"/across")
	mustHave(t, f, err, "plain")
	_, err = c.Keys(t.Context(), plain.URL+"/out")
	mustFail(t, err, verdict.FetchRefused, plain.URL+"/out", "http://example.com/", "loopback")
}

// TestValidatorsDoNotCrossRedirects checks that a validator from the target of a redirect
// is not sent to another server. Its "not modified" would keep an old key valid.
func TestValidatorsDoNotCrossRedirects(t *testing.T) {
	etag := "ETag: \"1\""
	w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		if r.URL.Path == "/jwks" {
			http.Redirect(rw, r, "/moved", http.StatusFound)
			return
		}
		serve(jwks("a"), etag, "Cache-Control: no-cache")(rw, r)
	})
	for range 2 {
		f, err := w.process().Keys(t.Context(), w.URL+"/jwks")
		mustHave(t, f, err, "a")
		if got := w.last().Header.Get("If-None-Match"); got != "" {
			t.Errorf("If-None-Match: %s was sent", got)
		}
	}
	mustCount(t, w.server, 4)
}

func TestBounds(t *testing.T) {
	huge := strings.Repeat(" ", jwk.MaxBytes)
	drip := func(rw http.ResponseWriter, r *http.Request) {
		for {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(5 * time.Millisecond):
				fmt.Fprint(rw, " ")
				rw.(http.Flusher).Flush()
			}
		}
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		class   verdict.Class
		names   string
	}{
		{"the largest", serve(jwks("a") + huge[len(jwks("a")):]), "", ""},
		{"one byte more", serve(jwks("a") + huge[len(jwks("a"))-1:]), verdict.FetchRefused, "larger than"},
		{"announced", serve("", "Content-Length: 99999999999"), verdict.FetchRefused, "larger than"},
		{"without end", func(rw http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(rw, huge)
			}
		}, verdict.FetchRefused, "larger than"},
		{"gzip bomb", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			for range 3 {
				fmt.Fprint(z, huge)
			}
			z.Close()
		}, verdict.FetchRefused, "larger than"},
		{"another encoding", serve(jwks("a"), "Content-Encoding: br"), verdict.FetchFailed, "br"},
		{"drip", drip, verdict.FetchFailed, "within 1s"},
		{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, verdict.FetchFailed, "within 1s"},
		{"headers without end", serve("", "X: "+strings.Repeat("x", 200<<10)), verdict.FetchFailed, "header"},
		{"cut off", serve("{", "Content-Length: 100"), verdict.FetchFailed, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.handler)
			c := w.process()
			if strings.HasPrefix(test.names, "within") {
				c.Timeout = time.Second
			}
			f, err := c.Keys(t.Context(), w.URL)
			if test.class == "" {
				mustHave(t, f, err, "a")
				return
			}
			mustFail(t, err, test.class, w.URL, test.names)
			if got := files(t, w.dir); len(got) != 0 {
				t.Errorf("cached: %q", got)
			}
		})
	}
}

func TestStatuses(t *testing.T) {
	for code, class := range map[int]verdict.Class{
		http.StatusNoContent:           verdict.FetchFailed,
		http.StatusPartialContent:      verdict.FetchFailed,
		http.StatusUnauthorized:        verdict.FetchFailed,
		http.StatusForbidden:           verdict.FetchFailed,
		http.StatusNotFound:            verdict.FetchFailed,
		http.StatusTooManyRequests:     verdict.FetchFailed,
		http.StatusInternalServerError: verdict.ServerError,
		http.StatusServiceUnavailable:  verdict.ServerError,
		599:                            verdict.ServerError,
	} {
		w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(code)
			if code != http.StatusNoContent {
				serve(jwks("a"))(rw, r)
			}
		})
		_, err := w.process().Keys(t.Context(), w.URL)
		mustFail(t, err, class, w.URL, strconv.Itoa(code))
		if got := files(t, w.dir); len(got) != 0 {
			t.Errorf("%d: cached: %q", code, got)
		}
	}
}

func TestNetworkFailures(t *testing.T) {
	w := newWorld(t, serve(jwks("a")))
	closed := newTLS(t, serve(""))
	closed.Close()
	dialer := func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Client {
		return &http.Client{Transport: &http.Transport{DialContext: dial}}
	}
	for _, test := range []struct {
		name, url string
		client    *http.Client
		names     string
	}{
		{"connection refused", closed.URL, w.Client(), "refused"},
		{"unknown CA", w.URL, &http.Client{Transport: &http.Transport{}}, "not trusted"},
		{"no TLS", "https" + newServer(t, httptest.NewServer, serve("")).URL[len("http"):], w.Client(), "does not speak TLS"},
		{"unknown host", "https://nowhere.invalid/jwks", dialer(func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}
		}), "DNS"},
		{"no connection", "https://nowhere.invalid/jwks", dialer(func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}), "no connection within 50ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := w.process()
			c.HTTP = test.client
			if strings.Contains(test.names, "50ms") {
				c.ConnectTimeout = 50 * time.Millisecond
			}
			_, err := c.Keys(t.Context(), test.url)
			mustFail(t, err, verdict.FetchFailed, test.url, test.names)
			_, again := c.Keys(t.Context(), test.url)
			if again != err {
				t.Errorf("asked again at once: %v", again)
			}
		})
	}
	mustCount(t, w.server, 0)
}

// elsewhere is a connection to another address than its name says.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func TestLocalhostElsewhere(t *testing.T) {
	c := &Client{Now: time.Now, HTTP: &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			there.Close()
			return elsewhere{here}, nil
		},
	}}}
	_, err := c.Keys(t.Context(), "http://localhost:8080/jwks")
	mustFail(t, err, verdict.FetchRefused, "http://localhost:8080/jwks", "192.0.2.1")
}

func FuzzFreshness(f *testing.F) {
	f.Add("max-age=1, no-cache=\"a, b\"", "0", "x", "1", "*")
	f.Add("max-age=18446744073709551616", "Sun, 01 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 0001 12:00:00 GMT", "-1", "")
	f.Add("", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "1", "") // found by fuzzing: the difference overflowed
	f.Fuzz(func(t *testing.T, control, expires, date, age, vary string) {
		h := http.Header{"Cache-Control": {control}, "Expires": {expires}, "Date": {date}, "Age": {age}, "Vary": {vary}}
		got := freshnessOf(h, time.Unix(1772366400, 0))
		if got.lifetime < 0 || got.lifetime > maxLifetime {
			t.Errorf("lifetime is %v", got.lifetime)
		}
		if got.noStore && got.lifetime > 0 {
			t.Errorf("not to be stored, but fresh for %v", got.lifetime)
		}
	})
}
