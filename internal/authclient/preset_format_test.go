package authclient

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"jwt/internal/config"
	"jwt/internal/httpclient"
	"jwt/internal/presets"

	"github.com/google/go-cmp/cmp"
)

// TestFormat checks what a preset with every kind of field sends and finds.
func TestFormat(t *testing.T) {
	p, err := presets.Find("x", config.File{Name: "config.toml", Text: []byte(`
[presets.x]
values = { api_key = "the key of the shop" }
dead = [{ at = "/error/number", code = "17" }, { status = 401 }]
temporary = [{ code = "busy" }]
[presets.x.prepare]
method = "GET"
path = "/csrf"
body = "none"
[presets.x.login]
method = "POST"
path = "/in"
query = ["key=$api_key", "v=2"]
headers = ["Origin: $origin", "X-CSRF: $cookie:csrf", "X-None: $cookie:none", "Authorization: Key $api_key"]
body = "json"
fields = ["/user/name=$username", "/user/password=$password", "remember:=true", "/n/list:=[1, 2]"]
[presets.x.exchange]
method = "GET"
path = "/sell"
body = "none"
refresh_cookie = true
[presets.x.refresh]
method = "POST"
path = "/sell"
headers = ["Authorization: Bearer $refresh_token"]
body = "none"
[presets.x.tokens]
access = ["text:body"]
refresh = ["cookie:s"]
expires_in_ms = ["header:X-Life"]
`)})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	s := exchange(t, p, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, fmt.Sprint(r.Method, " ", strings.TrimPrefix(r.URL.String(), "/base"), " ", r.Header.Get("Origin") == "http://"+r.Host, " ", r.Header.Get("X-CSRF"), r.Header["X-None"],
			" ", r.Header.Get("Authorization"), " ", r.Header.Get("Cookie"), " ", string(body)))
		switch strings.TrimPrefix(r.URL.Path, "/base") {
		case "/csrf":
			http.SetCookie(w, &http.Cookie{Name: "csrf", Value: "a%3D%3D"})
		case "/in":
			http.SetCookie(w, &http.Cookie{Name: "s", Value: "the-session"})
			io.WriteString(w, `{"error":null}`)
		case "/sell":
			w.Header().Set("X-Life", "90000")
			io.WriteString(w, "opaque|token\n")
		}
	})
	s.Jar, _ = cookiejar.New(nil)
	g, err := s.Login(t.Context(), "alice", []byte("hush"))
	if err != nil {
		t.Fatal(err)
	}
	if g.AccessToken != "opaque|token" || g.RefreshToken != "the-session" || g.RefreshCookie != "s" || g.AccessExpires.Sub(g.Obtained) != 90*time.Second {
		t.Errorf("%+v", g)
	}
	if _, err := s.Refresh(t.Context(), Tokens{RefreshToken: "the-session"}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /csrf false [] ",
		`POST /in?key=the+key+of+the+shop&v=2 true a==[] Key the key of the shop csrf=a%3D%3D {"n":{"list":[1,2]},"remember":true,"user":{"name":"alice","password":"hush"}}`,
		"GET /sell false [] ", "POST /sell false [] Bearer the-session",
	}
	if len(seen) != len(want) {
		t.Fatalf("%d requests: %q", len(seen), seen)
	}
	for i, begins := range want {
		if !strings.HasPrefix(seen[i], begins) {
			t.Errorf("request %d\n got %s\nwant %s", i, seen[i], begins)
		}
	}
	if !strings.Contains(seen[2], "s=the-session") {
		t.Errorf("the exchange has no cookie: %s", seen[2])
	}
	for _, tt := range []struct {
		status int
		body   string
		dead   bool
	}{
		{401, `{"error":"busy"}`, false},
		{401, `{"error":"x"}`, true},
		{422, `{"error":{"number":17}}`, true},
		{422, `{"error":{"number":170}}`, false},
		{200, `{"error":{"number":"17"}}`, true},
	} {
		if got := p.SaysDead(tt.status, []byte(tt.body)); got != tt.dead {
			t.Errorf("%d %s: dead is %v", tt.status, tt.body, got)
		}
	}
}

// TestCallHeaders checks what calls send besides the access token.
func TestCallHeaders(t *testing.T) {
	p := presets.Preset{Name: "x", Values: map[string]string{"key": "k"}, Call: presets.Call{Headers: []string{"apikey: $key", "X-CSRF: $cookie:c", "X-Own: $key"}}}
	server, err := httpclient.ParseServer("https://api.example")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"X-Own": {"mine"}}
	CallHeaders(p, h, server, []*http.Cookie{{Name: "c", Value: "v"}})
	if d := cmp.Diff(http.Header{"Apikey": {"k"}, "X-Csrf": {"v"}, "X-Own": {"mine"}}, h); d != "" {
		t.Error(d)
	}
	h = http.Header{}
	CallHeaders(p, h, server, []*http.Cookie{{Name: "c", Value: "a\r\nb"}})
	if len(h["X-Csrf"]) != 0 {
		t.Errorf("a header with a line break: %q", h)
	}
}

// TestValuesAreHidden checks that a value of the user is not shown when the server repeats it.
func TestValuesAreHidden(t *testing.T) {
	const key = "AIzaSyD-0123456789-key"
	p, err := presets.Find("firebase-emulator", config.File{Name: "config.toml", Text: []byte("[presets.firebase-emulator.values]\napi_key = '" + key + "'")})
	if err != nil {
		t.Fatal(err)
	}
	s := exchange(t, p, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") != key {
			t.Errorf("the query is %s", r.URL.RawQuery)
		}
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":{"message":"the key `+key+` is not valid"}}`)
	})
	_, err = s.Login(t.Context(), "alice", []byte("hush"))
	if err == nil || strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "is not valid") {
		t.Errorf("%v", err)
	}
}
