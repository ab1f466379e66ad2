package flow

import (
	"cmp"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/authclient"
	"jwt/internal/jwk"
	"jwt/internal/loopback"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// The flows by which an OAuth 2.0 server is judged.
const (
	FlowCode              = "code"
	FlowDevice            = "device"
	FlowClientCredentials = "client-credentials"
)

// Flows lists the flows.
var Flows = []string{FlowCode, FlowDevice, FlowClientCredentials}

// An OAuth is the client by which a server is judged as an OAuth 2.0 server.
type OAuth struct {
	Flow     string
	ClientID string
	Auth     string                  // one of authclient.ClientAuths; "": by what the client has
	Secrets  authclient.OAuthSecrets // none for a public client
	Scope    string                  // "": openid, and offline_access if the server has it
	Redirect string                  // the redirect URI
	Other    string                  // the ID of a public client with the same redirect URI, for rules that need two; may be ""

	// Visit completes the user's part of a flow, in a browser. It returns the
	// parameters that arrived at the redirect URI, or none for FlowDevice. It may be nil.
	Visit func(ctx context.Context, page string) (url.Values, error)
}

// A provider is the OAuth 2.0 server of a run.
type provider struct {
	*run
	client  OAuth
	own     identity // of the client
	meta    oauth.Metadata
	keys    []jwk.Key
	cookies http.CookieJar // of the login page
	asked   authorization  // that gave the latest tokens
	idToken string         // of the first login

	audienceKnown, toEndpoint bool   // of assertions
	otherCertificate          string // that an impostor shows
}

// judgeOAuth judges the server as an OAuth 2.0 server.
func (r *run) judgeOAuth(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	p := &provider{run: r, client: *r.OAuth, cookies: jar}
	r.tokens.secrets.Add(p.client.Secrets.Texts()...)
	if err := p.showCertificate(); err != nil {
		return err
	}
	if err := p.discover(ctx); err != nil {
		return err
	}
	r.protocol, r.Preset, r.server.Preset = p, p.preset(), p.preset()
	r.report.Preset = r.Preset.Name
	if r.Protected == "" && p.client.Flow != FlowClientCredentials { // userinfo needs a user
		r.resource = p.meta.UserinfoEndpoint
	}
	p.leaveOut()
	for _, part := range []func(context.Context) error{
		p.session, p.tryAuthorize, p.tryRedirects, p.tryCodes, p.tryClients, p.tryOtherClient, p.tryRevocation, p.tryIntrospection, p.tryDevice, p.tryDPoP,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// leaveOut records the rules that the flow and its scope do not touch.
func (p *provider) leaveOut() {
	if p.client.Flow != FlowCode {
		p.inapplicable("the flow "+p.client.Flow+" has no answer of a login page", StateReturned, IssReturned)
	}
	p.inapplicable("the login page is not filled in here", LoginRedirect)
	if p.client.Flow != FlowClientCredentials {
		p.inapplicable("the flow is "+p.client.Flow, NoRefreshForClient)
	}
	if !p.isOpenID() {
		p.inapplicable("the scope openid is not asked for", append(idTokenRules, IDTokenGiven)...)
	}
}

// session judges a session of the flow. If the preset's sessions were judged, only what is
// new in these is.
func (p *provider) session(ctx context.Context) error {
	parts := []func(context.Context, *family) error{p.tryUserinfo}
	if _, judged := p.results[LoginWorks]; !judged {
		parts = append(parts, p.checkLifetime, p.tryResource, p.tryWrongCredentials, p.tryExpiry, p.tryRotation, p.tryConcurrentRefresh, p.tryLogout)
	}
	return p.scenario(ctx, parts...)
}

// preset describes the endpoints in the terms of a preset, from which the rules of a session
// see what the server has.
func (p *provider) preset() presets.Preset {
	s := presets.Preset{Name: "oauth2"}
	if p.isOpenID() {
		s.Name = "oidc"
	}
	s.Tokens.Refresh = []string{"json:/refresh_token"}
	s.Refresh.Path = pathOf(p.meta.TokenEndpoint)
	if p.client.Flow == FlowClientCredentials {
		s.Refresh.Path = ""
	}
	s.Logout.Path = pathOf(p.meta.RevocationEndpoint)
	s.Userinfo.Path = cmp.Or(p.Protected, pathOf(p.meta.UserinfoEndpoint))
	return s
}

func pathOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || endpoint == "" {
		return ""
	}
	return cmp.Or(u.Path, "/")
}

func (p *provider) isOpenID() bool {
	return p.client.Flow != FlowClientCredentials && oauth.HasScope(p.client.Scope, "openid")
}

// discover reads the metadata and the keys of the server.
func (p *provider) discover(ctx context.Context) error {
	a, err := p.readMetadata(ctx)
	if err != nil {
		return err
	}
	if !a.ok() {
		p.record(DiscoveryWorks, asFailure(a), a.describe())
		p.notJudgedBy(a, DiscoveryWorks)
		return cmp.Or(a.err, error(verdict.Errorf(verdict.FetchFailed, "%s: %s", a.url, a.describe())))
	}
	p.meta, err = oauth.ParseMetadata(a.body)
	if p.client.Secrets.Certificate != "" {
		p.meta = p.meta.ForTLS()
	}
	if err == nil {
		err = p.checkEndpoints()
	}
	if err != nil {
		p.fail(DiscoveryWorks, err.Error())
		return verdict.Errorf(verdict.FetchFailed, "%s: %w", a.url, err)
	}
	p.pass(DiscoveryWorks, a.describe())
	if isURL(p.meta.Issuer, p.Server) {
		p.pass(DiscoveryIssuer, p.meta.Issuer)
	} else {
		p.fail(DiscoveryIssuer, phrase.Quote(p.meta.Issuer))
	}
	if p.client.Scope == "" {
		p.client.Scope = p.usualScope()
	}
	if err := p.identify(); err != nil {
		return err
	}
	return p.readKeys(ctx)
}

// isURL compares an issuer with a URL that may lack the last slash.
func isURL(issuer string, u *url.URL) bool {
	return issuer == u.String() || issuer == u.String()+"/"
}

// isIssuer reports whether the server may call itself so: as its metadata do, or by its URL.
// If the two differ, only the rule discovery-issuer reports it.
func (p *provider) isIssuer(iss string) bool { return iss == p.meta.Issuer || isURL(iss, p.Server) }

// readMetadata tries both places of the metadata (OpenID Connect Discovery 1.0 §4, RFC 8414
// §3.1).
func (p *provider) readMetadata(ctx context.Context) (a answer, err error) {
	oidc, metadata := *p.Server, *p.Server
	oidc.Path += oauth.DiscoveryPath
	metadata.Path = oauth.MetadataPath + metadata.Path
	for _, u := range []*url.URL{&oidc, &metadata} {
		if a, err = p.fetch(ctx, "discover", u.String()); err != nil || a.ok() || a.status == 0 {
			return a, err
		}
	}
	return a, nil
}

// fetch requests a document.
func (p *provider) fetch(ctx context.Context, name, address string) (answer, error) {
	a, err := p.patiently(ctx, name, func() answer {
		return p.request(ctx, func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		})
	})
	if err != nil {
		return a, err
	}
	return a, p.step(name, a, "")
}

// request makes one request outside of the preset.
func (r *run) request(ctx context.Context, build func(context.Context) (*http.Request, error)) answer {
	return r.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
		req, err := build(ctx)
		if err != nil {
			return authclient.Grant{}, err
		}
		return authclient.Grant{}, r.send(s, req, "")
	})
}

