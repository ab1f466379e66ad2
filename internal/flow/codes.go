package flow

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/loopback"
	"jwt/internal/verdict"
)

// attacker is a host that cannot exist (RFC 2606).
const attacker = "attacker.example"

// tryAuthorize judges the login page itself, as a new visitor from another site gets it.
func (p *provider) tryAuthorize(ctx context.Context) error {
	if !p.needsCode(LoginPageFraming, AuthorizeNoCORS) {
		return nil
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	kept := p.cookies
	defer func() { p.cookies = kept }()
	p.cookies = jar
	address, a, err := p.address(ctx, p.newAuthorization())
	allowed := ""
	if err == nil && address != "" {
		a, allowed, err = p.openFromElsewhere(ctx, address)
	}
	if err != nil {
		return err
	}
	if a.refused() == verdict.Skip {
		p.skipFor(a, a.describe(), LoginPageFraming, AuthorizeNoCORS)
		return nil
	}
	p.judge(AuthorizeNoCORS, len(p.report.Steps), allowed == "", strings.TrimSpace("Access-Control-Allow-Origin "+shownOr(allowed, "is not there")))
	if !a.ok() {
		p.inapplicable("the authorization endpoint shows no page: "+a.describe(), LoginPageFraming)
		return nil
	}
	framing := a.header.Get("X-Frame-Options")
	if policy := strings.Join(a.header.Values("Content-Security-Policy"), "; "); strings.Contains(policy, "frame-ancestors") {
		framing = "frame-ancestors"
	}
	p.judge(LoginPageFraming, len(p.report.Steps), framing != "", shownOr(framing, "neither header"))
	return nil
}

// openFromElsewhere requests a page as a script of another site does, through redirects of
// the server. It also returns the sites that an answer allows to read it.
func (p *provider) openFromElsewhere(ctx context.Context, address string) (a answer, allowed string, err error) {
	for range maxPages {
		a, err = p.openOne(ctx, "the login page, from another site", func(ctx context.Context) (*http.Request, error) {
			req, err := getting(address)(ctx)
			if err == nil {
				req.Header.Set("Origin", "https://"+attacker)
			}
			return req, err
		})
		allowed = cmp.Or(allowed, a.header.Get("Access-Control-Allow-Origin"))
		to := location(a)
		if err != nil || to == nil || httpclient.Origin(to) != httpclient.Origin(a.at) {
			return a, allowed, err
		}
		address = to.String()
	}
	return a, allowed, nil
}

// needsCode reports whether one of the rules is selected and can be judged, which takes a flow
// with a login page.
func (p *provider) needsCode(ids ...string) bool {
	if p.client.Flow != FlowCode {
		p.inapplicable("the flow "+p.client.Flow+" has no code", ids...)
		return false
	}
	return p.wants(ids...)
}

// tryRedirects asks for codes at redirect URIs that the client does not have.
func (p *provider) tryRedirects(ctx context.Context) error {
	if !p.needsCode(RedirectPathRefused, RedirectPrefixRefused, RedirectPortRefused) {
		return nil
	}
	u, err := url.Parse(p.client.Redirect)
	if err != nil {
		return err
	}
	local := loopback.Host(u.Hostname())
	path, port, host := *u, *u, *u
	path.Path, port.Host, host.Host = "/other-"+strings.ToLower(rand.Text()[:8]), u.Hostname()+":8444", u.Hostname()+"."+attacker
	for _, rule := range []struct {
		id   string
		uris []string
	}{
		{RedirectPathRefused, []string{path.String()}},
		{RedirectPrefixRefused, []string{host.String(), p.client.Redirect + "/more"}},
		{RedirectPortRefused, []string{port.String()}},
	} {
		if rule.id == RedirectPortRefused && local {
			p.inapplicable("the port of a redirect URI on loopback may vary", rule.id)
			continue
		}
		if rule.id == RedirectPrefixRefused && p.results[RedirectPathRefused].Step > 0 {
			rule.uris = rule.uris[:1] // any path is accepted
		}
		if err := p.tryRedirect(ctx, rule.id, rule.uris); err != nil {
			return err
		}
	}
	return nil
}

func (p *provider) tryRedirect(ctx context.Context, id string, uris []string) error {
	if !p.wants(id) {
		return nil
	}
	worst, said, step := verdict.Pass, "", 0
	for _, uri := range uris {
		z := p.newAuthorization()
		z.query.Set("redirect_uri", uri)
		g, err := p.open(ctx, "authorize, for "+uri, z)
		if err != nil {
			return err
		}
		status, actual := g.refused()
		if g.params != nil {
			status, actual = verdict.Fail, "it redirects to "+uri
			if u, err := url.Parse(uri); err == nil && loopback.Host(u.Hostname()) {
				status, actual = verdict.Warn, actual+", which any program on the machine can serve anyway"
			}
		}
		if said == "" || worse(status, worst) {
			worst, said, step = status, actual, len(p.report.Steps)
		}
	}
	p.recordAt(step, id, worst, said)
	return nil
}

// tryCodes asks for codes, and redeems them in ways that must be refused.
func (p *provider) tryCodes(ctx context.Context) error {
	for _, part := range []func(context.Context) error{p.tryPlain, p.tryWithoutChallenge, p.tryVerifiers, p.tryCodeTwice} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tryPlain asks for a code with the challenge in the clear.
func (p *provider) tryPlain(ctx context.Context) error {
	if !p.needsCode(PKCEPlainRefused) {
		return nil
	}
	z := p.newAuthorization()
	z.query.Set("code_challenge", z.verifier)
	z.query.Set("code_challenge_method", "plain")
	g, err := p.authorize(ctx, "authorize, plain challenge", z)
	if err != nil {
		return err
	}
	status, said := g.refused()
	p.recordAnswer(g.answer, PKCEPlainRefused, status, said)
	return nil
}

// tryWithoutChallenge asks for a code without a challenge, and redeems it as an attacker
// does who injected it into a client that uses PKCE.
func (p *provider) tryWithoutChallenge(ctx context.Context) error {
	if !p.needsCode(PKCERequired, PKCEDowngradeRefused) {
		return nil
	}
	z := p.newAuthorization()
	z.query.Del("code_challenge")
	z.query.Del("code_challenge_method")
	g, err := p.authorize(ctx, "authorize, no challenge", z)
	if err != nil {
		return err
	}
	status, said := g.refused()
	if err := p.judgeChallenge(ctx, z, g); err != nil {
		return err
	}
	if g.code() == "" {
		p.recordAnswer(g.answer, PKCEDowngradeRefused, status, said)
		return nil
	}
	a, err := p.ask(ctx, "redeem, an unexpected verifier", z.redeem(g.code()), p.own)
	if err != nil {
		return err
	}
	p.judgeRefused(a, PKCEDowngradeRefused)
	return nil
}

// judgeChallenge judges that a public client needs a challenge: the client, or else the other
// one.
func (p *provider) judgeChallenge(ctx context.Context, z authorization, g page) error {
	if p.isConfidential() && p.client.Other != "" {
		z = z.with("client_id", p.client.Other)
		var err error
		if g, err = p.authorize(ctx, "authorize, a public client, no challenge", z); err != nil {
			return err
		}
	}
	if g.code() != "" && p.isConfidential() && p.client.Other == "" {
		p.inapplicable("a client with a secret may do without", PKCERequired)
		return nil
	}
	status, said := g.refused()
	p.recordAnswer(g.answer, PKCERequired, status, said)
	return nil
}

// tryVerifiers redeems codes without their verifier or redirect URI.
func (p *provider) tryVerifiers(ctx context.Context) error {
	for _, c := range []struct {
		id, name string
		change   func(url.Values)
	}{
		{PKCEVerifierRequired, "redeem, no verifier", func(form url.Values) { form.Del("code_verifier") }},
		{PKCEVerifierChecked, "redeem, another verifier", func(form url.Values) { form.Set("code_verifier", p.newAuthorization().verifier) }},
		{CodeRedirectChecked, "redeem, another redirect URI", func(form url.Values) { form.Set("redirect_uri", "https://"+attacker+"/") }},
	} {
		if !p.needsCode(c.id) {
			continue
		}
		z := p.newAuthorization()
		code, err := p.newCode(ctx, z, c.id)
		if err != nil {
			return err
		}
		if code == "" {
			continue
		}
		form := z.redeem(code)
		c.change(form)
		a, err := p.ask(ctx, c.name, form, p.own)
		if err != nil {
			return err
		}
		p.judgeRefused(a, c.id)
	}
	return nil
}

// newCode gets a code. Without one, the rules are skipped.
func (p *provider) newCode(ctx context.Context, z authorization, ids ...string) (string, error) {
	g, err := p.authorize(ctx, "authorize", z)
	if err != nil {
		return "", err
	}
	if g.code() == "" {
		_, said := g.refused()
		p.skipFor(g.answer, "there is no code: "+said, ids...)
	}
	return g.code(), nil
}

// tryCodeTwice redeems a code twice, and then refreshes with what it gave first.
func (p *provider) tryCodeTwice(ctx context.Context) error {
	if !p.needsCode(CodeOnce, CodeReuseRevokes) {
		return nil
	}
	z := p.newAuthorization()
	code, err := p.newCode(ctx, z, CodeOnce, CodeReuseRevokes)
	if err != nil || code == "" {
		return err
	}
	first, err := p.ask(ctx, "redeem", z.redeem(code), p.own)
	if err != nil {
		return err
	}
	if !first.granted() {
		p.skipFor(first, "a code is not redeemed: "+first.describeGrant(), CodeOnce, CodeReuseRevokes)
		return nil
	}
	f := p.families[len(p.families)-1]
	again, err := p.ask(ctx, "redeem, the same code", z.redeem(code), p.own)
	if err != nil {
		return err
	}
	p.judgeRefused(again, CodeOnce)
	switch {
	case p.results[CodeOnce].Status != verdict.Pass:
		p.skip("the second use is not refused", CodeReuseRevokes)
		return nil
	case f.refresh == "":
		p.inapplicable(noRefreshToken, CodeReuseRevokes)
		return nil
	}
	a, err := p.run.refresh(ctx, "refresh, after the second use", f, f.refresh)
	if err != nil {
		return err
	}
	p.judgeRefused(a, CodeReuseRevokes)
	if !a.granted() {
		p.ended(f, "revoked", a.began)
	}
	return nil
}
