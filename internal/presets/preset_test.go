package presets

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jwt/internal/config"
	"jwt/internal/verdict"
)

func TestShippedPresets(t *testing.T) {
	names, err := Names(config.File{})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 20 {
		t.Fatalf("only %d presets: %q", len(names), names)
	}
	for _, name := range names {
		p, err := Find(name, config.File{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != name || p.About == "" || len(p.About) > 60 || len(p.Expired) == 0 || p.Refresh.Path != "" && len(p.Dead) == 0 {
			t.Errorf("%s is not whole: %+v", name, p)
		}
	}
	cookie, _ := Find("cookie", config.File{})
	token, _ := Find("token", config.File{})
	if got := cookie.Tokens.RefreshCookie(); got != "refresh_token" {
		t.Errorf("the cookie is %q", got)
	}
	if token.Refresh.RefreshCookie || token.Tokens.RefreshCookie() != "" || token.Login.Path != "/login" || token.Refresh.Path != "/token" {
		t.Errorf("token is %+v", token)
	}
	if d := cmp.Diff([]string{"refreshToken=$refresh_token"}, token.Refresh.Fields); d != "" {
		t.Error(d)
	}
}

func TestUsersPresets(t *testing.T) {
	own := config.File{Name: "config.toml", Text: []byte(`
[presets.cookie.login]
path = "/api/sign-in"
fields = ["/user/email=$username", "/user/password=$password"]

[presets.shop]
based_on = "cookie"
about = "the shop"
alive = [{ status = 401, path = "/checkout" }]

[presets.shop.tokens]
access = ["header:X-Token"]
`)}
	cookie, err := Find("cookie", own)
	if err != nil {
		t.Fatal(err)
	}
	shipped, _ := Find("cookie", config.File{})
	want := shipped
	want.Login.Path, want.Login.Fields = "/api/sign-in", []string{"/user/email=$username", "/user/password=$password"}
	if d := cmp.Diff(want, cookie); d != "" {
		t.Errorf("cookie (-want +got):\n%s", d)
	}
	shop, err := Find("shop", own)
	if err != nil {
		t.Fatal(err)
	}
	want.Name, want.About, want.Alive = "shop", "the shop", []Answer{{Status: 401, Path: "/checkout"}}
	want.Tokens.Access = []string{"header:X-Token"}
	if d := cmp.Diff(want, shop); d != "" {
		t.Errorf("shop (-want +got):\n%s", d)
	}
	names, err := Names(own)
	if err != nil || !slices.Contains(names, "shop") || !slices.Contains(names, "cookie") || !slices.IsSorted(names) {
		t.Errorf("%v %q", err, names)
	}
}

func TestBadPresets(t *testing.T) {
	tests := []struct{ config, preset, says string }{
		{"", "oauth9", `unknown preset "oauth9"`},
		{"presets = 3", "cookie", "line 1"},
		{"[presets.cookie\n", "cookie", "line 1"},
		{"[other]\nx=1", "cookie", `unknown field "other"`},
		{"[presets.cookie]\npath='/x'", "cookie", `unknown field "path"`},
		{"[presets.cookie.login]\nmethod=3", "cookie", "presets.cookie.login.method: must be a string"},
		{"[presets.cookie.login]\nfields='a=b'", "cookie", "presets.cookie.login.fields: must be a list of strings"},
		{"[presets.cookie.login]\nbearer='yes'", "cookie", "presets.cookie.login.bearer: must be true or false"},
		{"[presets.cookie]\nlogin='yes'", "cookie", "presets.cookie.login: must be a table"},
		{"[presets.cookie]\nexpired='yes'", "cookie", "presets.cookie.expired: must be a list of tables"},
		{"[presets.cookie]\nexpired=[{status='x'}]", "cookie", "presets.cookie.expired.status: must be a number"},
		{"[presets.cookie.login]\nheaders=['X-A']", "cookie", "is not NAME: VALUE"},
		{"[presets.cookie.login]\nheaders=['Cookie: a=b']", "cookie", "set by the client itself"},
		{"[presets.cookie.login]\nheaders=[\"X: a\\nb\"]", "cookie", "is not NAME: VALUE"},
		{"[presets.cookie.login]\nheaders=['X: $cookie:']", "cookie", "unknown variable"},
		{"[presets.cookie.call]\nheaders=['X: $key']", "cookie", "unknown variable"},
		{"[presets.cookie.login]\nquery=['a']", "cookie", "not NAME=VALUE"},
		{"[presets.cookie.login]\nfields=['a:=tru']", "cookie", "not NAME:=JSON"},
		{"[presets.cookie.login]\nserver='http://api.example'", "cookie", "http is for loopback only"},
		{"[presets.cookie.refresh]\nserver='https://api.example'", "cookie", "a cookie is not sent to another server"},
		{"[presets.cookie]\ndead=[{at='/x'}]", "cookie", "needs a status"},
		{"[presets.cookie]\ndead=[{status=400, at='/x'}]", "cookie", "is the JSON pointer of a code"},
		{"[presets.cookie.login]\nmethod='post'", "cookie", `the method "post"`},
		{"[presets.cookie.login]\npath='login'", "cookie", `"login" does not begin with one /`},
		{"[presets.cookie.login]\npath='//evil.example/login'", "cookie", "does not begin with one /"},
		{"[presets.cookie.login]\nbody='xml'", "cookie", `the body "xml"`},
		{"[presets.cookie.login]\nfields=['username']", "cookie", "not NAME=VALUE"},
		{"[presets.cookie.login]\nfields=['username=$user']", "cookie", "unknown variable: $username"},
		{"[presets.cookie.tokens]\naccess=[]", "cookie", "tokens.access"},
		{"[presets.cookie.tokens]\naccess=['body:/x']", "cookie", `"body:/x"`},
		{"[presets.cookie.tokens]\nrefresh=['json:/x']", "cookie", "tokens.refresh names no cookie"},
		{"[presets.a]\nabout='x'", "a", "tokens.access"},
		{"[presets.a]\nbased_on='b'\n[presets.b]\nbased_on='a'", "a", "based on itself"},
		{"[presets.a]\nbased_on='c'", "a", `unknown preset "c"`},
	}
	for _, tt := range tests {
		_, err := Find(tt.preset, config.File{Name: "config.toml", Text: []byte(tt.config)})
		if verdict.ClassOf(err) != verdict.Usage || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v, want a usage error that says %q", tt.config, err, tt.says)
		}
	}
}

func TestSaysExpiredAndDead(t *testing.T) {
	p, err := Find("cookie", config.File{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		status  int
		path    string
		body    string
		expired bool
		dead    bool
	}{
		{401, "/me", `{"error":"invalid_token"}`, true, true},
		{401, "/checkout", `{"error":"Invalid cart token"}`, false, true},
		{401, "/checkout", `{"error":"token expired"}`, true, true},
		{403, "/me", "", false, true},
		{500, "/me", "", false, false},
		{400, "/token", `{"error":"invalid_grant"}`, false, true},
		{400, "/token", `{"error":"invalid_request"}`, false, false},
		{429, "/token", "", false, false},
	}
	for _, tt := range tests {
		if got := p.SaysExpired(tt.status, tt.path, []byte(tt.body)); got != tt.expired {
			t.Errorf("SaysExpired(%d, %s, %s) = %v", tt.status, tt.path, tt.body, got)
		}
		if got := p.SaysDead(tt.status, []byte(tt.body)); got != tt.dead {
			t.Errorf("SaysDead(%d, %s) = %v", tt.status, tt.body, got)
		}
	}
}

// FuzzFind checks that what a preset prints is the preset.
func FuzzFind(f *testing.F) {
	for _, text := range []string{
		"[presets.x]\nbased_on='cookie'\nabout=\"it's \\\"x\\\"\"\n[presets.x.values]\nkey='a'\n[presets.x.login]\nheaders=['X: $key']",
		"[presets.x]\nbased_on='flask-jwt-extended'\ntemporary=[{code='busy'}]",
		"[presets.x]\nbased_on='keycloak'", "[presets.x.login]\nfields=[\"\\u0000=\"]", "presets.x.tokens.access=['text:body']",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Find("x", config.File{Name: "config.toml", Text: []byte(text)})
		if err != nil {
			if verdict.ClassOf(err) != verdict.Usage {
				t.Errorf("%q: %v is not a usage error", text, err)
			}
			return
		}
		again, err := Find("x", config.File{Name: "printed", Text: p.TOML()})
		if err != nil {
			t.Fatalf("%q prints\n%s\n%v", text, p.TOML(), err)
		}
		if d := cmp.Diff(p, again, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%q prints another preset (-is +printed)\n%s", text, d)
		}
	})
}

// TestFieldsAreDescribed checks that the help names every field of a preset.
func TestFieldsAreDescribed(t *testing.T) {
	text := Fields()
	if strings.Contains(text, "#") || !strings.HasPrefix(text, "Presets describe") {
		t.Fatalf("the description is %q…", text[:40])
	}
	count := 0
	for _, table := range append([]string{""}, fieldsOf(reflect.TypeFor[Preset]())...) {
		kind := reflect.TypeFor[Preset]()
		if table != "" {
			kind = tableOf(table)
		}
		for _, name := range fieldsOf(kind) {
			count++
			if !strings.Contains(text, name) {
				t.Errorf("%s.%s is not described", table, name)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d fields", count)
	}
}

func TestLookup(t *testing.T) {
	const text = `{"a":{"b":[1,{"c":"x"}]},"a/b":"slash","m~n":"tilde","":"empty"}`
	for pointer, want := range map[string]string{
		"/a/b/1/c": `"x"`, "/a/b/0": "1", "/a~1b": `"slash"`, "/m~0n": `"tilde"`, "/": `"empty"`, "": text,
		"/a/b/2": "", "/a/b/01": "", "/a/b/-": "", "/x": "", "/a/b/0/c": "", "/m~01n": "",
	} {
		v, _ := Lookup([]byte(text), pointer)
		if string(v) != want {
			t.Errorf("%q: %s, want %s", pointer, v, want)
		}
	}
}
