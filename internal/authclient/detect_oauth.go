package authclient

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/loopback"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
)

// metadata looks for the metadata of an OAuth 2.0 server, and returns the finding, or nil.
func (d *detection) metadata(ctx context.Context, issuer string) (*Finding, error) {
	for _, text := range metadataURLs(issuer) {
		u, err := httpclient.ParseServer(text)
		if err != nil {
			return nil, nil // http beyond loopback
		}
		r, err := d.send(ctx, http.MethodGet, u)
		if err != nil {
			if mustEnd(ctx, err) {
				return nil, err
			}
			continue
		}
		m, err := oauth.ParseMetadata(r.body)
		if !r.ok() || err != nil || m.Issuer == "" || m.TokenEndpoint == "" {
			continue
		}
		f := Finding{Preset: PresetFor(m), Server: m.Issuer, Shown: true}
		if strings.TrimSuffix(m.Issuer, "/") != strings.TrimSuffix(issuer, "/") {
			f.Shown, f.Unknown = false, "whether you trust the issuer that the metadata names"
		}
		return d.add(f, r, http.MethodGet, "the metadata of the issuer "+phrase.Short(m.Issuer)+kindOf(f.Preset)), nil
	}
	return nil, nil
}

func kindOf(preset string) string {
	switch preset {
	case "keycloak":
		return ", with Keycloak's token endpoint"
	case "auth0":
		return ", of Auth0"
	}
	return ""
}

// host records a server that is known by its name.
func (d *detection) host(root *reply) {
	name := d.client.URL.Hostname()
	f := Finding{Server: d.client.URL.String(), Shown: true}
	switch {
	case name == "identitytoolkit.googleapis.com":
		f.Preset = "firebase"
	case strings.HasPrefix(name, "cognito-idp.") && strings.HasSuffix(name, ".amazonaws.com") && d.client.URL.Path == "":
		f.Preset = "cognito"
	default:
		return
	}
	d.add(f, root, http.MethodGet, "the host is the one of this service")
}

// resource follows the metadata of a protected resource (RFC 9728) to its authorization
// servers.
func (d *detection) resource(ctx context.Context, root *reply) error {
	u := d.resourceURL(root)
	if u == nil {
		return nil
	}
	r, err := d.send(ctx, http.MethodGet, u)
	if err != nil {
		if mustEnd(ctx, err) {
			return err
		}
		return nil
	}
	for _, issuer := range d.serversOf(r) {
		f, err := d.metadata(ctx, issuer)
		if err != nil {
			return err
		}
		if f != nil {
			f.API = oauth.WebOrigin(d.client.URL)
			f.Evidence = slices.Insert(f.Evidence, 0, Evidence{http.MethodGet + " " + d.show(r.url), r.status, "the API names its authorization server, " + phrase.Short(issuer)})
		}
	}
	return nil
}

// resourceURL returns the URL of that metadata: the one that a 401 names, or the well-known
// one (§3.1). It is nil for one of another origin, which may not speak for this one.
func (d *detection) resourceURL(root *reply) *url.URL {
	own := d.client.URL
	named := own.Scheme + "://" + own.Host + "/.well-known/oauth-protected-resource" + own.Path
	for _, value := range root.header.Values("WWW-Authenticate") {
		if in := parseChallenge(value)["resource_metadata"]; in != "" {
			named = in
			break
		}
	}
	u, err := url.Parse(named)
	if err != nil || httpclient.Origin(u) != httpclient.Origin(own) {
		return nil
	}
	return u
}

// serversOf returns the authorization servers in the metadata of a resource, which must be of
// the origin that was asked (§3.3). A server elsewhere does not choose what is asked on this
// machine.
func (d *detection) serversOf(r *reply) (servers []string) {
	const most = 3
	own := d.client.URL
	object, err := jsonobject.Parse(r.body)
	if !r.ok() || err != nil {
		return nil
	}
	resource, _ := object.Text("resource")
	if of, err := url.Parse(resource); err != nil || httpclient.Origin(of) != httpclient.Origin(own) {
		return nil
	}
	list, _ := object.Get("authorization_servers")
	named, _ := list.Texts()
	for _, issuer := range named[:min(len(named), most)] {
		if u, err := url.Parse(issuer); err == nil && (!loopback.Host(u.Hostname()) || loopback.Host(own.Hostname())) {
			servers = append(servers, issuer)
		}
	}
	return servers
}
