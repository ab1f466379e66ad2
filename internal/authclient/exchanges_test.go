package authclient

import (
	"bufio"
	"bytes"
	stdcmp "cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"jwt/internal/config"
	"jwt/internal/cookie"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// A conversation is what a server said to each step of a preset. testdata/presets has one
// file for each, whose first line says whether it was recorded from the server or written
// from its documentation.
type conversation struct {
	source   string            // recorded: … or documented: …
	settings map[string]string // user, password, lifetime of the access token, …
	values   []string          // NAME=VALUE
	messages map[string]string
	names    []string // of the messages, in order
}

func readConversation(t *testing.T, path string) conversation {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	c := conversation{settings: map[string]string{}, messages: map[string]string{}}
	for line := range strings.Lines(string(archive.Comment)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case !ok:
		case name == "recorded" || name == "documented":
			c.source = name + ": " + value
		case name == "value":
			c.values = append(c.values, value)
		default:
			c.settings[name] = value
		}
	}
	for _, f := range archive.Files {
		c.messages[f.Name] = string(f.Data)
		c.names = append(c.names, f.Name)
	}
	return c
}

// A player is the server of a conversation. It compares each request with the one of the
// next step that is expected.
type player struct {
	t     *testing.T
	c     conversation
	steps []string // expected
}

func (p *player) RoundTrip(req *http.Request) (*http.Response, error) {
	if len(p.steps) == 0 {
		return nil, fmt.Errorf("unexpected request: %s %s", req.Method, req.URL)
	}
	step := p.steps[0]
	p.steps = p.steps[1:]
	if want, ok := p.c.messages[step]; ok {
		compareRequest(p.t, step, want, req)
	}
	return p.c.answer(p.t, step, req), nil
}

// answer returns the answer to a step.
func (c conversation) answer(t *testing.T, step string, req *http.Request) *http.Response {
	t.Helper()
	text, ok := c.messages[step+" answer"]
	if !ok {
		t.Fatalf("there is no answer to %s", step)
	}
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+fmt.Sprintf("\nContent-Length: %d\n\n", len(body))+body)), req)
	if err != nil {
		t.Fatalf("%s answer: %v", step, err)
	}
	return resp
}

// compareRequest compares what a preset says: method, URL, headers, cookies and body.
func compareRequest(t *testing.T, step, text string, got *http.Request) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.TrimSpace(head) + "\nHost: server.example\n\n")))
	if err != nil {
		t.Fatalf("%s: %v", step, err)
	}
	if server := want.Header.Get("X-Server"); server != "" {
		want.Host = server
		want.Header.Del("X-Server")
	}
	if got.Method != want.Method || got.URL.RequestURI() != want.RequestURI || got.URL.Host != want.Host || got.URL.Scheme != "https" {
		t.Errorf("%s: sent %s %s, want %s %s to %s", step, got.Method, got.URL, want.Method, want.RequestURI, want.Host)
	}
	sent := got.Header.Clone()
	for _, name := range []string{"Accept", "User-Agent"} {
		sent.Del(name)
	}
	for _, h := range []http.Header{sent, want.Header} {
		cookies := strings.Split(h.Get("Cookie"), "; ")
		slices.Sort(cookies)
		h["Cookie"] = cookies
	}
	if d := cmp.Diff(want.Header, sent); d != "" {
		t.Errorf("%s: headers (-want +got)\n%s", step, d)
	}
	var data []byte
	if got.Body != nil {
		data, _ = io.ReadAll(got.Body)
	}
	if d := cmp.Diff(meaning(body), meaning(string(data))); d != "" {
		t.Errorf("%s: body (-want +got)\n%s", step, d)
	}
}

// meaning returns the fields of a body, whatever their order.
func meaning(body string) any {
	body = strings.TrimSpace(body)
	var object any
	if json.Unmarshal([]byte(body), &object) == nil {
		return object
	}
	form, _ := url.ParseQuery(body)
	return form
}

