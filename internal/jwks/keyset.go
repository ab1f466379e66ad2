package jwks

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// parseSet parses the keys in an answer. Its errors name the URL.
func parseSet(u *url.URL, body []byte) (jwk.Set, error) {
	set, err := jwk.Parse(body)
	if err != nil {
		return jwk.Set{}, notKeys(u, body, err)
	}
	for i := range set.Keys {
		set.Keys[i].Source = httpclient.Show(u)
	}
	return set, nil
}

// notKeys returns the error for an answer without keys. It has a hint for the two common
// mistakes, a discovery document and an HTML page.
func notKeys(u *url.URL, body []byte, err error) error {
	named := verdict.Errorf(verdict.ClassOf(err), "%s: %w", httpclient.Show(u), err)
	if named.Class == verdict.Internal {
		named.Class = verdict.KeyUnreadable
	}
	var e *verdict.Error
	if errors.As(err, &e) {
		named.Hint = e.Hint
	}
	switch {
	case strings.Contains(u.Path, "/.well-known/o"): // openid-configuration, oauth-authorization-server
		named.Hint = "that is an issuer's metadata: --key oidc:ISSUER finds its keys"
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		named.Hint = "that is an HTML page; if its URL is an issuer's, --key oidc:ISSUER finds its keys"
	}
	return named
}

func holdsSecret(set jwk.Set) bool {
	return slices.ContainsFunc(set.Keys, jwk.Key.IsPrivate)
}
