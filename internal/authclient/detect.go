package authclient

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

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
	if err := d.probeAll(ctx); err != nil {
		return nil, err
	}
	if len(d.found) == 0 && root.status >= 300 && root.status < 400 {
		return nil, root.refusal(verdict.FetchRefused)
	}
	slices.SortStableFunc(d.found, byEvidence)
	return d.found, nil
}

// byEvidence orders what was shown before what is a guess.
func byEvidence(a, b *Finding) int {
	switch {
	case a.Shown == b.Shown:
		return len(b.Evidence) - len(a.Evidence)
	case a.Shown:
		return -1
	}
	return 1
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

// add records an answer as evidence for a preset.
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

// probeAll sends the requests of all probes, and those that post something only if nothing was
// shown before.
func (d *detection) probeAll(ctx context.Context) error {
	for _, posts := range []bool{false, true} {
		if posts && slices.ContainsFunc(d.found, func(f *Finding) bool { return f.Shown }) {
			return nil
		}
		for _, p := range probes {
			if (p.method == http.MethodPost) != posts {
				continue
			}
			if err := d.probe(ctx, p); err != nil {
				return err
			}
		}
	}
	return nil
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

// userField returns the field of the user name that a refusal names, or "".
func userField(body []byte) string {
	for _, name := range []string{"email", "username", "identifier", "login"} {
		if bytes.Contains(bytes.ToLower(body), []byte(name)) {
			return name
		}
	}
	return ""
}
