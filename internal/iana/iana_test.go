package iana

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTablesAreSorted(t *testing.T) {
	tables := map[string][]Name{
		"headers": headers[:], "claims": claims[:], "confirmation": confirmation[:], "address": address[:],
		"introspection": introspection[:], "subjectID": subjectID[:], "status": status[:],
		"authorizationDetails": authorizationDetails[:],
	}
	for table, names := range tables {
		for i, n := range names {
			if i > 0 && names[i-1].Name >= n.Name {
				t.Errorf("%s: %q comes after %q", table, n.Name, names[i-1].Name)
			}
			if n.Vendor != "" || n.Spec == "" {
				t.Errorf("%s: %q has vendor %q and spec %q, want none and some", table, n.Name, n.Vendor, n.Spec)
			}
			checkMeaning(t, n)
		}
	}
}

func checkMeaning(t *testing.T, n Name) {
	t.Helper()
	if n.Meaning == "" || utf8.RuneCountInString(n.Meaning) > 60 || strings.HasSuffix(n.Meaning, ".") {
		t.Errorf("%q: meaning %q: want 1 to 60 characters and no full stop", n.Name, n.Meaning)
	}
}

func TestHeader(t *testing.T) {
	for name, spec := range map[string]string{
		"alg": "RFC 7515 §4.1.1", "kid": "RFC 7515 §4.1.4", "x5t#S256": "RFC 7515 §4.1.8", "crit": "RFC 7515 §4.1.11",
		"enc": "RFC 7516 §4.1.2", "p2c": "RFC 7518 §4.8.1.2", "b64": "RFC 7797 §3", "zip": "RFC 7516 §4.1.3",
	} {
		if n, ok := Header(name); !ok || n.Spec != spec || n.Name != name {
			t.Errorf("Header(%q) = %+v, %v; want %s", name, n, ok, spec)
		}
	}
	for _, name := range []string{"", "ALG", "alg ", "exp", "x5t#", "zz"} {
		if n, ok := Header(name); ok {
			t.Errorf("Header(%q) = %+v, want nothing", name, n)
		}
	}
}

func TestTimes(t *testing.T) {
	var times []string
	for _, n := range claims {
		if n.Kind == Time {
			times = append(times, n.Name)
		}
	}
	want := []string{"auth_time", "exp", "iat", "nbf", "toe", "updated_at"}
	if !slices.Equal(times, want) {
		t.Errorf("claims that are times: %q, want %q", times, want)
	}
}

func TestClaim(t *testing.T) {
	for path, meaning := range map[string]string{ // path separated by spaces; no meaning: unknown
		"exp":                          "Expiration time: not valid from then on",
		"EXP":                          "",
		"typ":                          "",
		"ver":                          "",
		"ref":                          "",
		"extension_cord":               "",
		"acr":                          "Authentication context: how sure the login was",
		"act sub":                      "Subject: whom the token is about",
		"act act sub":                  "Subject: whom the token is about",
		"cnf jkt":                      "Thumbprint of the DPoP key",
		"cnf x5t#S256":                 "Thumbprint of the TLS client certificate",
		"cnf jwk kid":                  "",
		"cnf exp":                      "",
		"address locality":             "City or locality",
		"locality":                     "",
		"token_introspection active":   "Whether the token is good now",
		"token_introspection exp":      "Expiration time: not valid from then on",
		"status status_list idx":       "Place of this token in the list",
		"kubernetes.io pod name x":     "",
		"other member":                 "",
		"authorization_details type":   "Kind of right this is",
		"authorization_details x type": "",
		"sub_id identifiers email":     "E-mail address",
		"token_introspection x active": "",
	} {
		n, ok := Claim(strings.Split(path, " ")...)
		if ok != (meaning != "") || n.Meaning != meaning || n.Vendor != "" {
			t.Errorf("Claim(%q) = %q of %q, %v; want %q", path, n.Meaning, n.Vendor, ok, meaning)
		}
	}
	if n, ok := Claim(); ok {
		t.Errorf("Claim of no path = %+v", n)
	}
}
