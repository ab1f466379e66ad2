package iana

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/jsonobject"
)

// The issuers whose own names are known.
const (
	Apple         = "Sign in with Apple"
	Auth0         = "Auth0"
	CircleCI      = "CircleCI"
	Cognito       = "Amazon Cognito"
	DotNet        = ".NET"
	Entra         = "Microsoft Entra ID"
	Firebase      = "Firebase"
	GitHubActions = "GitHub Actions"
	GitLabCI      = "GitLab CI"
	Google        = "Google"
	Hasura        = "Hasura"
	HCPTerraform  = "HCP Terraform"
	Keycloak      = "Keycloak"
	Kubernetes    = "Kubernetes"
	Okta          = "Okta"
	SimpleJWT     = "Django Simple JWT"
	Supabase      = "Supabase"
)

// VendorOf tells by its looks who made a token: by iss first, then by claims
// that nobody else has. It is a guess to explain names by, never to trust.
// It returns "" where nothing gives the maker away.
func VendorOf(claims jsonobject.Object) string {
	if v, ok := claims.Get("iss"); ok {
		iss, _ := v.Text()
		if vendor := byIssuer(iss, claims); vendor != "" {
			return vendor
		}
	}
	return bySiblings(claims)
}

func byIssuer(iss string, claims jsonobject.Object) string {
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
	host, path := strings.ToLower(u.Hostname()), u.Path
	switch {
	case host == "login.microsoftonline.com", host == "login.microsoftonline.us",
		host == "login.partner.microsoftonline.cn", host == "sts.windows.net",
		under(host, "b2clogin.com"), under(host, "ciamlogin.com"):
		return Entra
	case strings.HasPrefix(host, "cognito-idp.") && (under(host, "amazonaws.com") || under(host, "amazonaws.com.cn")):
		return Cognito
	case host == "token.actions.githubusercontent.com", strings.HasPrefix(host, "token.actions.") && under(host, "ghe.com"),
		strings.HasSuffix(path, "/_services/token") && has(claims, "repository"):
		return GitHubActions
	case under(host, "auth0.com"):
		return Auth0
	case under(host, "okta.com"), under(host, "oktapreview.com"), under(host, "okta-emea.com"), under(host, "okta-gov.com"):
		return Okta
	case host == "accounts.google.com":
		return Google
	case host == "securetoken.google.com":
		return Firebase
	case host == "appleid.apple.com":
		return Apple
	case host == "oidc.circleci.com":
		return CircleCI
	case host == "app.terraform.io":
		return HCPTerraform
	case under(host, "supabase.co"):
		return Supabase
	case strings.Contains(path, "/realms/"):
		return Keycloak
	}
	return ""
}

func bySiblings(claims jsonobject.Object) string {
	switch {
	case has(claims, "kubernetes.io"), has(claims, "kubernetes.io/serviceaccount/namespace"):
		return Kubernetes
	case has(claims, "tid") && has(claims, "oid"), has(claims, "tid") && has(claims, "uti"):
		return Entra
	case has(claims, "realm_access"), has(claims, "resource_access"), has(claims, "session_state") && has(claims, "typ"):
		return Keycloak
	case has(claims, "cognito:username"), has(claims, "token_use") && has(claims, "origin_jti"):
		return Cognito
	case has(claims, "repository") && has(claims, "workflow_ref"), has(claims, "job_workflow_ref"):
		return GitHubActions
	case has(claims, "project_path") && has(claims, "pipeline_id"):
		return GitLabCI
	case has(claims, "cid") && has(claims, "uid") && has(claims, "scp"):
		return Okta
	case has(claims, "firebase"):
		return Firebase
	case has(claims, "app_metadata") && has(claims, "aal"), has(claims, "user_metadata") && has(claims, "session_id"):
		return Supabase
	case has(claims, "terraform_run_id"):
		return HCPTerraform
	case has(claims, "oidc.circleci.com/project-id"):
		return CircleCI
	case has(claims, "token_type") && has(claims, "user_id") && has(claims, "jti") && !has(claims, "iss"):
		return SimpleJWT
	}
	return ""
}

func under(host, domain string) bool {
	rest, ok := strings.CutSuffix(host, domain)
	return ok && strings.HasSuffix(rest, ".")
}

func has(claims jsonobject.Object, name string) bool {
	_, ok := claims.Get(name)
	return ok
}

// ofVendor looks name up among the claims of one vendor.
func ofVendor(vendor, name string) (Name, bool) {
	if vendor == "" {
		return Name{}, false
	}
	for _, row := range rowsOf(name) {
		if row.Vendor == vendor {
			return row.name(), true
		}
	}
	if n, ok := byPrefix(name); ok && n.Vendor == vendor {
		return n, true
	}
	return Name{}, false
}

// unmistakable looks up a name that means one thing in whatever token it stands.
func unmistakable(name string) (Name, bool) {
	for _, row := range rowsOf(name) {
		if row.unmistakable {
			return row.name(), true
		}
	}
	if strings.HasPrefix(name, extension) {
		return Name{}, false
	}
	return byPrefix(name)
}

// extension begins Entra's custom attributes, but is too common a word to tell
// Entra by.
const extension = "extension_"

// byPrefix knows the families of names that share a beginning.
func byPrefix(name string) (Name, bool) {
	for _, f := range families {
		if strings.HasPrefix(name, f.Name) {
			return Name{Name: name, Meaning: f.Meaning, Spec: documentation(f.Vendor), Vendor: f.Vendor}, true
		}
	}
	return Name{}, false
}

// families are beginnings of names.
var families = [...]Name{
	{Name: "xms_", Meaning: "Internal to Microsoft's services", Vendor: Entra},
	{Name: extension, Meaning: "Custom attribute of the user", Vendor: Entra},
	{Name: "custom:", Meaning: "Custom attribute of the user", Vendor: Cognito},
	{Name: "dev:custom:", Meaning: "Custom attribute of the user", Vendor: Cognito},
	{Name: "cognito:", Meaning: "Defined by Cognito", Vendor: Cognito},
	{Name: "repo_property_", Meaning: "Custom property of the repository", Vendor: GitHubActions},
	{Name: "kubernetes.io/", Meaning: "Defined by Kubernetes", Vendor: Kubernetes},
}

// A vendorName is a claim of one vendor.
type vendorName struct {
	Name
	// unmistakable: nobody else uses the name, so it is known in any token.
	unmistakable bool
}

func (v vendorName) name() Name {
	n := v.Name
	n.Spec = documentation(n.Vendor)
	return n
}

// rowsOf returns the rows of vendorNames that have the name.
func rowsOf(name string) []vendorName {
	start, ok := slices.BinarySearchFunc(vendorNames[:], name, func(row vendorName, want string) int {
		return cmp.Compare(row.Name.Name, want)
	})
	if !ok {
		return nil
	}
	end := start + 1
	for end < len(vendorNames) && vendorNames[end].Name.Name == name {
		end++
	}
	return vendorNames[start:end]
}
