package session

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

func keychainHere() bool { return runtime.GOOS == "darwin" || runtime.GOOS == "windows" }

func mustServer(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := httpclient.ParseServer(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// do makes a request with the session and returns the status and the body.
func (w *world) do(c *Client, method, target, body string, header ...string) (int, string, error) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(b), nil
}

func (w *world) mustDo(method, path, body string, wantStatus int, wantBody string) {
	w.t.Helper()
	code, got, err := w.do(w.client(), method, w.url+path, body)
	if err != nil || code != wantStatus || !strings.Contains(got, wantBody) {
		w.t.Fatalf("%s %s: %d %q %v, want %d %q", method, path, code, got, err, wantStatus, wantBody)
	}
}

func TestCart(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.mustDo("POST", "/cart/items", `{"sku":"tea","quantity":2}`, 201, "tea")
	w.mustDo("POST", "/cart/items", `{"sku":"cup","quantity":1}`, 201, "cup")
	w.mustDo("GET", "/cart", "", 200, "tea")
	code, body, err := w.do(w.client(), "POST", w.url+"/checkout", "", "Cookie", "cart=eyJhbGciOiJub25lIn0.e30.")
	if err != nil || code != 401 || !strings.Contains(body, "Invalid cart token") {
		t.Fatalf("%d %q %v", code, body, err)
	}
	w.mustAsk("/refresh", 0)
	w.mustAsk("/checkout", 1)
	w.mustDo("POST", "/cart/items", `{"sku":"tea","quantity":2}`, 201, "tea")
	w.mustDo("POST", "/checkout", "", 200, "Checkout successful")
	w.mustAsk("/refresh", 0)
	for _, r := range w.requests {
		if _, err := r.Cookie("refresh_token"); err == nil {
			t.Errorf("%s got the refresh token", r.URL.Path)
		}
	}
	for _, c := range w.stored().Cookies {
		if c.Name == "refresh_token" {
			t.Error("the refresh token is in the jar")
		}
	}
}

func TestExpiredTokenIsRefreshedAndTheRequestRetried(t *testing.T) {
	w := newWorld(t, nil)
	old := w.login("cookie", StoreFile)
	w.expireOnce("/cart/items", old.AccessToken)
	w.mustDo("POST", "/cart/items", `{"sku":"tea","quantity":2}`, 201, "tea")
	w.mustAsk("/cart/items", 2)
	w.mustAsk("/refresh", 1)
	r, body := w.last("/cart/items")
	if body != `{"sku":"tea","quantity":2}` || r.Header.Get("Authorization") != "Bearer "+w.stored().AccessToken {
		t.Errorf("the retry was %q with %s", body, r.Header.Get("Authorization"))
	}
}

// expireOnce answers requests to the path with this token as if it had expired.
func (w *world) expireOnce(path, token string) {
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Path == path && r.Header.Get("Authorization") == "Bearer "+token {
			rw.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			status(401, `{"error":"invalid_token"}`)(rw, r)
			return
		}
		serve(rw, r)
	})
}

// TestRetryAdopts checks a 401 that arrives when another process has refreshed already:
// its token is adopted.
func TestRetryAdopts(t *testing.T) {
	w := newWorld(t, nil)
	old := w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Path == "/me" && r.Header.Get("Authorization") == "Bearer "+old.AccessToken {
			w.wrap(nil)
			if _, _, err := w.client().Refresh(t.Context(), old, 0); err != nil {
				t.Error(err)
			}
			status(401, "")(rw, r)
			return
		}
		serve(rw, r)
	})
	w.mustDo("GET", "/me", "", 200, user)
	w.mustAsk("/refresh", 1)
	w.mustAsk("/me", 2)
}

func TestOneRetryOnly(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Path == "/me" {
			status(401, "never")(rw, r)
			return
		}
		serve(rw, r)
	})
	w.mustDo("GET", "/me", "", 401, "never")
	w.mustAsk("/me", 2)
	w.mustAsk("/refresh", 1)
}

func TestOtherAnswersAreNotRetried(t *testing.T) {
	for _, code := range []int{200, 302, 403, 404, 500, 503} {
		w := newWorld(t, nil)
		w.login("cookie", StoreFile)
		w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { status(code, "x")(rw, r) })
		w.mustDo("GET", "/me", "", code, "x")
		w.mustAsk("/me", 1)
		w.mustAsk("/refresh", 0)
	}
}

