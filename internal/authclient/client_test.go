package authclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/config"
	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"https://login.example":       "https://login.example",
		"https://Login.Example/":      "https://login.example",
		"https://login.example/a/b//": "https://login.example/a/b",
		"http://127.0.0.1:3000":       "http://127.0.0.1:3000",
		"http://[::1]:3000/":          "http://[::1]:3000",
		"http://localhost":            "http://localhost",
		"http://LOCALHOST:0":          "http://localhost:0",
		"http://foo.localhost":        "http://foo.localhost",
		"http://localhost.":           "http://localhost.",
		"http://127.0.0.2":            "http://127.0.0.2",
	} {
		u, err := httpclient.ParseServer(text)
		if err != nil || u.String() != want {
			t.Errorf("%s: %v %v, want %s", text, u, err, want)
		}
	}
	for text, class := range map[string]verdict.Class{
		"login.example":                  verdict.Usage,
		"":                               verdict.Usage,
		"ftp://login.example":            verdict.Usage,
		"https://":                       verdict.Usage,
		"https://a:secret@login.example": verdict.Usage,
		"https://login.example?x=1":      verdict.Usage,
		"https://login.example/#f":       verdict.Usage,
		"https://[login":                 verdict.Usage,
		"http://login.example":           verdict.FetchRefused,
		"http://10.0.0.1":                verdict.FetchRefused,
		"http://127.0.0.1.evil.example":  verdict.FetchRefused,
	} {
		_, err := httpclient.ParseServer(text)
		if verdict.ClassOf(err) != class || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", text, err, class)
		}
	}
}

// exchange runs a step of the preset against a handler.
func exchange(t *testing.T, p presets.Preset, handler http.HandlerFunc) *Client {
	t.Helper()
	h := httptest.NewServer(handler)
	t.Cleanup(h.Close)
	u, err := httpclient.ParseServer(h.URL + "/base")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &Client{URL: u, Preset: p, Transport: httpclient.Transport(nil, 0), UserAgent: "jwt/test", Now: func() time.Time { return now }, Timeout: time.Minute}
}

