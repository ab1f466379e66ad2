package jwt

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/verdict"
)

// noon is the instant of the tests, 2023-11-14T22:13:20Z.
var noon = time.Unix(1700000000, 0)

func ptr[T any](v T) *T { return &v }

// A line is the part of a verdict.Check that the tests compare.
type line struct {
	Name   string
	Status verdict.Status
	Class  verdict.Class
	Detail string
}

func lines(checks []verdict.Check) []line {
	out := []line{}
	for _, c := range checks {
		if c.Name != "claims" {
			out = append(out, line{c.Name, c.Status, c.Class, c.Detail})
		}
	}
	return out
}

func TestCheck(t *testing.T) {
	const ok = `"exp":1700003600`
	passes := line{"exp", verdict.Pass, "", "exp: expires in 1 h (2023-11-14T23:13:20Z)"}
	fails := func(name string, class verdict.Class, detail string) []line {
		return []line{{name, verdict.Fail, class, detail}, passes}
	}
	for _, test := range []struct {
		payload, header string
		policy          Policy
		want            []line
	}{
		{payload: `{` + ok + `}`, want: []line{passes}},
		{payload: `{}`, want: []line{{"exp", verdict.Skip, "", "exp: missing, the token never expires"}}},

		// exp
		{payload: `{"exp":1700000000}`, want: []line{{"exp", verdict.Fail, verdict.Expired, "exp: expired now (2023-11-14T22:13:20Z)"}}},
		{payload: `{"exp":1699989200}`, want: []line{{"exp", verdict.Fail, verdict.Expired, "exp: expired 3 h ago (2023-11-14T19:13:20Z)"}}},
		{payload: `{"exp":1700000000.000000001}`, want: []line{{"exp", verdict.Pass, "", "exp: expires now (2023-11-14T22:13:20.000000001Z)"}}},
		{payload: `{"exp":1699999990}`, policy: Policy{Leeway: 10 * time.Second}, want: []line{{"exp", verdict.Fail, verdict.Expired, "exp: expired 10 s ago (2023-11-14T22:13:10Z), more than the leeway of 10s"}}},
		{payload: `{"exp":1699999991}`, policy: Policy{Leeway: 10 * time.Second}, want: []line{{"exp", verdict.Pass, "", "exp: expired 9 s ago (2023-11-14T22:13:11Z), within the leeway of 10s"}}},
		{payload: `{"exp":3600}`, want: []line{{"exp", verdict.Fail, verdict.Expired, "exp: expired 54 y ago (1970-01-01T01:00:00Z); 3600 looks like a lifetime, must be a date"}}},
		{payload: `{"exp":-1e300}`, want: []line{{"exp", verdict.Fail, verdict.Expired, "exp: expired before every calendar (-1e300)"}}},
		{payload: `{"exp":1e300}`, want: []line{{"exp", verdict.Fail, verdict.ClaimsMalformed, "exp: 1e300 is outside every calendar, must be seconds since 1970, no later than the year 9999"}}},
		{payload: `{"exp":"1700003600"}`, want: []line{{"exp", verdict.Fail, verdict.ClaimsMalformed, "exp: is a string, must be a number (RFC 7519 §4.1.4)"}}},
		{payload: `{"exp":1700003600000}`, want: []line{{"exp", verdict.Warn, verdict.SuspiciousTime, "exp: 1700003600000 looks like milliseconds (2023-11-14T23:13:20Z, in 1 h), must be seconds"}}},
		{payload: `{"exp":253402300799}`, want: []line{{"exp", verdict.Warn, verdict.SuspiciousTime, "exp: expires in 7976 y (9999-12-31T23:59:59Z): 253402300799 seconds are probably a mistake"}}},
		{payload: `{"exp":1}`, policy: Policy{IgnoreExp: true}, want: []line{{"exp", verdict.Skip, "", "exp: not compared, as requested: it is 54 y ago (1970-01-01T00:00:01Z)"}}},
		{payload: `{"exp":null}`, policy: Policy{IgnoreExp: true}, want: []line{{"exp", verdict.Fail, verdict.ClaimsMalformed, "exp: is null, must be a number (RFC 7519 §4.1.4)"}}},
		{payload: `{` + ok + `}`, policy: Policy{Location: time.FixedZone("", 3600)}, want: []line{{"exp", verdict.Pass, "", "exp: expires in 1 h (2023-11-15T00:13:20+01:00)"}}},

		// nbf and iat
		{payload: `{"nbf":1700000000,` + ok + `}`, want: []line{passes, {"nbf", verdict.Pass, "", "nbf: became valid now (2023-11-14T22:13:20Z)"}}},
		{payload: `{"nbf":1700000300,` + ok + `}`, want: []line{passes, {"nbf", verdict.Fail, verdict.NotYetValid, "nbf: not valid for another 5 min (2023-11-14T22:18:20Z)"}}},
		{payload: `{"nbf":1700000010,` + ok + `}`, policy: Policy{Leeway: 10 * time.Second}, want: []line{passes, {"nbf", verdict.Pass, "", "nbf: becomes valid in 10 s (2023-11-14T22:13:30Z), within the leeway of 10s"}}},
		{payload: `{"nbf":1700000010.1,` + ok + `}`, policy: Policy{Leeway: 10 * time.Second}, want: []line{passes, {"nbf", verdict.Fail, verdict.NotYetValid, "nbf: not valid for another 10 s (2023-11-14T22:13:30.1Z)"}}},
		{payload: `{"nbf":1699999000000,` + ok + `}`, want: []line{passes, {"nbf", verdict.Fail, verdict.NotYetValid, "nbf: 1699999000000 looks like milliseconds (2023-11-14T21:56:40Z, 17 min ago), must be seconds"}}},
		{payload: `{"nbf":1e19,` + ok + `}`, want: []line{passes, {"nbf", verdict.Fail, verdict.ClaimsMalformed, "nbf: 1e19 is outside every calendar, must be seconds since 1970, no later than the year 9999"}}},
		{payload: `{"iat":1700000600,` + ok + `}`, want: []line{passes, {"iat", verdict.Warn, verdict.IssuedInFuture, "iat: issued in the future, in 10 min (2023-11-14T22:23:20Z)"}}},
		{payload: `{"iat":1699999000000,` + ok + `}`, want: []line{passes, {"iat", verdict.Warn, verdict.SuspiciousTime, "iat: 1699999000000 looks like milliseconds (2023-11-14T21:56:40Z, 17 min ago), must be seconds"}}},
		{payload: `{"iat":{},` + ok + `}`, want: []line{passes, {"iat", verdict.Fail, verdict.ClaimsMalformed, "iat: is an object, must be a number (RFC 7519 §4.1.6)"}}},

		// iss, sub, jti, nonce
		{payload: `{"iss":"a",` + ok + `}`, policy: Policy{Issuers: []string{"a"}}, want: []line{{"iss", verdict.Pass, "", `iss: is "a"`}, passes}},
		{payload: `{"iss":"b",` + ok + `}`, policy: Policy{Issuers: []string{"a", "c"}}, want: fails("iss", verdict.IssMismatch, `iss: is "b", want "a" or "c"`)},
		{payload: `{"iss":"a/",` + ok + `}`, policy: Policy{Issuers: []string{"a"}}, want: fails("iss", verdict.IssMismatch, `iss: is "a/", want "a"; only a slash at the end differs`)},
		{payload: `{"iss":"A",` + ok + `}`, policy: Policy{Issuers: []string{"a"}}, want: fails("iss", verdict.IssMismatch, `iss: is "A", want "a"; only upper and lower case differ`)},
		{payload: `{` + ok + `}`, policy: Policy{Issuers: []string{"a"}}, want: fails("iss", verdict.MissingClaim, `iss: missing, want "a"`)},
		{payload: `{"iss":["a"],` + ok + `}`, policy: Policy{Issuers: []string{"a"}}, want: fails("iss", verdict.ClaimsMalformed, "iss: is an array, must be a string (RFC 7519 §4.1.1)")},
		{payload: `{"iss":["a"],` + ok + `}`, want: fails("iss", verdict.ClaimsMalformed, "iss: is an array, must be a string (RFC 7519 §4.1.1)")},
		{payload: `{"sub":7,` + ok + `}`, want: fails("sub", verdict.ClaimsMalformed, "sub: is a number, must be a string (RFC 7519 §4.1.2)")},
		{payload: `{"sub":"bob",` + ok + `}`, policy: Policy{Subject: ptr("alice")}, want: fails("sub", verdict.SubMismatch, `sub: is "bob", want "alice"`)},
		{payload: `{"sub":"",` + ok + `}`, policy: Policy{Subject: ptr("")}, want: []line{{"sub", verdict.Pass, "", `sub: is ""`}, passes}},
		{payload: `{"jti":null,` + ok + `}`, want: fails("jti", verdict.ClaimsMalformed, "jti: is null, must be a string (RFC 7519 §4.1.7)")},
		{payload: `{"nonce":"n",` + ok + `}`, policy: Policy{Nonce: ptr("m")}, want: fails("nonce", verdict.NonceMismatch, `nonce: is "n", want "m"`)},
		{payload: `{"nonce":1,` + ok + `}`, policy: Policy{Nonce: ptr("1")}, want: fails("nonce", verdict.NonceMismatch, `nonce: is a number, want "1"`)},
		{payload: `{"nonce":1,` + ok + `}`, want: []line{passes}},
		{payload: `{` + ok + `}`, policy: Policy{Nonce: ptr("m")}, want: fails("nonce", verdict.MissingClaim, `nonce: missing, want "m"`)},

		// aud
		{payload: `{"aud":"web",` + ok + `}`, want: []line{{"aud", verdict.Warn, verdict.AudUnchecked, `aud: is "web", not compared with anything`}, passes}},
		{payload: `{"aud":[ "web", "x" ],` + ok + `}`, policy: Policy{Audiences: []string{"api", "x"}}, want: []line{{"aud", verdict.Pass, "", `aud: has "x"`}, passes}},
		{payload: `{"aud":["web"],` + ok + `}`, policy: Policy{Audiences: []string{"api"}}, want: fails("aud", verdict.AudMismatch, `aud: is ["web"], want "api"`)},
		{payload: `{"aud":[],` + ok + `}`, policy: Policy{Audiences: []string{"api"}}, want: fails("aud", verdict.AudMismatch, `aud: is [], want "api"`)},
		{payload: `{"aud":"",` + ok + `}`, policy: Policy{Audiences: []string{"api"}}, want: fails("aud", verdict.AudMismatch, `aud: is "", want "api"`)},
		{payload: `{"aud":"api ",` + ok + `}`, policy: Policy{Audiences: []string{"api"}}, want: fails("aud", verdict.AudMismatch, `aud: is "api ", want "api"; only white space around it differs`)},
		{payload: `{` + ok + `}`, policy: Policy{Audiences: []string{"api"}}, want: fails("aud", verdict.MissingClaim, `aud: missing, want "api"`)},
		{payload: `{"aud":{"api":1},` + ok + `}`, want: fails("aud", verdict.ClaimsMalformed, "aud: is an object, must be a string or an array of strings (RFC 7519 §4.1.3)")},
		{payload: `{"aud":["api",1],` + ok + `}`, policy: Policy{Audiences: []string{"api"}}, want: fails("aud", verdict.ClaimsMalformed, `aud: is an array not only of strings: ["api",1], must be a string or an array of strings (RFC 7519 §4.1.3)`)},
		{payload: `{"aud":null,` + ok + `}`, want: fails("aud", verdict.ClaimsMalformed, "aud: is null, must be a string or an array of strings (RFC 7519 §4.1.3)")},

		// typ
		{header: `{"typ":"AT+jwt"}`, payload: `{` + ok + `}`, policy: Policy{Type: ptr("application/at+JWT")}, want: []line{{"typ", verdict.Pass, "", `typ: is "AT+jwt"`}, passes}},
		{header: `{"typ":"at+jwt; v=1"}`, payload: `{` + ok + `}`, policy: Policy{Type: ptr("at+jwt")}, want: fails("typ", verdict.TypMismatch, `typ: is "at+jwt; v=1", want "at+jwt"`)},
		{header: `{"typ":"application/x/jwt"}`, payload: `{` + ok + `}`, policy: Policy{Type: ptr("x/jwt")}, want: fails("typ", verdict.TypMismatch, `typ: is "application/x/jwt", want "x/jwt"`)},
		{header: `{}`, payload: `{"typ":"JWT",` + ok + `}`, policy: Policy{Type: ptr("JWT")}, want: fails("typ", verdict.TypMismatch, `typ: the header has none, want "JWT"`)},
		{header: `{"typ":1}`, payload: `{` + ok + `}`, want: fails("typ", verdict.Malformed, "typ: is a number, must be a string (RFC 7515 §4.1.9)")},
		{header: `{"typ":"jwt"}`, payload: `{` + ok + `}`, want: []line{passes}},
		{header: `{"typ":"dpop+jwt"}`, payload: `{` + ok + `}`, policy: Policy{Type: ptr("\u212Awt")}, want: fails("typ", verdict.TypMismatch, "typ: is \"dpop+jwt\", want \"\u212Awt\"")},

		// max-age and valid-for
		{payload: `{` + ok + `}`, policy: Policy{MaxAge: ptr(time.Hour)}, want: []line{passes, {"max_age", verdict.Fail, verdict.MissingClaim, "iat: missing, the age cannot be checked"}}},
		{payload: `{"iat":1699996400,` + ok + `}`, policy: Policy{MaxAge: ptr(time.Hour)}, want: []line{passes, {"iat", verdict.Pass, "", "iat: issued 1 h ago (2023-11-14T21:13:20Z)"}, {"max_age", verdict.Pass, "", "iat: issued 1 h ago (2023-11-14T21:13:20Z), want at most 1h ago"}}},
		{payload: `{"iat":1699996390,` + ok + `}`, policy: Policy{MaxAge: ptr(time.Hour), Leeway: 9 * time.Second}, want: []line{passes, {"iat", verdict.Pass, "", "iat: issued 1 h ago (2023-11-14T21:13:10Z)"}, {"max_age", verdict.Fail, verdict.TooOld, "iat: issued 1 h ago (2023-11-14T21:13:10Z), want at most 1h ago"}}},
		{payload: `{"iat":"x",` + ok + `}`, policy: Policy{MaxAge: ptr(time.Hour)}, want: []line{passes, {"iat", verdict.Fail, verdict.ClaimsMalformed, "iat: is a string, must be a number (RFC 7519 §4.1.6)"}, {"max_age", verdict.Skip, "", "iat: malformed, cannot be compared"}}},
		{payload: `{` + ok + `}`, policy: Policy{ValidFor: ptr(time.Hour)}, want: []line{passes, {"valid_for", verdict.Pass, "", "exp: expires in 1 h (2023-11-14T23:13:20Z), which is at least 1h"}}},
		{payload: `{` + ok + `}`, policy: Policy{ValidFor: ptr(time.Hour + 1), Leeway: time.Minute}, want: []line{passes, {"valid_for", verdict.Fail, verdict.Expired, "exp: expires in 1 h (2023-11-14T23:13:20Z), want at least 1h0m0.000000001s"}}},
		{payload: `{}`, policy: Policy{ValidFor: ptr(time.Hour)}, want: []line{{"exp", verdict.Skip, "", "exp: missing, the token never expires"}, {"valid_for", verdict.Fail, verdict.MissingClaim, "exp: missing, the time left cannot be checked"}}},

		// require
		{payload: `{"a":{"b":[0,null]},"c":"",` + ok + `}`, policy: Policy{Require: []string{"a.b[0]", "a.b[1]", "c", "x"}}, want: []line{
			passes,
			{"require:a.b[0]", verdict.Pass, "", "a.b[0]: is there"},
			{"require:a.b[1]", verdict.Fail, verdict.MissingClaim, "a.b[1]: is null, but required"},
			{"require:c", verdict.Pass, "", "c: is there"},
			{"require:x", verdict.Fail, verdict.MissingClaim, "x: missing, but required"},
		}},
	} {
		header := test.header
		if header == "" {
			header = `{}`
		}
		got := lines(test.policy.Check(claims(t, test.payload), object(t, header), noon))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", header, test.payload, diff)
		}
	}
}