// TestCredentialsStayAtTheirOrigin checks that the token is sent only to the origin of
// its session: not to another port, scheme or host, and not to the target of a redirect.
func TestCredentialsStayAtTheirOrigin(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.mustDo("POST", "/cart/items", `{"sku":"tea","quantity":2}`, 201, "tea")
	var stolen []*http.Request
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = append(stolen, r) }))
	defer thief.Close()
	u := mustServer(t, w.url)
	for _, target := range []string{
		thief.URL + "/me", "https://" + u.Host + "/me", "http://localhost:" + u.Port() + "/me", "http://127.0.0.1/me", "http://user@127.0.0.2:" + u.Port() + "/me",
	} {
		_, _, err := w.do(w.client(), "GET", target, "")
		mustFail(t, err, verdict.FetchRefused, "its token is not sent elsewhere", w.stored().AccessToken)
	}
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		http.Redirect(rw, r, thief.URL+"/take", http.StatusTemporaryRedirect)
	})
	w.mustDo("POST", "/checkout", `{"a":1}`, 307, "")
	_, _, err := w.client().Refresh(t.Context(), w.stored(), 0)
	mustFail(t, err, verdict.FetchRefused, "307")
	_, err = w.client().Login(t.Context(), Login{Server: u, Preset: "cookie", User: user, Password: []byte(password), Store: StoreFile})
	mustFail(t, err, verdict.FetchRefused, "307")
	if len(stolen) != 0 {
		t.Fatalf("%d requests went elsewhere: %v", len(stolen), stolen[0].Header)
	}
}

// TestCookiesAreMerged checks that cookies of two simultaneous processes are both stored,
// and that those of a request that outlived its session are dropped.
func TestCookiesAreMerged(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		switch r.URL.Path {
		case "/a":
			http.SetCookie(rw, &http.Cookie{Name: "inner", Value: "1"})
			w.mustDo("GET", "/b", "", 200, "")
			http.SetCookie(rw, &http.Cookie{Name: "a", Value: "1"})
		case "/b":
			http.SetCookie(rw, &http.Cookie{Name: "b", Value: "2"})
			http.SetCookie(rw, &http.Cookie{Name: "refresh_token", Value: "planted"})
		case "/login":
			serve(rw, r)
		case "/again":
			w.login("cookie", StoreFile)
			http.SetCookie(rw, &http.Cookie{Name: "late", Value: "3"})
		}
	})
	before := w.stored().RefreshToken
	w.mustDo("GET", "/a", "", 200, "")
	names := map[string]bool{}
	for _, c := range w.stored().Cookies {
		names[c.Name] = true
	}
	if !names["a"] || !names["b"] || !names["inner"] || names["refresh_token"] || w.stored().RefreshToken != before {
		t.Errorf("cookies are %v", names)
	}
	w.mustDo("GET", "/again", "", 200, "")
	if cookies := w.stored().Cookies; len(cookies) != 0 {
		t.Errorf("another login has cookies of the one before: %v", cookies)
	}
}

func TestTraceShowsNoSecret(t *testing.T) {
	w := newWorld(t, nil)
	var trace bytes.Buffer
	c := w.client()
	c.Trace = &trace
	old := w.loginWith(c, "cookie", StoreFile)
	if _, _, err := w.do(c, "POST", w.url+"/cart/items?api_key=hidden1", `{"sku":"tea","quantity":2}`, "X-Api-Key", "hidden2"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.do(c, "POST", w.url+"/checkout", ""); err != nil {
		t.Fatal(err)
	}
	fresh, _, err := c.Refresh(t.Context(), old, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := trace.String()
	secrets := []string{password, "hidden1", "hidden2", old.RefreshToken, fresh.RefreshToken, signature(old.AccessToken), signature(fresh.AccessToken)}
	for _, k := range w.stored().Cookies {
		secrets = append(secrets, signature(k.Value))
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the trace holds %q", secret)
		}
	}
	parts := strings.Split(old.AccessToken, ".")
	for _, shown := range []string{"> POST " + w.url + "/login\n", "> POST " + w.url + "/cart/items?…\n", "< 200 OK", "Bearer " + parts[0] + "." + parts[1] + ".sha256:", "cart=eyJ", "> Cookie: refresh_token=sha256:", "< Set-Cookie: refresh_token=sha256:", "HttpOnly"} {
		if !strings.Contains(text, shown) {
			t.Errorf("the trace lacks %q:\n%s", shown, text)
		}
	}
}

func signature(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }

func TestRequestWithoutSession(t *testing.T) {
	w := newWorld(t, nil)
	_, _, err := w.do(w.client(), "GET", w.url+"/me", "")
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	w.mustAsk("/me", 0)
}