// TestStepRequests checks the request of each kind of step.
func TestStepRequests(t *testing.T) {
	tests := []struct {
		name string
		step presets.Step
		want string
	}{
		{"json", presets.Step{Method: "POST", Path: "/login", Body: "json", Fields: []string{"username=$username", "password=$password", "grant=x=y"}}, `POST /base/login application/json {"grant":"x=y","password":"p\"w","username":"älice"}`},
		{"nested", presets.Step{Method: "PUT", Path: "/login", Body: "json", Fields: []string{"/user/email=$username", "/user/pass~1word=$password"}}, `PUT /base/login application/json {"user":{"email":"älice","pass/word":"p\"w"}}`},
		{"form", presets.Step{Method: "POST", Path: "/token", Body: "form", Fields: []string{"grant_type=password", "username=$username", "password=$password"}}, `POST /base/token application/x-www-form-urlencoded grant_type=password&password=p%22w&username=%C3%A4lice`},
		{"no fields", presets.Step{Method: "GET", Path: "/me", Body: "none"}, `GET /base/me  `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			s := exchange(t, presets.Preset{Login: tt.step, Tokens: presets.Places{Access: []string{"json:/t"}}}, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
				io.WriteString(w, `{"t":"x"}`)
			})
			if _, err := s.Login(t.Context(), "älice", []byte(`p"w`)); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestStepCredentials(t *testing.T) {
	places := presets.Places{Access: []string{"json:/t"}, Refresh: []string{"cookie:rt"}}
	var bearer, cookie string
	p := presets.Preset{Tokens: places, Refresh: presets.Step{Method: "POST", Path: "/r", Body: "none", RefreshCookie: true}, Logout: presets.Step{Method: "POST", Path: "/o", Body: "none", Bearer: true}}
	s := exchange(t, p, func(w http.ResponseWriter, r *http.Request) {
		bearer, cookie = r.Header.Get("Authorization"), r.Header.Get("Cookie")
		io.WriteString(w, `{"t":"x"}`)
	})
	if _, err := s.Refresh(t.Context(), Tokens{AccessToken: "access", RefreshToken: "refresh"}); err != nil || bearer != "" || cookie != "rt=refresh" {
		t.Errorf("refresh: %v, %q, %q", err, bearer, cookie)
	}
	if _, err := s.Logout(t.Context(), Tokens{AccessToken: "access", RefreshToken: "refresh"}); err != nil || bearer != "Bearer access" || cookie != "" {
		t.Errorf("logout: %v, %q, %q", err, bearer, cookie)
	}
}

// oldJWT is a token with alg none and a lifetime of ten minutes, long ago.
const oldJWT = "eyJhbGciOiJub25lIn0.eyJpYXQiOjEwMDAsImV4cCI6MTYwMH0."

// TestCookiesOfTwoDomains checks that a cookie of the host and one of its domain are two
// cookies (RFC 6265 §5.3): clearing one does not clear the other.
func TestCookiesOfTwoDomains(t *testing.T) {
	s := &Client{Preset: presets.Preset{Tokens: presets.Places{Refresh: []string{"cookie:rt"}}}}
	for _, tt := range []struct {
		set  []string
		want string
	}{
		{[]string{"rt=r; Path=/", "rt=; Path=/; Domain=example.com; Max-Age=0"}, "r"},
		{[]string{"rt=r; Path=/", "rt=; Path=/; Domain=auth.example.com; Max-Age=0"}, ""},
		{[]string{"rt=r; Path=/; Domain=.Example.com", "rt=; Path=/; Domain=example.com; Max-Age=0"}, ""},
		{[]string{"rt=; Path=/; Max-Age=0", "rt=r; Path=/"}, "r"},
	} {
		header := http.Header{"Set-Cookie": tt.set}
		r := &reply{
			url: &url.URL{Scheme: "https", Host: "auth.example.com:8443", Path: "/refresh"}, asked: time.Now(),
			header: header, cookies: (&http.Response{Header: header}).Cookies(),
		}
		if got := s.refreshGrant(r).RefreshToken; got != tt.want {
			t.Errorf("%q: %q, want %q", tt.set, got, tt.want)
		}
	}
}

func TestGrant(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := presets.Preset{
		Login: presets.Step{Method: "POST", Path: "/login", Body: "none"},
		Tokens: presets.Places{
			Access: []string{"header:X-Access", "json:/data/0/access"}, Refresh: []string{"cookie:rt", "json:/data/0/refresh"},
			ExpiresIn: []string{"json:/expires"}, RefreshExpiresIn: []string{"json:/lasts"}, Type: []string{"json:/type"},
		},
	}
	tests := []struct {
		name    string
		headers []string
		body    string
		want    Grant
		says    string
	}{
		{"json", nil, `{"data":[{"access":"a","refresh":"r"}],"expires":60,"lasts":"3600","type":"bearer"}`, Grant{AccessToken: "a", RefreshToken: "r", Obtained: now, AccessExpires: now.Add(time.Minute), RefreshExpires: now.Add(time.Hour)}, ""},
		{"header and cookie", []string{"X-Access", "a", "Set-Cookie", "rt=r; Max-Age=60"}, `<html>`, Grant{AccessToken: "a", RefreshToken: "r", RefreshCookie: "rt", Obtained: now, RefreshExpires: now.Add(time.Minute)}, ""},
		{"a cookie of another domain", []string{"X-Access", "a", "Set-Cookie", "rt=r; Domain=evil.example"}, ``, Grant{AccessToken: "a", Obtained: now}, ""},
		{"with another cookie that is cleared", []string{"X-Access", "a", "Set-Cookie", "rt=r; Path=/", "Set-Cookie", "rt=deleted; Path=/old; Max-Age=0"}, ``, Grant{AccessToken: "a", RefreshToken: "r", RefreshCookie: "rt", Obtained: now}, ""},
		{"a cookie that is set and cleared", []string{"X-Access", "a", "Set-Cookie", "rt=r; Path=/", "Set-Cookie", "rt=deleted; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, ``, Grant{AccessToken: "a", Obtained: now}, ""},
		{"of two cookies the last", []string{"X-Access", "a", "Set-Cookie", "rt=", "Set-Cookie", "rt=r"}, ``, Grant{AccessToken: "a", RefreshToken: "r", RefreshCookie: "rt", Obtained: now}, ""},
		{"by its own exp and iat", []string{"X-Access", oldJWT}, `{}`, Grant{AccessToken: oldJWT, Obtained: now, AccessExpires: now.Add(10 * time.Minute)}, ""},
		{"expires before exp", []string{"X-Access", oldJWT}, `{"expires":5.9}`, Grant{AccessToken: oldJWT, Obtained: now, AccessExpires: now.Add(5 * time.Second)}, ""},
		{"no tokens", nil, `{"data":[]}`, Grant{}, "no access token at header:X-Access or json:/data/0/access"},
		{"twice", nil, `{"data":[{"access":"a","access":"b"}]}`, Grant{}, "has a member twice"},
		{"null", nil, `{"data":[{"access":null}]}`, Grant{}, "no access token"},
		{"not JSON", nil, `{"data":`, Grant{}, "no access token"},
		{"invalid in a header", nil, `{"data":[{"access":"a b"}]}`, Grant{}, "characters that a header cannot carry"},
		{"with a quote", nil, `{"data":[{"access":"a\"b"}]}`, Grant{}, "characters that a header cannot carry"},
		{"with a comma", nil, `{"data":[{"access":"a,b"}]}`, Grant{}, "characters that a header cannot carry"},
		{"not ASCII", nil, `{"data":[{"access":"é"}]}`, Grant{}, "characters that a header cannot carry"},
		{"ID and secret", nil, `{"data":[{"access":"6|ht!$(x);#[]"}]}`, Grant{AccessToken: "6|ht!$(x);#[]", Obtained: now}, ""},
		{"with its scheme", []string{"X-Access", "bearer  a.b"}, ``, Grant{AccessToken: "a.b", Obtained: now}, ""},
		{"with its scheme in JSON", nil, `{"data":[{"access":"Bearer a"}]}`, Grant{AccessToken: "a", Obtained: now}, ""},
		{"the scheme alone", nil, `{"data":[{"access":"Bearer "}]}`, Grant{}, "characters that a header cannot carry"},
		{"of another type", nil, `{"data":[{"access":"a"}],"type":"mac"}`, Grant{}, "type mac, not Bearer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := exchange(t, p, func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i < len(tt.headers); i += 2 {
					w.Header().Add(tt.headers[i], tt.headers[i+1])
				}
				io.WriteString(w, tt.body)
			})
			got, err := s.Login(t.Context(), "", nil)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("%+v %v, want %q", got, err, tt.says)
				}
				return
			}
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}

// TestExpiry checks when an access token expires by the local clock, for differences
// between the clocks.
func TestExpiry(t *testing.T) {
	const (
		none   = 0
		noDate = ""
	)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name      string
		exp, iat  int    // seconds from the local now; or none
		expiresIn string // or none
		date      string // how far the server's clock is ahead; or noDate
		want      time.Duration
	}{
		{"fresh", 300, -1, "300", "0s", 300 * time.Second},
		{"a short delay is not an age", 299, -1, "", "0s", 300 * time.Second},
		{"issued earlier", 1, -298, "", "0s", time.Second},
		{"issued earlier, no Date", 1, -298, "", noDate, time.Second},
		{"issued earlier, with a lifetime", 60, -240, "300", "0s", time.Minute},
		{"the sooner of two", 59, -1, "300", "0s", time.Minute},
		{"the sooner of two", 300, -1, "60", "0s", time.Minute},
		{"our clock is behind", 900, 600, "", "10m", 300 * time.Second},
		{"our clock is behind, issued earlier", 700, 400, "", "10m", 100 * time.Second},
		{"our clock is behind, no Date", 900, 600, "", noDate, 300 * time.Second},
		{"our clock is behind, no iat", 900, none, "", "10m", 300 * time.Second},
		{"our clock is ahead", -300, -600, "", "-10m", 300 * time.Second},
		{"our clock is ahead, no Date", -300, -600, "", noDate, 300 * time.Second},
		{"our clock is ahead, no iat", -300, none, "", "-10m", 300 * time.Second},
		{"our clock is ahead, no iat, no Date", -300, none, "", noDate, -300 * time.Second},
		{"our clock is ahead, no iat, no Date, but a lifetime", -300, none, "300", noDate, 300 * time.Second},
		{"expired", -60, none, "", "0s", -time.Minute},
		{"opaque", none, none, "3.6e3", "0s", time.Hour},
		{"opaque", none, none, "1e3", "10m", 1000 * time.Second},
		{"opaque", none, none, "59.9", noDate, 59 * time.Second},
		{"opaque", none, none, "1e300", "0s", math.MaxInt32 * time.Second},
		{"opaque", none, none, `"1E1"`, "0s", 10 * time.Second},
		{"no usable lifetime", none, none, "0.9", "0s", 0},
		{"no usable lifetime", none, none, "-5", "0s", 0},
		{"no usable lifetime", none, none, `"Inf"`, "0s", 0},
		{"no usable lifetime", none, none, `"NaN"`, "0s", 0},
		{"no usable lifetime", none, none, `"0x10p1"`, "0s", 0},
		{"no usable lifetime", none, none, "", noDate, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := "opaque"
			if tt.exp != none {
				claims := fmt.Sprintf(`{"exp":%d`, now.Unix()+int64(tt.exp))
				if tt.iat != none {
					claims += fmt.Sprintf(`,"iat":%d`, now.Unix()+int64(tt.iat))
				}
				token = "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims+"}")) + "."
			}
			in := tt.expiresIn
			if in == "" {
				in = "null"
			}
			p := presets.Preset{Login: presets.Step{Method: "POST", Path: "/login", Body: "none"}, Tokens: presets.Places{Access: []string{"json:/t"}, ExpiresIn: []string{"json:/in"}}}
			s := exchange(t, p, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = nil
				if d, err := time.ParseDuration(tt.date); err == nil {
					w.Header().Set("Date", now.Add(d).Format(http.TimeFormat))
				}
				fmt.Fprintf(w, `{"t":%q,"in":%s}`, token, in)
			})
			g, err := s.Login(t.Context(), "", nil)
			want := now.Add(tt.want)
			if tt.want == 0 {
				want = time.Time{}
			}
			if err != nil || !g.AccessExpires.Equal(want) {
				t.Errorf("it ends %s, want %s (%v)", g.AccessExpires, want, err)
			}
		})
	}
}

