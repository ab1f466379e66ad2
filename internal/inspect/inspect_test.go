package inspect

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/base64url"
	"jwt/internal/bcp"
	"jwt/internal/jsonobject"
	"jwt/internal/token"
	"jwt/internal/verdict"
)

var now = time.Unix(1769860800, 0).UTC() // 2026-01-31T12:00:00Z

// unsigned returns a token that anyone can have written.
func unsigned(header, payload string) string {
	return base64url.Encode([]byte(header)) + "." + base64url.Encode([]byte(payload)) + ".AAAA"
}

func open(t *testing.T, text string) Token {
	t.Helper()
	return openAt(t, text, now)
}

func openAt(t *testing.T, text string, at time.Time) Token {
	t.Helper()
	decoded, err := token.OpenLax(text)
	if err != nil {
		t.Fatal(err)
	}
	return Of(decoded, at)
}

// An entry is what a test says of a Member.
type entry struct {
	path, value, meaning string
	depth                int
	opened               bool
}

func entries(members iter.Seq[Member], part string) []entry {
	var list []entry
	for m := range members {
		if m.Part != part {
			continue
		}
		e := entry{path: m.Path, meaning: m.Meaning.Meaning, depth: m.Depth, opened: m.Opened}
		if !m.Opened {
			e.value = string(m.Value)
		}
		list = append(list, e)
	}
	return list
}

