// Package vendors describes the private claims (RFC 7519 §4.3) of common issuers, and
// detects the vendor of a token.
package vendors

import (
	"cmp"
	"slices"
	"strings"

	"jwt/internal/iana"
)

// The vendors with known claims.
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

// A claim is a private claim of one vendor.
type claim struct {
	name, vendor, meaning string
	kind                  iana.Kind
	distinct              bool // no other vendor uses the name, so it is recognized in any token
}

// as describes the claim under its name in a token.
func (c claim) as(name string) (iana.Name, bool) {
	return iana.Name{Name: name, Meaning: c.meaning, Spec: c.vendor + " documentation", Kind: c.kind, Vendor: c.vendor}, true
}

// Claim describes the claim at path: one name for a claim of the token, and more names
// for a member inside it, without array indexes. vendor is the result of Of. The vendor's
// own claims precede the registered ones. A claim of another vendor is described only if
// its name is distinct.
func Claim(vendor string, path ...string) (iana.Name, bool) {
	if !iana.IsClaim(path...) {
		if n, ok := iana.Claim(path...); ok {
			return n, true
		}
		return member(path)
	}
	name := path[len(path)-1]
	if n, ok := find(name, func(c claim) bool { return c.vendor == vendor }); ok {
		return n, true
	}
	if n, ok := iana.Claim(name); ok {
		return n, true
	}
	return find(name, func(c claim) bool { return c.distinct })
}

// find returns the claim with this name, or its family, if fits accepts it.
func find(name string, fits func(claim) bool) (iana.Name, bool) {
	i, _ := slices.BinarySearchFunc(claims[:], name, func(c claim, want string) int { return cmp.Compare(c.name, want) })
	for ; i < len(claims) && claims[i].name == name; i++ {
		if fits(claims[i]) {
			return claims[i].as(name)
		}
	}
	for _, family := range families {
		if strings.HasPrefix(name, family.name) && fits(family) {
			return family.as(name)
		}
	}
	return iana.Name{}, false
}

// member describes a name inside a claim of one vendor.
func member(path []string) (iana.Name, bool) {
	for _, m := range members {
		if matches(m.name, path) {
			return m.as(path[len(path)-1])
		}
	}
	return iana.Name{}, false
}

func matches(pattern string, path []string) bool {
	names := strings.Split(pattern, " ")
	return slices.EqualFunc(names, path, func(want, part string) bool { return want == "*" || want == part })
}