// TestConversations holds every shipped preset against what its server says.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/presets/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tested := []string{"cookie", "token", "oauth2", "oidc"} // against the local server, in testdata/script
	for _, file := range files {
		c := readConversation(t, file)
		tested = append(tested, c.settings["preset"])
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { c.run(t) })
	}
	names, err := presets.Names(config.File{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !slices.Contains(tested, name) {
			t.Errorf("the preset %s has no conversation", name)
		}
	}
}

func (c conversation) run(t *testing.T) {
	if c.source == "" {
		t.Fatal("the file does not say whether it was recorded or documented")
	}
	p := c.preset(t)
	server := &player{t: t, c: c}
	first := c.answer(t, "login", nil)
	now := time.Now()
	if date, err := http.ParseTime(first.Header.Get("Date")); err == nil {
		now = date
	}
	cookies, _ := cookiejar.New(nil)
	jar := withoutRefresh{cookies, p}
	issuer := stdcmp.Or(c.settings["server"], "https://server.example")
	u, err := httpclient.ParseServer(issuer)
	if err != nil {
		t.Fatal(err)
	}
	s := &Client{URL: u, Preset: p, Transport: server, Jar: jar, UserAgent: "jwt/test", Now: func() time.Time { return now }}

	if p.IsOAuth() {
		s.OAuth = &OAuth{Flow: c.settings["flow"], ClientID: c.settings["client"], Scope: c.settings["scope"]}
		if c.has("metadata") {
			server.steps = []string{"metadata"}
		}
		if err := s.Describe(t.Context(), issuer); err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	h := c.login(t, s, server)
	if (p.IsOAuth() || p.Refresh.Path != "") && c.settings["refresh"] != "none" {
		h = c.refresh(t, s, server, h)
	}
	if c.has("call") {
		req, _ := http.NewRequest(http.MethodGet, "https://server.example"+strings.Fields(c.messages["call"])[1], http.NoBody)
		req.Header.Set("Authorization", "Bearer "+h.AccessToken)
		for _, k := range jar.Cookies(req.URL) {
			cookie.Add(req.Header, k.Name, k.Value)
		}
		CallHeaders(p, req.Header, u, jar.Cookies(req.URL))
		compareRequest(t, "call", c.messages["call"], req)
	}
	if c.has("userinfo") {
		server.steps = []string{"userinfo"}
		if accepts, known := s.Accepts(t.Context(), h); !accepts || !known {
			t.Error("the server does not accept the access token")
		}
	}
	if c.has("logout") {
		server.steps = []string{"logout"}
		if c.has("logout access") {
			server.steps = append(server.steps, "logout access")
		}
		if known, err := s.Logout(t.Context(), h); err != nil || !known {
			t.Errorf("logout: %v", err)
		}
	} else if c.has("not there answer") {
		server.steps = []string{"not there"}
		if _, err := s.Logout(t.Context(), h); verdict.ClassOf(err) != verdict.FetchFailed {
			t.Errorf("logout: %v", err)
		}
	} else if p.Logout.Path != "" { // a server that answers a logout with 401
		server.steps = []string{"ended"}
		if known, err := s.Logout(t.Context(), h); err != nil || known {
			t.Errorf("logout: %v, %v", known, err)
		}
	}
	c.refusals(t, s, server, h)
}

// withoutRefresh is a jar that keeps no refresh token, as that of a session.
type withoutRefresh struct {
	http.CookieJar
	preset presets.Preset
}

func (j withoutRefresh) SetCookies(u *url.URL, set []*http.Cookie) {
	j.CookieJar.SetCookies(u, slices.DeleteFunc(slices.Clone(set), func(c *http.Cookie) bool { return j.preset.Tokens.IsRefreshCookie(c.Name) }))
}

func (c conversation) has(name string) bool { return c.messages[name] != "" }

// preset returns the preset of the conversation, with its values.
func (c conversation) preset(t *testing.T) presets.Preset {
	t.Helper()
	name := c.settings["preset"]
	var text bytes.Buffer
	if len(c.values) > 0 {
		fmt.Fprintf(&text, "[presets.%s.values]\n", name)
	}
	for _, v := range c.values {
		key, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(&text, "%s = %q\n", key, value)
	}
	p, err := presets.Find(name, config.File{Name: "config.toml", Text: text.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// logIn logs in at the login step of the preset, or by the OAuth flow of the conversation.
func (c conversation) logIn(t *testing.T, s *Client, password string) (Grant, error) {
	if s.OAuth == nil {
		return s.Login(t.Context(), c.settings["user"], []byte(password))
	}
	a, err := s.Begin(t.Context(), Credential{User: c.settings["user"], Password: []byte(password)}, Dialog{})
	if err != nil {
		return Grant{}, err
	}
	return s.Redeem(t.Context(), a)
}

func (c conversation) login(t *testing.T, s *Client, server *player) Tokens {
	t.Helper()
	for _, step := range []string{"prepare", "login", "exchange"} {
		if c.has(step) {
			server.steps = append(server.steps, step)
		}
	}
	g, err := c.logIn(t, s, c.settings["password"])
	if err != nil {
		t.Fatalf("login: %v", err)
	}
	if len(server.steps) > 0 {
		t.Errorf("not sent: %s", server.steps)
	}
	lives := ""
	if !g.AccessExpires.IsZero() {
		lives = g.AccessExpires.Sub(g.Obtained).Round(time.Minute).String()
	}
	if want, _ := time.ParseDuration(c.settings["lifetime"]); lives != "" && lives != want.String() || (lives == "") != (c.settings["lifetime"] == "unknown") {
		t.Errorf("the access token lives %q, want %q", lives, c.settings["lifetime"])
	}
	got := map[bool]string{true: "body", false: "none"}[g.RefreshToken != ""]
	if g.RefreshCookie != "" {
		got = "cookie"
	}
	if got != c.settings["refresh"] {
		t.Errorf("the refresh token is in %s, want %s", got, c.settings["refresh"])
	}
	return Tokens{AccessToken: g.AccessToken, RefreshToken: g.RefreshToken, RefreshCookie: g.RefreshCookie}
}

func (c conversation) refresh(t *testing.T, s *Client, server *player, h Tokens) Tokens {
	t.Helper()
	server.steps = []string{"refresh"}
	g, err := s.Refresh(t.Context(), h)
	if err != nil {
		t.Fatalf("refresh: %v", err)
	}
	h.AccessToken = g.AccessToken
	if g.RefreshToken != "" {
		h.RefreshToken, h.RefreshCookie = g.RefreshToken, g.RefreshCookie
	}
	return h
}

// refusals checks what the refusals of the server mean.
func (c conversation) refusals(t *testing.T, s *Client, server *player, h Tokens) {
	for _, name := range c.names {
		step, isAnswer := strings.CutSuffix(name, " answer")
		kind, _, _ := strings.Cut(step, " ")
		if !isAnswer {
			continue
		}
		server.steps = []string{step}
		switch kind {
		case "dead", "kept":
			_, err := s.Refresh(t.Context(), h)
			if dead := verdict.ClassOf(err) == verdict.SessionRevoked; err == nil || dead != (kind == "dead") {
				t.Errorf("%s: the refresh gives %v (%s)", step, err, verdict.ClassOf(err))
			}
		case "refused":
			if c.has("prepare") {
				server.steps = []string{"prepare", step}
			}
			if _, err := c.logIn(t, s, "wrong horse"); verdict.ClassOf(err) != verdict.LoginRefused {
				t.Errorf("%s: the login gives %v (%s)", step, err, verdict.ClassOf(err))
			}
		case "expired", "alive":
			resp := c.answer(t, step, nil)
			body, _ := io.ReadAll(resp.Body)
			if got := s.Preset.SaysExpired(resp.StatusCode, "/resource", body); got != (kind == "expired") {
				t.Errorf("%s: expired is %v", step, got)
			}
		}
	}
}