func TestMembers(t *testing.T) {
	k := open(t, unsigned(`{"alg":"HS256","odd":1}`, `{"iss":"https://sso.example/realms/shop","realm_access":{"roles":["a","b"]},`+
		`"list":[1,"x"],"mixed":[{"n":1},2],"empty":{},"kubernetes.io":{"pod":{"name":"p"}},"cnf":{"jkt":"t"}}`))
	want := []entry{
		{path: "alg", value: `"HS256"`, meaning: "Algorithm that protects the token"},
		{path: "odd", value: "1"},
	}
	if diff := cmp.Diff(want, entries(k.Members(), bcp.Header), cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
	want = []entry{
		{path: "iss", value: `"https://sso.example/realms/shop"`, meaning: "Issuer: who made the token"},
		{path: "realm_access", meaning: "Roles in the realm", opened: true},
		{path: "realm_access.roles", value: `["a","b"]`, meaning: "Roles in the realm", depth: 1},
		{path: "list", value: `[1,"x"]`},
		{path: "mixed", opened: true},
		{path: "mixed[0]", depth: 1, opened: true},
		{path: "mixed[0].n", value: "1", depth: 2},
		{path: "mixed[1]", value: "2", depth: 1},
		{path: "empty", value: "{}"},
		{path: "kubernetes.io", meaning: "What the token is bound to", opened: true},
		{path: "kubernetes.io.pod", meaning: "Pod the token is bound to", depth: 1, opened: true},
		{path: "kubernetes.io.pod.name", value: `"p"`, meaning: "Name of the pod", depth: 2},
		{path: "cnf", meaning: "Confirmation: key the bearer must prove", opened: true},
		{path: "cnf.jkt", value: `"t"`, meaning: "Thumbprint of the DPoP key", depth: 1},
	}
	if diff := cmp.Diff(want, entries(k.Members(), bcp.Payload), cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
	if k.Vendor != "Keycloak" {
		t.Errorf("vendor %q", k.Vendor)
	}
}

func TestMembersOfMembersAreBounded(t *testing.T) {
	var many strings.Builder
	for i := range 2 * maxInnerRows {
		fmt.Fprintf(&many, `"c%d":{"a":1},`, i)
	}
	k := open(t, unsigned(`{"alg":"HS256"}`, "{"+many.String()+`"last":0}`))
	top, inner := 0, 0
	for m := range k.Members() {
		if m.Depth == 0 {
			top++
		} else {
			inner++
		}
	}
	if want := 1 + 2*maxInnerRows + 1; top != want || inner != maxInnerRows {
		t.Errorf("%d members and %d inside them, want %d and %d", top, inner, want, maxInnerRows)
	}
	deep := open(t, unsigned(`{"alg":"HS256"}`, strings.Repeat(`{"a":`, 90)+"1"+strings.Repeat("}", 90)))
	var last Member
	for m := range deep.Members() {
		last = m
	}
	if last.Depth != maxOpened || last.Opened {
		t.Errorf("the last member is at depth %d, opened: %v", last.Depth, last.Opened)
	}
}

func TestKeysAreNamed(t *testing.T) {
	const ec = `{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}`
	for _, c := range []struct{ jwk, want string }{
		{ec, "EC on P-256, thumbprint 0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, // RFC 9449 §6.1
		{`{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}`, "a secret key"},
		{`{"kty":"EC","crv":"P-256"}`, ""},
		{`"eyJ"`, ""},
	} {
		k := open(t, unsigned(`{"alg":"ES256","jwk":`+c.jwk+`}`, "{}"))
		if got := slices.Collect(k.Members())[1].Key; got != c.want {
			t.Errorf("%s: %q, want %q", c.jwk, got, c.want)
		}
	}
}

func TestNested(t *testing.T) {
	inner := unsigned(`{"alg":"HS256"}`, `{"n":1}`)
	where := func(k Token) (list []string) {
		for _, n := range k.Nested {
			list = append(list, n.Part+" "+n.Path)
		}
		return list
	}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"claim", unsigned(`{"alg":"HS256"}`, `{"vp":"`+inner+`"}`), []string{"payload vp"}},
		{"Bearer in a claim", unsigned(`{"alg":"HS256"}`, `{"a":{"b":"Bearer `+inner+`"}}`), []string{"payload a.b"}},
		{"list", unsigned(`{"alg":"HS256","trust_chain":["`+inner+`","x","`+inner+`"]}`, `{}`), []string{"header trust_chain[0]", "header trust_chain[2]"}},
		{"payload", unsigned(`{"alg":"HS256","cty":"JWT"}`, inner), []string{"payload "}},
		{"payload without cty", unsigned(`{"alg":"HS256"}`, inner), []string{"payload "}},
		{"looks like one", unsigned(`{"alg":"HS256"}`, `{"a":"eyJ.eyJ.x","b":"eyJhbGciOiJIUzI1NiJ9","c":"eyJ0 . . "}`), nil},
	} {
		k := open(t, c.text)
		if diff := cmp.Diff(c.want, where(k)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		for _, n := range k.Nested {
			if n.Token.Text() != inner {
				t.Errorf("%s: opened %q", c.name, n.Token.Text())
			}
		}
		if k.LeftClosed != 0 {
			t.Errorf("%s: %d left closed", c.name, k.LeftClosed)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	text := unsigned(`{"alg":"HS256"}`, `{"n":0}`)
	for range MaxDepth + 3 {
		text = unsigned(`{"alg":"HS256"}`, `{"t":"`+text+`"}`)
	}
	k, depth := open(t, text), 0
	for len(k.Nested) > 0 {
		k, depth = k.Nested[0].Token, depth+1
	}
	if depth != MaxDepth || k.LeftClosed != 1 {
		t.Errorf("opened %d deep, %d left closed, want %d and 1", depth, k.LeftClosed, MaxDepth)
	}
	list := slices.Repeat([]string{`"` + unsigned(`{"alg":"HS256"}`, `{"n":0}`) + `"`}, MaxNested+5)
	k = open(t, unsigned(`{"alg":"HS256"}`, `{"t":[`+strings.Join(list, ",")+`]}`))
	if len(k.Nested) != MaxNested || k.LeftClosed != 5 {
		t.Errorf("opened %d, %d left closed, want %d and 5", len(k.Nested), k.LeftClosed, MaxNested)
	}
}

func TestGravestLooksInside(t *testing.T) {
	unsecured := base64url.Encode([]byte(`{"alg":"none"}`)) + "." + base64url.Encode([]byte(`{}`)) + "."
	k := open(t, unsigned(`{"alg":"ES256"}`, `{"t":"`+unsecured+`"}`))
	worst, n := k.Gravest(bcp.Critical)
	if worst.Rule != "alg-none" || n != 1 {
		t.Errorf("%s, %d of them", worst.Rule, n)
	}
	if _, all := k.Gravest(bcp.Info); all != len(k.Findings)+len(k.Nested[0].Token.Findings) {
		t.Errorf("%d findings in all", all)
	}
}

func TestLifetimeState(t *testing.T) {
	for _, c := range []struct {
		claims string
		want   State
	}{
		{`{}`, Endless},
		{`{"iat":1769860000}`, Endless},
		{`{"exp":"soon"}`, Endless},
		{`{"exp":1769860801}`, Current},
		{`{"exp":1769860800.000000001}`, Current},
		{`{"exp":1769860800}`, Expired},
		{`{"exp":-1e99}`, Expired},
		{`{"exp":1e99}`, Current},
		{`{"nbf":1769860800,"exp":1769860801}`, Current},
		{`{"nbf":1769860801,"exp":1769860900}`, NotYetValid},
		{`{"nbf":1e99,"exp":1769860900}`, NotYetValid},
		{`{"nbf":1769860801,"exp":1769860700}`, Expired},
		{`{"nbf":"x","exp":1769860900}`, Current},
	} {
		k := open(t, unsigned(`{"alg":"HS256"}`, c.claims))
		if got := k.Lifetime.State(); got != c.want {
			t.Errorf("%s: %s, want %s", c.claims, got, c.want)
		}
	}
}

// The example of RFC 7516 Appendix A.1.
const encrypted = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ"

func TestEncrypted(t *testing.T) {
	k := open(t, encrypted)
	type part struct {
		name        string
		size, bytes int
	}
	var parts []part
	for _, p := range k.Parts {
		parts = append(parts, part{p.Name, len(p.Text), len(p.Bytes)})
	}
	want := []part{{"header", 46, 34}, {"encrypted_key", 342, 256}, {"iv", 16, 12}, {"ciphertext", 84, 63}, {"tag", 22, 16}}
	if diff := cmp.Diff(want, parts, cmp.AllowUnexported(part{})); diff != "" {
		t.Error(diff)
	}
	if spec := slices.Collect(k.Members())[0].Meaning.Spec; !k.IsSealed() || k.HasClaims() || spec != "RFC 7516 §4.1.1" {
		t.Errorf("encrypted %v, claims %v, alg is %s's", k.IsSealed(), k.HasClaims(), spec)
	}
	if len(k.Findings) != 1 || k.Findings[0].Rule != "jwe-not-signed" || k.Findings[0].Severity != bcp.Info {
		t.Errorf("findings on an honest JWE: %v", k.Findings)
	}
	attack := base64url.Encode([]byte(`{"alg":"dir","enc":"A128GCM","enc":"A128GCM","kid":"../../etc/passwd"}`)) + "..AAAA.AAAA.AAAA"
	var rules []string
	for _, f := range open(t, attack).Findings {
		rules = append(rules, f.Rule)
	}
	if diff := cmp.Diff([]string{"kid-suspicious", "duplicate-member", "alg-dir"}, rules); diff != "" {
		t.Error(diff)
	}
}

func TestMisspelled(t *testing.T) {
	good := unsigned(`{"alg":"HS256"}`, `{"sub":"??>"}`)
	bad := strings.ReplaceAll(good, "_", "/") + "="
	if bad == good+"=" {
		t.Fatal("the token has nothing to misspell")
	}
	k := open(t, bad)
	if v, _ := k.Claims.Get("sub"); string(v) != `"??>"` {
		t.Errorf("sub is %s", v)
	}
	found := map[string]bool{}
	for _, f := range k.Findings {
		found[f.Rule+" "+f.Part] = true
	}
	if !found["noncanonical-base64 payload"] || !found["noncanonical-base64 signature"] {
		t.Errorf("found %v", found)
	}
	if k.Parts[2].Text != "AAAA=" {
		t.Errorf("the signature reads %q, not as it was sent", k.Parts[2].Text)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		text string
		want verdict.Class
	}{
		{"", verdict.Malformed},
		{"a.b", verdict.Malformed},
		{"e30.e!0.", verdict.Malformed},
		{"a.b.c.d.e", verdict.Malformed},
		{unsigned(`[]`, `{}`), verdict.Malformed},
		{unsigned(`{}`, strings.Repeat(`{"a":`, 101)+"1"+strings.Repeat("}", 101)), verdict.LimitExceeded},
	} {
		if _, err := token.OpenLax(c.text); verdict.ClassOf(err) != c.want {
			t.Errorf("%.30q: %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(unsigned(`{"alg":"HS256"}`, `{"a":[{"b":"c"}],"exp":1}`))
	f.Add(unsigned(`{"alg":"none","x5c":["AAAA"],"jwk":{}}`, unsigned(`{}`, `1`)))
	f.Add(unsigned(`{"alg":"HS256"}`, `{"":{"":[{"[0]":{".":1}}]},"a.b":{"c":2},"a":{"b":{"c":3}}}`))
	f.Add(encrypted)
	f.Fuzz(func(t *testing.T, text string) {
		decoded, err := token.OpenLax(text)
		if err != nil {
			return
		}
		k := Of(decoded, now)
		var parts []string
		for _, p := range k.Parts {
			parts = append(parts, p.Text)
		}
		if strings.Join(parts, ".") != text {
			t.Fatalf("the parts are not the token: %q", parts)
		}
		for m := range k.Members() {
			object := k.Header
			if m.Part == bcp.Payload {
				object = k.Claims
			}
			checkPath(t, object, m)
		}
	})
}

// checkPath wants the path of a member to lead to one.
func checkPath(t *testing.T, object jsonobject.Object, m Member) {
	t.Helper()
	if len(object.Duplicates()) > 0 {
		return // a path leads to the last of them
	}
	if _, ok := object.Lookup(m.Path); !ok {
		t.Fatalf("%s: nothing at %q", object.Bytes(), m.Path)
	}
}

// A hundred thousand claims are not a hundred thousand rows in memory: they are
// made one by one, and a caller that stops early does not wait for the rest.
func TestMembersAreMadeOneByOne(t *testing.T) {
	size := func(claims int) (bytes uint64) {
		text := unsigned(`{"alg":"HS256"}`, `{`+strings.Repeat(`"a":1,`, claims)+`"b":2}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		k := open(t, text)
		runtime.ReadMemStats(&after)
		rows := 0
		for range k.Members() {
			if rows++; rows == 3 {
				break
			}
		}
		if rows != 3 {
			t.Errorf("%d rows after the third", rows)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	const claims, most = 20_000, 160 // bytes a claim, of which its text, name and value have 80
	if few, many := size(claims), size(2*claims); many-few > claims*most {
		t.Errorf("%d claims take %d bytes, %d take %d", claims, few, 2*claims, many)
	}
}
