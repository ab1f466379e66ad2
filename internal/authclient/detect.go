package authclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/loopback"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Finding is a preset that fits what a server answered.
type Finding struct {
	Preset   string
	Server   string // the URL to log in at
	Shown    bool   // an answer is one that only this kind of server gives; else the preset is a guess
	Evidence []Evidence
	Paths    map[string]string // of steps, where they differ from those of the preset
	User     string            // the field of the user name, where it differs
	API      string            // the origin that the token is for, if it is not that of Server
	Unknown  string            // what no answer has shown
}

// Evidence is an answer that speaks for a preset.
type Evidence struct {
	Request string // method, and path or URL of another server
	Status  int
	Says    string
}

// Detect asks the server which preset fits, the best first. It sends no credential and keeps
// no cookie: it reads metadata and well-known paths, and only if they show nothing, posts empty
// objects to usual paths of logins.
func (s *Client) Detect(ctx context.Context) ([]*Finding, error) {
	d := &detection{client: s}
	root, err := d.ask(ctx, http.MethodGet, "")
	if err != nil {
		return nil, err // the other requests would fail in the same way
	}
	if d.nothing, err = d.ask(ctx, http.MethodGet, "/no-such-path-of-any-server"); err != nil {
		return nil, err
	}
	d.host(root)
	if _, err := d.metadata(ctx, s.URL.String()); err != nil {
		return nil, err
	}
	if err := d.resource(ctx, root); err != nil {
		return nil, err
	}
	for _, posts := range []bool{false, true} {
		if posts && slices.ContainsFunc(d.found, func(f *Finding) bool { return f.Shown }) {
			break
		}
		for _, p := range probes {
			if (p.method == http.MethodPost) != posts {
				continue
			}
			if err := d.probe(ctx, p); err != nil {
				return nil, err
			}
		}
	}
	if len(d.found) == 0 && root.status >= 300 && root.status < 400 {
		return nil, root.refusal(verdict.FetchRefused)
	}
	slices.SortStableFunc(d.found, func(a, b *Finding) int {
		switch {
		case a.Shown == b.Shown:
			return len(b.Evidence) - len(a.Evidence)
		case a.Shown:
			return -1
		}
		return 1
	})
	return d.found, nil
}

// A detection collects findings.
type detection struct {
	client  *Client
	nothing *reply // to a path that does not exist
	found   []*Finding
}

// ask sends a request without credentials to a path, relative to the server's URL.
func (d *detection) ask(ctx context.Context, method, path string) (*reply, error) {
	u := *d.client.URL
	if u.Path, u.RawPath = u.Path+path, ""; u.Path == "" {
		u.Path = "/"
	}
	return d.send(ctx, method, &u)
}

// send sends a request without credentials; a POST has an empty object.
func (d *detection) send(ctx context.Context, method string, u *url.URL) (*reply, error) {
	r, err := d.client.exchange(ctx, sent{}, func(ctx context.Context) (*http.Request, error) {
		body := ""
		if method == http.MethodPost {
			body = "{}"
		}
		req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
		if err != nil {
			return nil, verdict.Errorf(verdict.Usage, "%s: %w", httpclient.Show(u), err)
		}
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", d.client.UserAgent)
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		return req, nil
	})
	switch {
	case err == nil && r.status == http.StatusTooManyRequests:
		return nil, r.refusal(verdict.FetchFailed)
	case err != nil:
		return nil, err
	}
	return r, nil
}

// mustEnd reports whether an error ends the detection: the user wants that, or the server. A
// path that does not answer shows nothing.
func mustEnd(ctx context.Context, err error) bool {
	var said *oauth.Error
	return ctx.Err() != nil || errors.As(err, &said) && said.Status == http.StatusTooManyRequests
}

// add records that an answer speaks for a preset.
func (d *detection) add(f Finding, r *reply, method, says string) *Finding {
	e := Evidence{method + " " + d.show(r.url), r.status, says}
	for _, known := range d.found {
		if known.Preset == f.Preset && known.Server == f.Server {
			known.Evidence, known.Shown = append(known.Evidence, e), known.Shown || f.Shown
			return known
		}
	}
	f.Evidence = []Evidence{e}
	d.found = append(d.found, &f)
	return &f
}

// show returns the path of a URL of the server, or the whole URL of another.
func (d *detection) show(u *url.URL) string {
	if httpclient.Origin(u) == httpclient.Origin(d.client.URL) {
		return u.EscapedPath()
	}
	return httpclient.Show(u)
}

