package vendors

import (
	"net/url"
	"slices"
	"strings"

	"jwt/internal/jsonobject"
)

// Of returns the likely vendor of a token, by "iss" or else by claims that no other
// vendor uses, or "". It is a guess for explanations only.
func Of(claims jsonobject.Object) string {
	v, _ := claims.Get("iss")
	if iss, ok := v.Text(); ok {
		if vendor := ofIssuer(iss, claims); vendor != "" {
			return vendor
		}
	}
	for _, s := range signs {
		if hasAll(claims, s.claims) && (s.without == "" || !hasAll(claims, []string{s.without})) {
			return s.vendor
		}
	}
	return ""
}

func ofIssuer(iss string, claims jsonobject.Object) string {
	switch iss {
	case "kubernetes/serviceaccount":
		return Kubernetes
	case "accounts.google.com":
		return Google
	}
	u, err := url.Parse(iss)
	if err != nil {
		return ""
	}
	if vendor := ofHost(strings.ToLower(u.Hostname())); vendor != "" {
		return vendor
	}
	switch {
	case strings.HasSuffix(u.Path, "/_services/token") && hasAll(claims, []string{"repository"}):
		return GitHubActions
	case strings.Contains(u.Path, "/realms/"):
		return Keycloak
	}
	return ""
}

func ofHost(host string) string {
	for _, h := range hosts {
		start, end, wild := strings.Cut(h.pattern, "*")
		if host == h.pattern || wild && strings.HasPrefix(host, start) && strings.HasSuffix(host, end) {
			return h.vendor
		}
	}
	return ""
}

func hasAll(claims jsonobject.Object, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		_, ok := claims.Get(name)
		return !ok
	})
}

// hosts lists the hosts of issuers; * matches any text.
var hosts = [...]struct{ pattern, vendor string }{
	{"login.microsoftonline.com", Entra},
	{"login.microsoftonline.us", Entra},
	{"login.partner.microsoftonline.cn", Entra},
	{"sts.windows.net", Entra},
	{"*.b2clogin.com", Entra},
	{"*.ciamlogin.com", Entra},
	{"cognito-idp.*.amazonaws.com", Cognito},
	{"cognito-idp.*.amazonaws.com.cn", Cognito},
	{"token.actions.githubusercontent.com", GitHubActions},
	{"token.actions.*.ghe.com", GitHubActions},
	{"*.auth0.com", Auth0},
	{"*.okta.com", Okta},
	{"*.oktapreview.com", Okta},
	{"*.okta-emea.com", Okta},
	{"*.okta-gov.com", Okta},
	{"accounts.google.com", Google},
	{"securetoken.google.com", Firebase},
	{"appleid.apple.com", Apple},
	{"oidc.circleci.com", CircleCI},
	{"app.terraform.io", HCPTerraform},
	{"*.supabase.co", Supabase},
}

// signs lists sets of claims that only one vendor issues.
var signs = [...]struct {
	vendor  string
	claims  []string
	without string // a claim that must be absent
}{
	{vendor: Kubernetes, claims: []string{"kubernetes.io"}},
	{vendor: Kubernetes, claims: []string{"kubernetes.io/serviceaccount/namespace"}},
	{vendor: Entra, claims: []string{"tid", "oid"}},
	{vendor: Entra, claims: []string{"tid", "uti"}},
	{vendor: Keycloak, claims: []string{"realm_access"}},
	{vendor: Keycloak, claims: []string{"resource_access"}},
	{vendor: Keycloak, claims: []string{"session_state", "typ"}},
	{vendor: Cognito, claims: []string{"cognito:username"}},
	{vendor: Cognito, claims: []string{"token_use", "origin_jti"}},
	{vendor: GitHubActions, claims: []string{"repository", "workflow_ref"}},
	{vendor: GitHubActions, claims: []string{"job_workflow_ref"}},
	{vendor: GitLabCI, claims: []string{"project_path", "pipeline_id"}},
	{vendor: Okta, claims: []string{"cid", "uid", "scp"}},
	{vendor: Firebase, claims: []string{"firebase"}},
	{vendor: Supabase, claims: []string{"app_metadata", "aal"}},
	{vendor: Supabase, claims: []string{"user_metadata", "session_id"}},
	{vendor: HCPTerraform, claims: []string{"terraform_run_id"}},
	{vendor: CircleCI, claims: []string{"oidc.circleci.com/project-id"}},
	{vendor: SimpleJWT, claims: []string{"token_type", "user_id", "jti"}, without: "iss"},
}
