package vendors

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/iana"
	"jwt/internal/jsonobject"
)

func TestTables(t *testing.T) {
	for i, row := range claims {
		if i > 0 {
			before := claims[i-1]
			if before.name > row.name || before.name == row.name && before.vendor == row.vendor {
				t.Errorf("%q (%s) comes after %q (%s)", row.name, row.vendor, before.name, before.vendor)
			}
			if before.name == row.name && (before.distinct || row.distinct) {
				t.Errorf("%q is distinct and occurs twice", row.name)
			}
		}
		if _, registered := iana.Claim(row.name); row.distinct && registered && row.name != "login_hint" && row.name != "nickname" {
			t.Errorf("%q is registered, so not distinct", row.name)
		}
		checkMeaning(t, row)
		n, ok := Claim(row.vendor, row.name)
		want := iana.Name{Name: row.name, Meaning: row.meaning, Spec: row.vendor + " documentation", Kind: row.kind, Vendor: row.vendor}
		if diff := cmp.Diff(want, n); !ok || diff != "" {
			t.Errorf("Claim(%q, %q): %v (-want +got)\n%s", row.vendor, row.name, ok, diff)
		}
	}
	for _, row := range members {
		checkMeaning(t, row)
		if n, ok := Claim("", strings.Split(row.name, " ")...); !ok || n.Meaning != row.meaning || n.Name == "" || n.Spec == "" {
			t.Errorf("Claim(%q) = %+v, %v", row.name, n, ok)
		}
	}
}

func checkMeaning(t *testing.T, c claim) {
	t.Helper()
	if c.meaning == "" || utf8.RuneCountInString(c.meaning) > 60 || strings.HasSuffix(c.meaning, ".") {
		t.Errorf("%q: meaning %q: want 1 to 60 characters and no full stop", c.name, c.meaning)
	}
}

func TestClaim(t *testing.T) {
	tests := []struct {
		vendor, path string // path separated by spaces
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

func TestOf(t *testing.T) {
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
		if got := Of(o); got != tt.want {
			t.Errorf("Of(%s) = %q, want %q", tt.claims, got, tt.want)
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