// probe sends the request of a probe to each of its paths, up to the first that fits.
func (d *detection) probe(ctx context.Context, p probe) error {
	for _, path := range p.paths {
		r, err := d.ask(ctx, p.method, path)
		if err != nil {
			if mustEnd(ctx, err) {
				return err
			}
			continue
		}
		says := p.says(answer{r})
		if says == "" || d.saysNothing(r) {
			continue
		}
		f := Finding{Preset: p.preset, Server: d.client.URL.String(), Shown: !p.guess, Paths: p.moved(path), Unknown: p.unknown}
		if p.fields {
			f.User = userField(r.body)
		}
		if p.login != nil {
			f.Paths = p.login(answer{r})
		}
		d.add(f, r, p.method, says)
		return nil
	}
	return nil
}

// saysNothing reports whether an answer is the one to a path that does not exist: some
// servers answer every path with the same page or refusal.
func (d *detection) saysNothing(r *reply) bool {
	bare := func(r *reply) []byte { return bytes.ReplaceAll(r.body, []byte(r.url.Path), nil) }
	return r.status == d.nothing.status && bytes.Equal(bare(r), bare(d.nothing))
}

// metadata looks for the metadata of an OAuth 2.0 server, and returns the finding, or nil.
func (d *detection) metadata(ctx context.Context, issuer string) (*Finding, error) {
	for _, text := range metadataURLs(issuer) {
		u, err := ParseServer(text)
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

// resource follows the metadata of a protected resource (RFC 9728), which a 401 names, or
// which is at its well-known path.
func (d *detection) resource(ctx context.Context, root *reply) error {
	named := ""
	for _, value := range root.header.Values("WWW-Authenticate") {
		if named = parseChallenge(value)["resource_metadata"]; named != "" {
			break
		}
	}
	own := d.client.URL
	if named == "" {
		named = own.Scheme + "://" + own.Host + "/.well-known/oauth-protected-resource" + own.Path
	}
	u, err := url.Parse(named)
	if err != nil || httpclient.Origin(u) != httpclient.Origin(own) {
		return nil // another origin may not speak for this one
	}
	r, err := d.send(ctx, http.MethodGet, u)
	if err != nil {
		if mustEnd(ctx, err) {
			return err
		}
		return nil
	}
	object, err := jsonobject.Parse(r.body)
	if !r.ok() || err != nil {
		return nil
	}
	resource, _ := object.Text("resource")
	if of, err := url.Parse(resource); err != nil || httpclient.Origin(of) != httpclient.Origin(own) { // §3.3
		return nil
	}
	list, _ := object.Get("authorization_servers")
	servers, _ := list.Texts()
	const most = 3
	for _, issuer := range servers[:min(len(servers), most)] {
		if u, err := url.Parse(issuer); err != nil || loopback.Host(u.Hostname()) && !loopback.Host(own.Hostname()) {
			continue // a server elsewhere does not choose what is asked on this machine
		}
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

// userField returns the field of the user name that a refusal names, or "".
func userField(body []byte) string {
	for _, name := range []string{"email", "username", "identifier", "login"} {
		if bytes.Contains(bytes.ToLower(body), []byte(name)) {
			return name
		}
	}
	return ""
}

// TOML returns the preset to keep under a name of its own.
func (f *Finding) TOML(name string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "[presets.%s]\nbased_on = %q\n", name, f.Preset)
	if p, err := FindPreset(f.Preset, Config{}); err == nil {
		for _, value := range slices.Sorted(maps.Keys(p.Values)) {
			if p.Values[value] == "" {
				fmt.Fprintf(&b, "values.%s = \"\"\n", value)
			}
		}
	}
	if f.Unknown != "" {
		fmt.Fprintf(&b, "# not shown by the server: %s\n", f.Unknown)
	}
	for _, step := range slices.Sorted(maps.Keys(f.Paths)) {
		fmt.Fprintf(&b, "\n[presets.%s.%s]\npath = %q\n", name, step, f.Paths[step])
		if step == "login" && f.User != "" {
			fmt.Fprintf(&b, "fields = [%q, \"password=$password\"]\n", f.User+"=$username")
		}
	}
	return b.Bytes()
}

// Changes reports whether the preset to keep says more than the one that it is based on: the
// server differs, or the user has to set values.
func (f *Finding) Changes() bool {
	p, err := FindPreset(f.Preset, Config{})
	return len(f.Paths) > 0 || f.User != "" || err == nil && p.Ready() != nil
}
