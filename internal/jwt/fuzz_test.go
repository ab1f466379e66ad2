package jwt

import (
	"testing"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// FuzzCheck checks that no payload causes a panic, and that a token passes only if "exp"
// is a number after the instant.
func FuzzCheck(f *testing.F) {
	for _, payload := range []string{
		`{"exp":1700000000}`, `{"exp":1e300}`, `{"exp":null}`, `{"exp":"1"}`, `{"exp":-0}`, `{"exp":17e8,"nbf":1.7e9,"iat":1e400}`,
		`{"iss":1,"sub":[],"aud":[1],"jti":{},"nonce":2}`, `{"aud":["a","b"],"role":["x"],"a":{"b":[null]}}`, `{"exp":1700003600000}`, `[]`, `{`, ``,
	} {
		f.Add([]byte(payload), `{"typ":"JWT"}`, int64(1700000000), int64(30e9))
	}
	f.Fuzz(func(t *testing.T, payload []byte, headerText string, seconds, leeway int64) {
		o, err := ParseClaims(payload)
		if err != nil || len(o.Duplicates()) > 0 {
			return
		}
		header, err := jsonobject.Parse([]byte(headerText))
		if err != nil || !reltime.InCalendar(time.Unix(seconds, 0)) || leeway < 0 {
			return
		}
		now, x := time.Unix(seconds, 0), Expectation{Path: "role", Want: jsonobject.Quote("x")}
		all := Policy{
			Issuers: []string{"i"}, Audiences: []string{"a"}, Subject: ptr("s"), Type: ptr("JWT"), Nonce: ptr("n"),
			MaxAge: ptr(time.Hour), ValidFor: ptr(time.Hour), Leeway: time.Duration(leeway), Require: []string{"a.b[0]"}, Expect: []Expectation{x},
		}
		for _, p := range []Policy{all, {Leeway: time.Duration(leeway)}} {
			checks := p.Check(Claims{object: o}, header, now)
			wellFormed(t, checks)
			if v, ok := o.Get("exp"); ok && !expiryHolds(v, now.Add(-p.Leeway)) && verdict.Gravest(checks) == nil {
				t.Errorf("%s was accepted at %s", payload, now)
			}
		}
	})
}

// expiryHolds reports whether exp is a number after the instant. It does not use
// Policy.Check.
func expiryHolds(exp jsonobject.Value, limit time.Time) bool {
	if exp.Kind() != '0' {
		return false
	}
	if exact, ok := exactly(exp); ok {
		return exact.Cmp(rat(limit)) > 0
	}
	d, _ := ParseNumericDate(exp)
	return d.Compare(limit) > 0
}

// wellFormed checks that each check has a class exactly if it needs one, and a detail.
func wellFormed(t *testing.T, checks []verdict.Check) {
	t.Helper()
	for _, c := range checks {
		bad := c.Status == verdict.Fail || c.Status == verdict.Warn
		if c.Name == "" || bad != (c.Class != "") || (bad && c.Detail == "") {
			t.Errorf("%+v", c)
		}
	}
}