// TestUncertain checks which errors leave open whether the refresh token is spent.
func TestUncertain(t *testing.T) {
	p, err := presets.Find("cookie", config.File{})
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	tests := []struct {
		name      string
		handler   http.HandlerFunc
		class     verdict.Class
		uncertain bool
		lost      bool
	}{
		{"dropped", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, verdict.FetchFailed, true, true},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
		}, verdict.FetchFailed, true, true},
		{"too large", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, MaxReply+1)) }, verdict.FetchRefused, true, false},
		{"500", refuse(500, ""), verdict.ServerError, true, false},
		{"no token", refuse(200, "{}"), verdict.FetchFailed, true, false},
		{"401 of a proxy", refuse(401, "\n<html><h1>Log in to the network</h1>"), verdict.FetchFailed, false, false},
		{"401 as HTML", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			refuse(401, "")(w, r)
		}, verdict.FetchFailed, false, false},
		{"400 as HTML, in words that are known", refuse(400, `<html>invalid_grant`), verdict.SessionRevoked, false, false},
		{"401 as text", refuse(401, "Unauthorized"), verdict.SessionRevoked, false, false},
		{"401 without a body", refuse(401, ""), verdict.SessionRevoked, false, false},
		{"429", refuse(429, ""), verdict.FetchFailed, false, false},
		{"401", refuse(401, `{"error":"invalid_grant","error_description":"reused"}`), verdict.SessionRevoked, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := exchange(t, p, tt.handler)
			_, err := s.Refresh(t.Context(), Tokens{AccessToken: "a", RefreshToken: "r"})
			var u *Uncertain
			if got := errors.As(err, &u); verdict.ClassOf(err) != tt.class || got != tt.uncertain || got && u.Lost != tt.lost {
				t.Errorf("%v (%s), uncertain %+v", err, verdict.ClassOf(err), u)
			}
		})
	}
	s := exchange(t, p, nil)
	s.URL.Host = "127.0.0.1:1"
	_, err = s.Refresh(t.Context(), Tokens{AccessToken: "a", RefreshToken: "r"})
	var u *Uncertain
	if verdict.ClassOf(err) != verdict.FetchFailed || errors.As(err, &u) {
		t.Errorf("of a request that never left: %v", err)
	}
	s = exchange(t, p, refuse(401, `{"error":"invalid_grant","error_description":"reused"}`))
	_, err = s.Refresh(t.Context(), Tokens{AccessToken: "a", RefreshToken: "r"})
	var said *oauth.Error
	if !errors.As(err, &said) || said.Code != "invalid_grant" || !strings.Contains(err.Error(), "401 Unauthorized: invalid_grant: reused") {
		t.Errorf("%v", err)
	}
}