// checkEndpoints refuses metadata without the endpoints that the flow needs, and endpoints
// to which secrets would go unencrypted.
func (p *provider) checkEndpoints() error {
	needed := map[string]string{"token_endpoint": p.meta.TokenEndpoint}
	switch p.client.Flow {
	case FlowCode:
		needed["authorization_endpoint"] = p.meta.AuthorizationEndpoint
		if p.meta.RequirePAR {
			needed["pushed_authorization_request_endpoint"] = p.meta.PAREndpoint
		}
	case FlowDevice:
		needed["device_authorization_endpoint"] = p.meta.DeviceEndpoint
	}
	for name, endpoint := range needed {
		if endpoint == "" {
			return &oauth.Invalid{Reason: "the metadata has no " + name}
		}
	}
	for _, endpoint := range []string{
		p.meta.AuthorizationEndpoint, p.meta.TokenEndpoint, p.meta.DeviceEndpoint, p.meta.UserinfoEndpoint,
		p.meta.RevocationEndpoint, p.meta.IntrospectionEndpoint, p.meta.PAREndpoint, p.meta.JWKSURI,
	} {
		if endpoint != "" && !p.isSafe(endpoint) {
			return &oauth.Invalid{Reason: "the endpoint " + phrase.Quote(endpoint) + " is neither https nor on loopback"}
		}
	}
	return nil
}

// isSafe reports whether secrets may go to an endpoint. Only the metadata of a server on
// loopback may name another place there: a server elsewhere has nothing to ask of the
// programs of this machine.
func (p *provider) isSafe(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && u.User == nil && u.Hostname() != "" &&
		(u.Scheme == "https" || u.Scheme == "http" && p.Server.Scheme == "http" && loopback.Host(u.Hostname()))
}

// usualScope asks for an ID token and a refresh token, if the server has them.
func (p *provider) usualScope() string {
	if len(p.meta.ScopesSupported) == 0 && len(p.meta.IDTokenAlgsSupported) > 0 && p.client.Flow != FlowClientCredentials {
		return "openid" // every OpenID Provider has it, and need not say so
	}
	var scope []string
	for _, s := range []string{"openid", "offline_access"} {
		if slices.Contains(p.meta.ScopesSupported, s) && p.client.Flow != FlowClientCredentials {
			scope = append(scope, s)
		}
	}
	return strings.Join(scope, " ")
}

// readKeys reads the keys of the server. Without them no signature verifies.
func (p *provider) readKeys(ctx context.Context) error {
	if p.meta.JWKSURI == "" || !p.isOpenID() || !p.wants(IDTokenSignature) {
		return nil
	}
	a, err := p.fetch(ctx, "read the keys", p.meta.JWKSURI)
	if err != nil || !a.ok() {
		return err
	}
	if set, err := jwk.Parse(a.body); err == nil {
		p.keys = set.Keys
	}
	return nil
}