func TestCheckExpectations(t *testing.T) {
	const payload = `{"role":"admin","n":5,"big":1700000000.50,"list":["a","b"],"words":"read write","o":{"x":1,"y":[true]},"z":null,"https://e.example/r":"x"}`
	for _, test := range []struct {
		expect string
		class  verdict.Class
		hint   string
	}{
		{`role=admin`, "", ""},
		{`role=Admin`, verdict.ClaimMismatch, ""},
		{`role:="admin"`, "", ""},
		{`role:="\u0061dmin"`, "", ""},
		{`n=5`, verdict.ClaimMismatch, `--claim n:=5 compares with a number`},
		{`n:=5`, "", ""},
		{`n:=5.0`, "", ""},
		{`n:=0.5e1`, "", ""},
		{`n:=5.0000000000000000000001`, verdict.ClaimMismatch, ""},
		{`n:="5"`, verdict.ClaimMismatch, `--claim n:=5 compares with a number`},
		{`big:=17000000005e-1`, "", ""},
		{`list=a`, verdict.ClaimMismatch, `--claim list~=a looks for one of several`},
		{`list[1]=b`, "", ""},
		{`list[2]=b`, verdict.MissingClaim, ""},
		{`list:=["a","b"]`, "", ""},
		{`list:=["b","a"]`, verdict.ClaimMismatch, ""},
		{`list:=["a"]`, verdict.ClaimMismatch, ""},
		{`o:={"y":[true],"x":1.0}`, "", ""},
		{`o:={"x":1}`, verdict.ClaimMismatch, ""},
		{`o:={"x":1,"y":[false]}`, verdict.ClaimMismatch, ""},
		{`o.y[0]:=true`, "", ""},
		{`o.y[0]=true`, verdict.ClaimMismatch, `--claim o.y[0]:=true compares with a boolean`},
		{`list~=a`, "", ""},
		{`words~=read`, "", ""},
		{`words~=rea`, verdict.ClaimMismatch, ""},
		{`words=read`, verdict.ClaimMismatch, `--claim words~=read looks for one of several`},
		{`n>=5`, "", ""},
		{`n>=5.0000000000000000000001`, verdict.ClaimMismatch, ""},
		{`n>4`, "", ""},
		{`n>5`, verdict.ClaimMismatch, ""},
		{`n<=5`, "", ""},
		{`n<5`, verdict.ClaimMismatch, ""},
		{`n<1e999999999`, "", ""},
		{`role>1`, verdict.ClaimMismatch, ""},
		{`list<9`, verdict.ClaimMismatch, ""},
		{`nothing<9`, verdict.MissingClaim, ""},
		{`list~=c`, verdict.ClaimMismatch, ""},
		{`list~=`, verdict.ClaimMismatch, ""},
		{`o~=x`, verdict.ClaimMismatch, ""},
		{`nothing~=x`, verdict.MissingClaim, ""},
		{`z:=null`, "", ""},
		{`z=null`, verdict.ClaimMismatch, `--claim z:=null compares with null`},
		{`z=`, verdict.ClaimMismatch, ""},
		{`https://e.example/r=x`, "", ""},
		{`nothing=x`, verdict.MissingClaim, ""},
	} {
		x, err := ParseExpectation(test.expect)
		if err != nil {
			t.Errorf("%s: %v", test.expect, err)
			continue
		}
		checks := Policy{Expect: []Expectation{x}}.Check(claims(t, payload), object(t, `{}`), noon)
		got := checks[len(checks)-1]
		if got.Name != "claim:"+x.Path || got.Class != test.class || got.Hint != test.hint || (got.Status == verdict.Pass) != (test.class == "") {
			t.Errorf("%s: %+v, want class %q and hint %q", test.expect, got, test.class, test.hint)
		}
	}
}

