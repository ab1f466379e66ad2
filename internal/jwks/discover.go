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

// Metadata is what a server says of itself (OpenID Connect Discovery 1.0 §3,
// RFC 8414 §2).
type Metadata struct {
	Issuer    string // byte for byte what was asked for
	JWKSURI   string // "" where it names none
	URL       string // where it was found
	FromCache bool   // no request was made
	Warnings  []string
}

// Discover returns the metadata of the issuer, cached as key sets are: OpenID
// Connect's place is asked first, and RFC 8414's if there is nothing.
//
// The "issuer" member must be the issuer asked for, byte for byte, or one server
// could speak in another's name (RFC 8414 §3.3), and its jwks_uri an address that
// may be asked. Errors are those of Keys.
func (c *Client) Discover(ctx context.Context, issuer string) (Metadata, error) {
	places, err := metadataPlaces(issuer)
	if err != nil {
		return Metadata{}, err
	}
	for _, place := range places {
		// What is known of the second place spares asking the first.
		if m, err := c.metadata(ctx, issuer, place, onlyFresh); !errors.Is(err, errNotKnown) {
			return m, err
		}
	}
	if c.Offline {
		return Metadata{}, notCached(issuer)
	}
	var nothing []string
	for _, place := range places {
		m, err := c.metadata(ctx, issuer, place, useFresh)
		if !hasNothing(err) {
			return m, err
		}
		nothing = append(nothing, err.Error())
	}
	return Metadata{}, verdict.Errorf(verdict.FetchFailed, "%s: no metadata of an issuer: %s", issuer, strings.Join(nothing, "; ")).
		Hintf(`write it as it stands in a token's "iss", or give the key set's own URL`)
}

// metadataPlaces returns where the issuer's metadata may be: its path followed by
// OpenID Connect's suffix (Discovery 1.0 §4.1), and RFC 8414's before its path (§3.1).
func metadataPlaces(issuer string) ([]*url.URL, error) {
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
		return nil, verdict.Errorf(verdict.Usage, "oidc:%s: that is where an issuer's metadata is, not an issuer", issuer).
			Hintf("--key oidc:%s", before)
	}
	host, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	var places []*url.URL
	for _, place := range []string{host + path + "/.well-known/openid-configuration", host + "/.well-known/oauth-authorization-server" + path} {
		u, err := parseAddress(place)
		if err != nil {
			return nil, err
		}
		places = append(places, u)
	}
	return places, nil
}

// metadata returns what stands at the place, if it is the issuer's.
func (c *Client) metadata(ctx context.Context, issuer string, place *url.URL, mode cacheMode) (Metadata, error) {
	var m Metadata
	found, err := c.load(ctx, place, mode, func(a *answer) (err error) {
		if m, err = parseMetadata(place, a.Body); err == nil {
			err = m.check(place, issuer)
		}
		return err
	})
	if err != nil {
		return Metadata{}, err
	}
	m.URL, m.FromCache, m.Warnings = httpclient.Show(place), found.fromCache, found.warnings
	return m, nil
}

// check refuses what another issuer says, and keys where none may be fetched.
func (m Metadata) check(place *url.URL, issuer string) error {
	if m.Issuer != issuer {
		return otherIssuer(place, m.Issuer, issuer)
	}
	if m.JWKSURI == "" {
		return nil
	}
	keys, err := parseAddress(m.JWKSURI)
	if err == nil {
		err = checkStep(place, keys)
	}
	if err != nil {
		return refusedf("%s: its jwks_uri: %w", httpclient.Show(place), err).
			Hintf("ask whoever runs the issuer for the key set's own https URL")
	}
	return nil
}

// errNotMetadata is the cause where something else stands in the place: many
// servers answer every path with the same page.
var errNotMetadata = errors.New("not the metadata of an issuer")

// parseMetadata reads the members that matter, none of which may stand twice.
func parseMetadata(place *url.URL, body []byte) (Metadata, error) {
	object, err := jsonobject.Parse(body)
	if err != nil {
		return Metadata{}, failedf(errNotMetadata, "%s: the answer is not a JSON object: %v", httpclient.Show(place), err)
	}
	var m Metadata
	for name, to := range map[string]*string{"issuer": &m.Issuer, "jwks_uri": &m.JWKSURI} {
		value, ok := object.Get(name)
		if !ok {
			continue
		}
		if *to, ok = value.Text(); !ok {
			return Metadata{}, refusedf("%s: %q is a %s, not a string", httpclient.Show(place), name, value.KindName()).Hintf("see for yourself: %s", httpclient.Curl(place))
		}
		if slices.Contains(object.Duplicates(), "/"+name) {
			return Metadata{}, refusedf("%s: %q stands there twice, and readers differ in which they believe", httpclient.Show(place), name).Hintf("see for yourself: %s", httpclient.Curl(place))
		}
	}
	if m.Issuer == "" {
		return Metadata{}, failedf(errNotMetadata, `%s: the answer has no "issuer"`, httpclient.Show(place))
	}
	return m, nil
}

// hasNothing reports whether the error is of a place where no metadata is, so
// that the next may be asked.
func hasNothing(err error) bool {
	var status statusError
	if errors.As(err, &status) {
		return status >= 400 && status < 500 && status != http.StatusTooManyRequests
	}
	return errors.Is(err, errNotMetadata)
}

func otherIssuer(place *url.URL, is, want string) error {
	err := refusedf("%s: issuer: is %q, want %q", httpclient.Show(place), is, want)
	switch {
	case strings.TrimSuffix(is, "/") == strings.TrimSuffix(want, "/"):
		return err.Hintf("they differ in the slash at the end, and an issuer is compared byte for byte: --key oidc:%s", is)
	case strings.Contains(is, "{tenantid}"):
		return err.Hintf(`that is a common address of many tenants: give the issuer as it stands in the token's "iss"`)
	default:
		return err.Hintf("if that is the issuer you trust, name it as it names itself")
	}
}
