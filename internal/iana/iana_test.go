package iana

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jwt/internal/jsonobject"

	"github.com/google/go-cmp/cmp"
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
				t.Errorf("%s: %q stands after %q", table, n.Name, names[i-1].Name)
			}
			if n.Vendor != "" || n.Spec == "" {
				t.Errorf("%s: %q has vendor %q and spec %q, want none and some", table, n.Name, n.Vendor, n.Spec)
			}
			checkMeaning(t, n)
		}
	}
}

func TestVendorNames(t *testing.T) {
	for i, row := range vendorNames {
		if i > 0 {
			before := vendorNames[i-1]
			if before.Name.Name > row.Name.Name || before.Name.Name == row.Name.Name && before.Vendor == row.Vendor {
				t.Errorf("%q (%s) stands after %q (%s)", row.Name.Name, row.Vendor, before.Name.Name, before.Vendor)
			}
			if before.Name.Name == row.Name.Name && (before.unmistakable || row.unmistakable) {
				t.Errorf("%q is unmistakable and stands twice", row.Name.Name)
			}
		}
		if row.unmistakable && Registered(row.Name.Name) && row.Name.Name != "login_hint" && row.Name.Name != "nickname" {
			t.Errorf("%q is registered, so not unmistakable", row.Name.Name)
		}
		checkMeaning(t, row.Name)
		n, ok := Claim(row.Vendor, row.Name.Name)
		want := row.Name
		want.Spec = row.Vendor + " documentation"
		if diff := cmp.Diff(want, n); !ok || diff != "" {
			t.Errorf("Claim(%q, %q): %v (-want +got)\n%s", row.Vendor, row.Name.Name, ok, diff)
		}
	}
	for _, row := range vendorMembers {
		checkMeaning(t, row.Name)
		if n, ok := Claim("", strings.Split(row.path, " ")...); !ok || n.Meaning != row.Meaning || n.Name == "" || n.Spec == "" {
			t.Errorf("Claim(%q) = %+v, %v", row.path, n, ok)
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

func TestClaim(t *testing.T) {
	tests := []struct {
		vendor, path string // path divided by spaces
		meaning      string // "" means unknown
		ofVendor     string
	}{
		{"", "exp", "Expiration time: not valid from then on", ""},
		{Entra, "exp", "Expiration time: not valid from then on", ""},
		{"", "EXP", "", ""},
		{"", "typ", "", ""},
		{Keycloak, "typ", "What it is: Bearer, ID, Refresh, Offline …", Keycloak},
		{Entra, "ver", "Version of the token: 1.0 or 2.0", Entra},
		{Okta, "ver", "Version of the token", Okta},
		{"", "ver", "", ""},
		{GitHubActions, "ref", "Git ref that started the run", GitHubActions},
		{GitLabCI, "ref", "Branch or tag of the job", GitLabCI},
		{"", "ref", "", ""},
		{"", "cognito:username", "Name of the user in the pool", Cognito},
		{"", "cognito:whatever", "Defined by Cognito", Cognito},
		{"", "xms_unheard_of", "Internal to Microsoft's services", Entra},
		{"", "extension_cord", "", ""},
		{Entra, "extension_cord", "Custom attribute of the user", Entra},
		{Keycloak, "acr", "Level of authentication reached", Keycloak},
		{"", "acr", "Authentication context: how sure the login was", ""},
		{"", "act sub", "Subject: whom the token is about", ""},
		{"", "act act sub", "Subject: whom the token is about", ""},
		{"", "cnf jkt", "Thumbprint of the DPoP key", ""},
		{"", "cnf x5t#S256", "Thumbprint of the TLS client certificate", ""},
		{"", "cnf jwk kid", "", ""},
		{"", "cnf exp", "", ""},
		{"", "address locality", "City or locality", ""},
		{"", "locality", "", ""},
		{"", "token_introspection active", "Whether the token is good now", ""},
		{"", "token_introspection exp", "Expiration time: not valid from then on", ""},
		{"", "status status_list idx", "Place of this token in the list", ""},
		{"", "kubernetes.io pod name", "Name of the pod", Kubernetes},
		{"", "kubernetes.io pod", "Pod the token is bound to", Kubernetes},
		{"", "kubernetes.io pod name x", "", ""},
		{"", "resource_access my-client roles", "Roles in this client", Keycloak},
		{"", "other member", "", ""},
	}
	for _, tt := range tests {
		n, ok := Claim(tt.vendor, strings.Split(tt.path, " ")...)
		if ok != (tt.meaning != "") || n.Meaning != tt.meaning || n.Vendor != tt.ofVendor {
			t.Errorf("Claim(%q, %q) = %q of %q, %v; want %q of %q", tt.vendor, tt.path, n.Meaning, n.Vendor, ok, tt.meaning, tt.ofVendor)
		}
	}
	if n, ok := Claim(""); ok {
		t.Errorf("Claim of no path = %+v", n)
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

func TestVendorOf(t *testing.T) {
	tests := []struct{ claims, want string }{
		{`{}`, ""},
		{`{"iss":"https://issuer.example"}`, ""},
		{`{"iss":7,"sub":"x"}`, ""},
		{`{"iss":"https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0"}`, Entra},
		{`{"iss":"https://sts.windows.net/9122040d-6c67-4c5b-b112-36a304b66dad/"}`, Entra},
		{`{"iss":"https://contoso.b2clogin.com/x/v2.0/"}`, Entra},
		{`{"iss":"https://evilb2clogin.com/"}`, ""},
		{`{"iss":"https://login.microsoftonline.com.evil.example/"}`, ""},
		{`{"iss":"https://kc.example/realms/demo"}`, Keycloak},
		{`{"iss":"https://kc.example/auth/realms/demo"}`, Keycloak},
		{`{"realm_access":{"roles":[]}}`, Keycloak},
		{`{"iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"}`, Cognito},
		{`{"iss":"https://kubernetes.default.svc.cluster.local","kubernetes.io":{}}`, Kubernetes},
		{`{"iss":"kubernetes/serviceaccount"}`, Kubernetes},
		{`{"iss":"https://token.actions.githubusercontent.com"}`, GitHubActions},
		{`{"iss":"https://token.actions.octocorp.ghe.com"}`, GitHubActions},
		{`{"iss":"https://github.example/_services/token","repository":"a/b"}`, GitHubActions},
		{`{"iss":"https://gitlab.com","project_path":"a/b","pipeline_id":"1"}`, GitLabCI},
		{`{"iss":"https://gitlab.com","sub":"1"}`, ""},
		{`{"iss":"https://dev-1.eu.auth0.com/"}`, Auth0},
		{`{"iss":"https://dev-1.okta.com/oauth2/default"}`, Okta},
		{`{"iss":"https://id.example","cid":"a","uid":"b","scp":["c"]}`, Okta},
		{`{"iss":"https://accounts.google.com"}`, Google},
		{`{"iss":"accounts.google.com"}`, Google},
		{`{"iss":"https://securetoken.google.com/my-project"}`, Firebase},
		{`{"iss":"https://appleid.apple.com"}`, Apple},
		{`{"iss":"https://abc.supabase.co/auth/v1"}`, Supabase},
		{`{"token_type":"access","jti":"1","user_id":2,"exp":3}`, SimpleJWT},
		{`{"iss":"https://[::1","tid":"a","oid":"b"}`, Entra},
	}
	for _, tt := range tests {
		o, err := jsonobject.Parse([]byte(tt.claims))
		if err != nil {
			t.Fatal(err)
		}
		if got := VendorOf(o); got != tt.want {
			t.Errorf("VendorOf(%s) = %q, want %q", tt.claims, got, tt.want)
		}
	}
}

func FuzzClaim(f *testing.F) {
	f.Add("Keycloak", "resource_access", "x", "roles")
	f.Add("", "act", "", "...")
	f.Fuzz(func(t *testing.T, vendor, a, b, c string) {
		for _, path := range [][]string{{a}, {a, b}, {a, b, c}} {
			if n, ok := Claim(vendor, path...); ok && (n.Meaning == "" || n.Spec == "" || n.Name != path[len(path)-1]) {
				t.Errorf("Claim(%q, %q) = %+v", vendor, path, n)
			}
		}
	})
}