// TestCheckReportsAllFailures checks that all failures are reported, without newlines and
// overlong values.
func TestCheckReportsAllFailures(t *testing.T) {
	payload := `{"iss":"x` + strings.Repeat("é", 5000) + `","aud":"x","sub":"s","exp":1,"nbf":2e9,"role":["a",` + "\n\n" + `"b"]}`
	x, _ := ParseExpectation("role=c")
	checks := Policy{
		Issuers: []string{"i"}, Audiences: []string{"a"}, Subject: ptr("t"), Expect: []Expectation{x}, Require: []string{"q"},
	}.Check(claims(t, payload), object(t, `{}`), noon)
	var failed []string
	for _, c := range checks {
		if c.Status == verdict.Fail {
			failed = append(failed, c.Name)
		}
		if len(c.Detail) > 1000 || strings.Contains(c.Detail, "\n") {
			t.Errorf("%s: detail %.300q", c.Name, c.Detail)
		}
	}
	if want := []string{"iss", "sub", "aud", "exp", "nbf", "require:q", "claim:role"}; !slices.Equal(failed, want) {
		t.Errorf("failed: %q, want %q", failed, want)
	}
	if got := verdict.Gravest(checks); got == nil || got.Name != "iss" {
		t.Errorf("gravest: %+v, want iss", got)
	}
}

// TestCheckExpectedAndActual checks the members of a report other than the detail.
func TestCheckExpectedAndActual(t *testing.T) {
	checks := Policy{Audiences: []string{"api"}, Leeway: 30 * time.Second}.
		Check(claims(t, `{"aud":["web","x"],"exp":1699999900}`), object(t, `{}`), noon)
	want := []verdict.Check{
		{Name: "claims", Status: verdict.Pass, Actual: 2, Detail: "a JSON object of 2 claims"},
		{
			Name: "aud", Status: verdict.Fail, Class: verdict.AudMismatch, Expected: "api", Actual: []string{"web", "x"},
			Detail: `aud: is ["web","x"], want "api"`,
		},
		{
			Name: "exp", Status: verdict.Fail, Class: verdict.Expired,
			Expected: "after 2023-11-14T22:12:50Z (1699999970)", Actual: "2023-11-14T22:11:40Z (1699999900)",
			Detail: "exp: expired 1 min 40 s ago (2023-11-14T22:11:40Z), more than the leeway of 30s",
			Hint:   "get a new token, or --at TIME to check as of then",
		},
	}
	if diff := cmp.Diff(want, checks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
