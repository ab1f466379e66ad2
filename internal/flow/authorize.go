package flow

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/httpclient"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// An authorization is one authorization request (RFC 6749 §4.1.1).
type authorization struct {
	query    url.Values
	verifier string
}

// newAuthorization returns a request as it should be.
func (p *provider) newAuthorization() authorization {
	verifier := base64url.Encode([]byte(rand.Text() + rand.Text())[:32])
	p.tokens.secrets.Add(verifier)
	z := authorization{verifier: verifier, query: url.Values{
		"response_type": {"code"}, "client_id": {p.client.ClientID}, "redirect_uri": {p.client.Redirect}, "state": {rand.Text()},
		"code_challenge": {oauth.Challenge(verifier)}, "code_challenge_method": {"S256"},
	}}
	if p.client.Scope != "" {
		z.query.Set("scope", p.client.Scope)
	}
	if p.isOpenID() {
		z.query.Set("nonce", rand.Text())
	}
	return z
}

// with returns the request with another value of a parameter.
func (z authorization) with(name, value string) authorization {
	query := url.Values{}
	for name, values := range z.query {
		query[name] = values
	}
	query.Set(name, value)
	return authorization{query: query, verifier: z.verifier}
}

// redeem returns the token request for a code.
func (z authorization) redeem(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {z.query.Get("redirect_uri")}, "code_verifier": {z.verifier},
	}
}

// url returns the address of the login page.
func (z authorization) url(endpoint string) string {
	separator := "?"
	if strings.Contains(endpoint, "?") {
		separator = "&"
	}
	return endpoint + separator + z.query.Encode()
}

// A page is how an authorization request ended: at the redirect URI with parameters, or at
// a page.
type page struct {
	answer
	params url.Values // nil: no redirect to the redirect URI
	asks   bool       // the page waits for the user
}

func (g page) code() string { return g.params.Get("code") }

// withoutCode returns the answer of a login that gave no code, with what it gave instead.
func (g page) withoutCode() answer {
	a := g.answer
	a.told = true
	switch {
	case a.err != nil:
	case g.params.Get("error") != "":
		said := oauth.Error{Code: g.params.Get("error"), Description: g.params.Get("error_description")}
		a.err = verdict.Errorf(verdict.LoginRefused, "%s: the server refused the login: %s", a.url, phrase.Short(said.Error()))
	case g.params != nil:
		a.err = verdict.Errorf(verdict.FetchFailed, "%s: the answer of the login page has no code", a.url)
	case g.asks:
		a.err = verdict.Errorf(verdict.LoginRefused, "%s: the login page waits for the user", a.url).
			Hintf("--user NAME --password-env NAME fill in the page of jwt session serve; for another, a --redirect-uri on loopback, and a browser or --driver COMMAND")
	default:
		a.err = verdict.Errorf(verdict.LoginRefused, "%s: the login page is refused: %s", a.url, a.describe())
	}
	return a
}

// refused judges a request that must give no code. An error at the redirect URI is a
// refusal too, unless the redirect itself is the danger.
func (g page) refused() (verdict.Status, string) {
	switch {
	case g.code() != "":
		return verdict.Fail, "it gives a code"
	case g.params != nil:
		return verdict.Pass, "error " + phrase.Short(g.params.Get("error"))
	case g.asks:
		return verdict.Skip, g.describe() + ": a page that only the user can complete"
	}
	return g.answer.refused(), g.describe()
}

// authorize sends an authorization request, and completes the pages that follow.
func (p *provider) authorize(ctx context.Context, name string, z authorization) (page, error) {
	g, err := p.open(ctx, name+", the login page", z)
	if err != nil || g.err != nil || g.params != nil || !g.asks || p.client.Visit == nil {
		return g, err
	}
	return p.visit(ctx, name, z, g)
}

// visit lets a browser complete the user's part.
func (p *provider) visit(ctx context.Context, name string, z authorization, g page) (page, error) {
	address, a, err := p.address(ctx, z)
	if err != nil || address == "" {
		return page{answer: a}, err
	}
	began := p.Now()
	params, err := p.client.Visit(ctx, address)
	if interrupted(ctx) != nil {
		return g, interrupted(ctx)
	}
	if err != nil {
		g.err = err
		return g, nil
	}
	p.keepSecrets(params)
	g.params = params
	return g, p.add(Step{Name: name + ", in the browser", At: began.Sub(p.report.Began), Took: p.Now().Sub(began)})
}

// maxPages limits the pages and redirects of one login.
const maxPages = 10

