package jwk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jwt/internal/base64url"
	"jwt/internal/jwa"
	"jwt/internal/verdict"
)

// expectFlaw expects a usable key with one warning of class jwk_invalid.
func expectFlaw(t *testing.T, text, says string) {
	t.Helper()
	set, err := Parse([]byte(text))
	if err != nil || len(set.Keys) != 1 {
		t.Errorf("%s: %v", says, err)
		return
	}
	for _, w := range set.Keys[0].Warnings(time.Now()) {
		if w.Class == verdict.JWKInvalid && w.Status == verdict.Warn && strings.Contains(w.Detail, says) {
			return
		}
	}
	t.Errorf("no warning says %q: %+v", says, set.Keys[0].Warnings(time.Now()))
}

// TestFlaws checks that members which decide nothing never cost the key.
func TestFlaws(t *testing.T) {
	rsa, ec, oct := makeKey(t, "RSA"), makeKey(t, "P-256"), makeKey(t, "oct")
	text := func(b []byte) string { return `"` + base64url.Encode(b) + `"` }
	zero := func(k Key, name string) string { return text(append([]byte{0}, octetsOf(t, k, name)...)) }
	tests := []struct {
		key   Key
		edits []edit
		says  string
	}{
		{ec, []edit{{"kid", "null"}}, "kid is null"},
		{ec, []edit{{"kid", `""`}}, "kid is an empty string"},
		{ec, []edit{{"alg", "null"}}, "alg is null"},
		{ec, []edit{{"alg", `""`}}, "alg is an empty string"},
		{ec, []edit{{"use", "null"}}, "use is null"},
		{ec, []edit{{"use", `""`}}, "use is an empty string"},
		{ec, []edit{{"key_ops", `"sign"`}}, "key_ops is a string"},
		{ec, []edit{{"key_ops", `["sign",1]`}}, "key_ops is not an array of strings"},
		{ec, []edit{{"key_ops", `["sign","verify","sign"]`}}, `key_ops has "sign" twice`},
		{ec, []edit{{"key_ops", `[]`}}, "key_ops is empty"},
		{ec, []edit{{"key_ops", `null`}}, "key_ops is null"},
		{ec, []edit{{"key_ops", `["Sign","Verify"]`}}, `key_ops has "Sign" instead of "sign"`},
		{ec, []edit{{"key_ops", `["verfy"]`}}, "key_ops has no known operation"},
		{ec, []edit{{"x5c", `[]`}}, "x5c: must be an array"},
		{ec, []edit{{"x5c", `null`}}, "x5c is null"},
		{ec, []edit{{"x5c", `"AAAA"`}}, "x5c: must be an array"},
		{ec, []edit{{"x5u", `1`}}, "x5u: is a number"},
		{ec, []edit{{"x5u", `""`}}, "x5u: is an empty string"},
		{ec, []edit{{"x5t", text(make([]byte, 32))}}, "x5t: is 32 bytes long, must be 20"},
		{ec, []edit{{"x5t#S256", text(make([]byte, 20))}}, "x5t#S256: is 20 bytes long, must be 32"},
		{ec, []edit{{"x5t", text([]byte("86d0644cdb1a21b6912dd4de6fefe1706a1ea63f"))}}, "x5t: is the hexadecimal text of a thumbprint"},
		{ec, []edit{{"x5t", `"86d0644cdb1a21b6912dd4de6fefe1706a1ea63f"`}}, "x5t: is 30 bytes long"},
		{ec, []edit{{"x5t", `"AAAAAAAAAAAAAAAAAAAAAAAAAAA="`}}, "x5t: is not base64url"},
		{ec, []edit{{"x5t", `""`}}, "x5t: is an empty string"},
		{ec, []edit{{"x5t", `1`}}, "x5t: is a number"},
		{rsa, []edit{{"n", zero(rsa, "n")}}, "n begins with a zero octet"},
		{rsa, []edit{{"e", `"AAEAAQ"`}}, "e begins with a zero octet"},
		{rsa, []edit{{"oth", `[]`}}, "oth is empty"},
		{rsa, []edit{{"oth", `null`}}, "oth is empty"},
		{rsa, []edit{{"dp", ""}, {"dq", ""}, {"qi", ""}}, "dp, dq and qi are missing"},
		{ec, []edit{{"x", zero(ec, "x")}}, "x is 33 bytes long, must be 32"},
		{ec, []edit{{"d", zero(ec, "d")}}, "d is 33 bytes long, must be 32"},
		{oct, []edit{{"kid", "null"}}, "kid is null"},
	}
	for _, tt := range tests {
		expectFlaw(t, edited(tt.key, true, tt.edits...), tt.says)
	}
	public := []edit{{"d", "null"}, {"p", `""`}, {"q", `""`}, {"dp", `""`}, {"dq", `""`}, {"qi", `""`}, {"oth", "[]"}}
	expectFlaw(t, edited(rsa, false, public...), "oth is empty")
	for _, kind := range Kinds() {
		for _, k := range []Key{makeKey(t, kind)} {
			if slices.ContainsFunc(k.Warnings(time.Now()), func(c verdict.Check) bool { return c.Class == verdict.JWKInvalid }) {
				t.Errorf("%s: a warning about a sound key", kind)
			}
		}
	}
}

// TestShortCoordinates checks that a key whose coordinates lost their zeros is the same key.
func TestShortCoordinates(t *testing.T) {
	for range 2000 {
		k, err := Generate("P-256", 0)
		if err != nil {
			t.Fatal(err)
		}
		x := octetsOf(t, k, "x")
		if x[0] != 0 {
			continue
		}
		short := edited(k, true, edit{"x", `"` + base64url.Encode(x[1:]) + `"`})
		expectFlaw(t, short, "x is 31 bytes long, must be 32")
		set, err := Parse([]byte(short))
		if err != nil || set.Keys[0].Thumbprint() != k.Thumbprint() {
			t.Errorf("another key: %v", err)
		}
		return
	}
	t.Error("no key with a short coordinate")
}

// The certificate in x5c is for RSASSA-PSS only, also where the other members are missing.
func TestRestrictedByX5C(t *testing.T) {
	text := file(t, "rsapss.x5c.jwk")
	set, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"RS256": false, "PS256": true, "PS512": true} {
		if alg, _ := jwa.Lookup(name); set.Keys[0].CanVerify(alg) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
	for _, secret := range []string{"ssh-looks like a key and is a passphrase", "ssh-rsa"} {
		if _, err := Secret([]byte(secret)); err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
}
