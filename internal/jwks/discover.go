package jwks

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// Metadata is a server's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
type Metadata struct {
	Issuer    string // byte for byte as requested
	JWKSURI   string // "" if the metadata has none
	URL       string // of the metadata
	FromCache bool   // no request was made
	Warnings  []string
}

// Discover returns the metadata of the issuer, cached like key sets. It tries the URL of
// OpenID Connect first, then that of RFC 8414.
//
// The "issuer" member must equal the issuer byte for byte: otherwise one server could
// impersonate another (RFC 8414 §3.3). Its jwks_uri must be an allowed address. Errors
// are those of Keys.
func (c *Client) Discover(ctx context.Context, issuer string) (Metadata, error) {
	urls, err := metadataURLs(issuer)
	if err != nil {
		return Metadata{}, err
	}
	for _, u := range urls {
		// A cached answer of the second URL avoids a request to the first.
		if m, err := c.metadata(ctx, issuer, u, onlyFresh); !errors.Is(err, errNotKnown) {
			return m, err
		}
	}
	if c.Offline {
		return Metadata{}, notCached(issuer)
	}
	var nothing []string
	for _, u := range urls {
		m, err := c.metadata(ctx, issuer, u, useFresh)
		if !notFound(err) {
			return m, err
		}
		nothing = append(nothing, err.Error())
	}
	return Metadata{}, verdict.Errorf(verdict.FetchFailed, "%s: no issuer metadata found: %s", issuer, strings.Join(nothing, "; ")).
		Hintf(`write it exactly as in a token's "iss", or give the key set's own URL`)
}

// metadataURLs returns the possible URLs of the issuer's metadata. OpenID Connect appends
// a suffix to the path (Discovery 1.0 §4.1), RFC 8414 inserts one before it (§3.1).
func metadataURLs(issuer string) ([]*url.URL, error) {
	if !strings.Contains(issuer, "://") {
		return nil, verdict.Errorf(verdict.Usage, "oidc:%s: an issuer is an https URL", httpclient.HideUser(issuer)).
			Hintf("--key oidc:https://%s", cmp.Or(httpclient.HideUser(issuer), "example.com"))
	}
	u, err := parseAddress(issuer)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(issuer, "?#") {
		return nil, verdict.Errorf(verdict.Usage, "oidc:%s: an issuer has no query and no fragment (RFC 8414 §2)", httpclient.Show(u))
	}
	if before, _, ok := strings.Cut(issuer, "/.well-known/"); ok {
		return nil, verdict.Errorf(verdict.Usage, "oidc:%s: that is the URL of an issuer's metadata, not an issuer", issuer).
			Hintf("--key oidc:%s", before)
	}
	host, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	var urls []*url.URL
	for _, text := range []string{host + path + "/.well-known/openid-configuration", host + "/.well-known/oauth-authorization-server" + path} {
		u, err := parseAddress(text)
		if err != nil {
			return nil, err
		}
		urls = append(urls, u)
	}
	return urls, nil
}

// metadata returns the issuer's metadata at the URL.
func (c *Client) metadata(ctx context.Context, issuer string, u *url.URL, mode cacheMode) (Metadata, error) {
	var m Metadata
	found, err := c.load(ctx, u, mode, func(a *answer) (err error) {
		if m, err = parseMetadata(u, a.Body); err == nil {
			err = m.check(u, issuer)
		}
		return err
	})
	if err != nil {
		return Metadata{}, err
	}
	m.URL, m.FromCache, m.Warnings = httpclient.Show(u), found.fromCache, found.warnings
	return m, nil
}

// check refuses metadata of another issuer, and a jwks_uri that is not an allowed address.
func (m Metadata) check(u *url.URL, issuer string) error {
	if m.Issuer != issuer {
		return otherIssuer(u, m.Issuer, issuer)
	}
	if m.JWKSURI == "" {
		return nil
	}
	keys, err := parseAddress(m.JWKSURI)
	if err == nil {
		err = checkStep(u, keys)
	}
	if err != nil {
		return refusedf("%s: its jwks_uri: %w", httpclient.Show(u), err).
			Hintf("ask the operator of the issuer for the key set's own https URL")
	}
	return nil
}

// errNotMetadata is the cause of an error for a URL with other content: many servers
// answer every path with the same page.
var errNotMetadata = errors.New("not the metadata of an issuer")

// parseMetadata reads the members that are used. It refuses duplicates of them.
func parseMetadata(u *url.URL, body []byte) (Metadata, error) {
	object, err := jsonobject.Parse(body)
	if err != nil {
		return Metadata{}, failedf(errNotMetadata, "%s: the answer is not a JSON object: %v", httpclient.Show(u), err)
	}
	var m Metadata
	for name, to := range map[string]*string{"issuer": &m.Issuer, "jwks_uri": &m.JWKSURI} {
		value, ok := object.Get(name)
		if !ok {
			continue
		}
		if *to, ok = value.Text(); !ok {
			return Metadata{}, refusedf("%s: %q is a %s, not a string", httpclient.Show(u), name, value.KindName()).Hintf("look at it: %s", httpclient.Curl(u))
		}
		if slices.Contains(object.Duplicates(), "/"+name) {
			return Metadata{}, refusedf("%s: %q occurs twice, and programs differ in which one they use", httpclient.Show(u), name).Hintf("look at it: %s", httpclient.Curl(u))
		}
	}
	if m.Issuer == "" {
		return Metadata{}, failedf(errNotMetadata, `%s: the answer has no "issuer"`, httpclient.Show(u))
	}
	return m, nil
}

// notFound reports whether the error means that the URL has no metadata, so that the next
// one may be tried.
func notFound(err error) bool {
	var status statusError
	if errors.As(err, &status) {
		return status >= 400 && status < 500 && status != http.StatusTooManyRequests
	}
	return errors.Is(err, errNotMetadata)
}

func otherIssuer(u *url.URL, is, want string) error {
	err := refusedf("%s: issuer: is %q, want %q", httpclient.Show(u), is, want)
	switch {
	case strings.TrimSuffix(is, "/") == strings.TrimSuffix(want, "/"):
		return err.Hintf("they differ in the final slash, and issuers are compared byte for byte: --key oidc:%s", is)
	case strings.Contains(is, "{tenantid}"):
		return err.Hintf(`that is the common address of many tenants: give the issuer exactly as in the token's "iss"`)
	default:
		return err.Hintf("if that is the issuer you trust, use the name that it gives itself")
	}
}