// open follows an authorization request from page to page. It fills in the forms of the
// local server only: no other server gets the user's password.
func (p *provider) open(ctx context.Context, name string, z authorization) (page, error) {
	address, a, err := p.address(ctx, z)
	if err != nil || address == "" {
		return page{answer: a}, err
	}
	build, filled := getting(address), ""
	for n := 0; ; n++ {
		a, err := p.openOne(ctx, name, build)
		if err != nil {
			return page{answer: a}, err
		}
		g := page{answer: a}
		if to := location(a); to != nil {
			if a.method == http.MethodPost {
				p.judge(LoginRedirect, len(p.report.Steps), a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect, httpclient.Status(a.status))
			}
			if sameTarget(to, z.query.Get("redirect_uri")) {
				g.params = to.Query()
				p.keepSecrets(g.params)
				return g, nil
			}
			if n == maxPages || httpclient.Origin(to) != httpclient.Origin(a.at) {
				g.asks = true
				return g, nil
			}
			name, build = "follow", getting(to.String())
			continue
		}
		form, known := p.localForm(a)
		if g.asks = a.ok(); !known || n == maxPages {
			return g, nil
		}
		if form.name == filled {
			g.err = verdict.Errorf(verdict.LoginRefused, "%s: the login page shows its form again: it refuses user and password", a.url)
			return g, nil
		}
		name, build, filled = form.name, form.request, form.name
	}
}

// address returns the address of the login page. If the server requires it, the request is
// pushed first (RFC 9126): if the server refuses it, the answer is returned instead of an address.
func (p *provider) address(ctx context.Context, z authorization) (string, answer, error) {
	if !p.meta.RequirePAR {
		return z.url(p.meta.AuthorizationEndpoint), answer{}, nil
	}
	const name = "push the request"
	a, err := p.send(ctx, post{name: name, endpoint: p.meta.PAREndpoint, form: z.query, who: p.own})
	if err != nil {
		return "", a, err
	}
	pushed, _ := a.members.Text("request_uri")
	if err := p.step(name, a, ""); err != nil || pushed == "" {
		return "", a, err
	}
	return authorization{query: url.Values{"client_id": {p.client.ClientID}, "request_uri": {pushed}}}.url(p.meta.AuthorizationEndpoint), a, nil
}

// getting returns what makes a GET request.
func getting(address string) func(context.Context) (*http.Request, error) {
	return func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	}
}

// openOne requests a page, with the cookies of a browser.
func (p *provider) openOne(ctx context.Context, name string, build func(context.Context) (*http.Request, error)) (answer, error) {
	a, err := p.patiently(ctx, name, func() answer {
		return p.request(ctx, func(ctx context.Context) (*http.Request, error) {
			req, err := build(ctx)
			if err != nil {
				return nil, err
			}
			req.Header.Set("Accept", "text/html")
			for _, c := range p.cookies.Cookies(secure(req.URL)) {
				req.AddCookie(c)
			}
			return req, nil
		})
	})
	if err != nil {
		return a, err
	}
	if a.at != nil {
		p.cookies.SetCookies(secure(a.at), a.cookies)
	}
	note := ""
	if to := location(a); to != nil {
		note = "to " + strings.TrimPrefix(httpclient.Show(to), p.report.Server)
	}
	return a, p.step(name, a, note)
}

// secure returns the URL with https: browsers send Secure cookies to loopback.
func secure(u *url.URL) *url.URL {
	s := *u
	s.Scheme = "https"
	return &s
}

// location returns where an answer redirects to, or nil.
func location(a answer) *url.URL {
	if a.status < 300 || a.status > 399 || a.at == nil || a.header.Get("Location") == "" {
		return nil
	}
	to, err := a.at.Parse(a.header.Get("Location"))
	if err != nil {
		return nil
	}
	return to
}

// sameTarget reports whether a redirect leads to a redirect URI.
func sameTarget(to *url.URL, redirect string) bool {
	want, err := url.Parse(redirect)
	return err == nil && to.Scheme == want.Scheme && to.Host == want.Host && to.Path == want.Path
}

// keepSecrets hides what an answer of the login page has.
func (p *provider) keepSecrets(params url.Values) {
	p.tokens.secrets.Add(params.Get("code"))
}

// judgeResponse judges the answer of the login page.
func (p *provider) judgeResponse(g page, z authorization) {
	step := len(p.report.Steps)
	switch state := g.params.Get("state"); {
	case state == z.query.Get("state"):
		p.judge(StateReturned, step, true, "the same")
	case state == "":
		p.judge(StateReturned, step, false, "no state")
	default:
		p.judge(StateReturned, step, false, "another state")
	}
	iss, given := g.params["iss"]
	switch {
	case given:
		p.judge(IssReturned, step, p.isIssuer(iss[0]), phrase.Short(iss[0]))
	case p.meta.SendsIss:
		p.judge(IssReturned, step, false, "no iss, and the metadata says that it is sent")
	default:
		p.recordAt(step, IssReturned, verdict.Warn, "no iss, and the metadata does not promise it: a client of several servers cannot tell whose answer it is")
	}
}
