package authclient

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// Discover returns the metadata of an issuer. It tries the URL of OpenID Connect Discovery
// first (§4.1), then that of RFC 8414 (§3.1), and then the mix of both that some servers have.
//
// The "issuer" in it must equal the issuer byte for byte: otherwise one server could
// impersonate another (RFC 8414 §3.3).
func (s *Client) Discover(ctx context.Context, issuer string) (oauth.Metadata, error) {
	var nothing []string
	for _, text := range metadataURLs(issuer) {
		u, err := url.Parse(text)
		if err != nil {
			return oauth.Metadata{}, verdict.Errorf(verdict.Usage, "%s: %w", httpclient.HideUser(issuer), err)
		}
		m, found, err := s.metadataAt(ctx, u, issuer)
		if found || err != nil {
			return m, err
		}
		nothing = append(nothing, httpclient.Show(u))
	}
	return oauth.Metadata{}, verdict.Errorf(verdict.FetchFailed, "%s: the server has no metadata at %s", issuer, strings.Join(nothing, " or ")).
		Hintf("the URL must be the issuer, as in a token's \"iss\": with Keycloak it ends with /realms/NAME; a server without metadata needs a preset of your own")
}

// metadataURLs returns the possible URLs of the metadata. A slash at the end of the issuer is
// not part of them.
func metadataURLs(issuer string) []string {
	base := strings.TrimRight(issuer, "/")
	scheme, rest, _ := strings.Cut(base, "://")
	host, path, _ := strings.Cut(rest, "/")
	urls := []string{base + oauth.DiscoveryPath}
	if path == "" {
		return append(urls, base+oauth.MetadataPath)
	}
	return append(urls, scheme+"://"+host+oauth.MetadataPath+"/"+path, base+oauth.MetadataPath)
}

// metadataAt reads the metadata at a URL. found is false if nothing, or something else, is
// there.
func (s *Client) metadataAt(ctx context.Context, u *url.URL, issuer string) (m oauth.Metadata, found bool, err error) {
	r, err := s.exchange(ctx, sent{}, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err == nil {
			req.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {s.UserAgent}}
		}
		return req, err
	})
	switch {
	case err != nil:
		return m, false, err
	case r.status >= 500 || r.status == http.StatusTooManyRequests:
		return m, false, r.refusal(verdict.FetchFailed)
	case !r.ok():
		return m, false, nil
	}
	m, err = oauth.ParseMetadata(r.body)
	switch {
	case err != nil && !r.isObject(): // many servers answer every path with the same page
		return m, false, nil
	case err != nil:
		return m, false, verdict.Errorf(verdict.FetchRefused, "%s: %w", httpclient.Show(u), err).Hintf("look at it: %s", httpclient.Curl(u))
	case m.Issuer == "" && m.TokenEndpoint == "":
		return m, false, nil
	case m.Issuer != issuer:
		return m, false, otherIssuer(u, m.Issuer, issuer)
	}
	return m, true, nil
}

// otherIssuer returns the error for the metadata of another issuer.
func otherIssuer(u *url.URL, is, want string) error {
	e := verdict.Errorf(verdict.FetchRefused, "%s: issuer: is %q, want %q", httpclient.Show(u), is, want)
	switch {
	case strings.TrimSuffix(is, "/") == strings.TrimSuffix(want, "/"):
		return e.Hintf("they differ in the final slash, and issuers are compared byte for byte: jwt session login %s", is)
	case strings.Contains(is, "{tenantid}"):
		return e.Hintf("that is the common address of many tenants: use the URL with the ID of yours")
	}
	return e.Hintf("if that is the server that you trust, use the name that it gives itself")
}

// Describe sets the metadata of the server, from the server itself or from the preset. issuer
// is the URL of the server as the user spells it.
func (s *Client) Describe(ctx context.Context, issuer string) error {
	p := s.Preset.OAuth
	if p.Metadata {
		m, err := s.Discover(ctx, issuer)
		if s.OAuth.Certificate != "" {
			m = m.ForTLS()
		}
		s.OAuth.Server = OAuthServer{m}
		return err
	}
	at := func(path string) string {
		if path == "" || strings.Contains(path, "://") {
			return path
		}
		return strings.TrimRight(issuer, "/") + path
	}
	s.OAuth.Server = OAuthServer{oauth.Metadata{
		Issuer: issuer, AuthorizationEndpoint: at(p.AuthorizationEndpoint), TokenEndpoint: at(p.TokenEndpoint), DeviceEndpoint: at(p.DeviceEndpoint),
		RevocationEndpoint: at(p.RevocationEndpoint), IntrospectionEndpoint: at(p.IntrospectionEndpoint), UserinfoEndpoint: at(p.UserinfoEndpoint),
	}}
	return nil
}

// isOpenID reports whether the metadata describes an OpenID provider: only such a server
// gives ID tokens.
func isOpenID(m oauth.Metadata) bool {
	return len(m.SubjectTypesSupported) > 0 || len(m.IDTokenAlgsSupported) > 0 || m.UserinfoEndpoint != ""
}

// PresetFor returns the name of the preset for a server with this metadata.
func PresetFor(m oauth.Metadata) string {
	switch {
	case strings.HasSuffix(m.TokenEndpoint, "/protocol/openid-connect/token"):
		return "keycloak"
	case strings.HasSuffix(strings.TrimSuffix(m.Issuer, "/"), ".auth0.com"):
		return "auth0"
	case isOpenID(m):
		return "oidc"
	}
	return "oauth2"
}
