package flow

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A post is a request to an endpoint that answers in JSON.
type post struct {
	name, endpoint string
	form           url.Values
	who            identity
	proof          string // of DPoP; "" without
	bearer         string // an access token in place of who; "" without
}

// send makes the request. Tokens of the answer are in its grant.
func (p *provider) send(ctx context.Context, q post) (answer, error) {
	a, err := p.patiently(ctx, q.name, func() answer { return p.sendOnce(ctx, q) })
	if err == nil && p.confirmAudience(q, a) {
		return p.patiently(ctx, q.name, func() answer { return p.sendOnce(ctx, q) })
	}
	return a, err
}

// sendOnce may run several times at once: it changes nothing that is shared.
func (p *provider) sendOnce(ctx context.Context, q post) answer {
	ctx, shown := p.showing(ctx, q.who)
	a := p.request(ctx, func(ctx context.Context) (*http.Request, error) {
		form, h := url.Values{}, http.Header{}
		for name, values := range q.form {
			form[name] = values
		}
		if q.who != nil {
			if err := q.who.Authenticate(form, h, p.audience(q.endpoint), p.Now()); err != nil {
				return nil, err
			}
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.endpoint, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		if q.bearer != "" {
			h.Set("Authorization", "Bearer "+q.bearer)
		}
		if q.proof != "" {
			h.Set("DPoP", q.proof)
		}
		req.Header = h
		req.Close = true // on a connection that the server closes meanwhile the request would be lost, and it may not be sent twice
		return req, nil
	})
	a.shutOut = shown.refused
	body, err := jsonobject.Parse(a.body)
	if err != nil {
		return a
	}
	a.members = body
	_, a.saysError = body.Text("error")
	if !a.ok() || q.endpoint != p.meta.TokenEndpoint {
		return a
	}
	a.grant = grantOf(body, a.began)
	return a
}

// grantOf reads the tokens of an answer. The rules judge how it is written.
func grantOf(body jsonobject.Object, obtained time.Time) authclient.Grant {
	access, _ := body.Text("access_token")
	refresh, _ := body.Text("refresh_token")
	g := authclient.Grant{AccessToken: access, RefreshToken: refresh, Obtained: obtained}
	v, _ := body.Get("expires_in")
	if n, err := strconv.ParseFloat(strings.Trim(string(v), `"`), 64); err == nil && n > 0 && n < 1<<31 {
		g.AccessExpires = obtained.Add(time.Duration(n) * time.Second)
	}
	return g
}

// ask makes a token request, and adds it to the report. Tokens of its answer begin a new
// family, unless it has none.
func (p *provider) ask(ctx context.Context, name string, form url.Values, who identity) (answer, error) {
	a, err := p.send(ctx, post{name: name, endpoint: p.meta.TokenEndpoint, form: form, who: who})
	if err != nil {
		return a, err
	}
	note := ""
	if a.granted() {
		f := &family{}
		p.families = append(p.families, f)
		note = p.take(f, a)
		p.judgeAnswer(a)
	}
	return a, p.step(name, a, note)
}

// login begins a session by the flow.
func (p *provider) login(ctx context.Context, name string) (answer, error) {
	var form url.Values
	switch p.client.Flow {
	case FlowClientCredentials:
		form = url.Values{"grant_type": {"client_credentials"}}
		if p.client.Scope != "" {
			form.Set("scope", p.client.Scope)
		}
	case FlowDevice:
		return p.loginByDevice(ctx, name)
	default:
		z := p.newAuthorization()
		page, err := p.authorize(ctx, name, z)
		if err != nil || page.code() == "" {
			return page.withoutCode(), err
		}
		p.asked = z
		p.judgeResponse(page, z)
		form = z.redeem(page.code())
	}
	a, err := p.send(ctx, post{name: name, endpoint: p.meta.TokenEndpoint, form: form, who: p.own})
	return p.judgeLogin(a), err
}

// judgeLogin judges the answer that ends a login.
func (p *provider) judgeLogin(a answer) answer {
	switch {
	case a.granted():
		p.judgeAnswer(a)
		p.judgeIDToken(a)
	case a.err == nil:
		a.err = verdict.Errorf(verdict.LoginRefused, "%s: the server gives no tokens: %s", a.url, a.describeGrant())
	}
	if step := len(p.report.Steps) + 1; p.client.Flow == FlowClientCredentials && a.granted() {
		if a.grant.RefreshToken == "" {
			p.judge(NoRefreshForClient, step, true, "no refresh_token")
		} else {
			p.judge(NoRefreshForClient, step, false, "a refresh_token")
		}
	}
	return a
}

func (p *provider) refresh(ctx context.Context, token string) answer {
	return p.sendOnce(ctx, post{endpoint: p.meta.TokenEndpoint, form: refreshForm(token), who: p.own})
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {token}}
}

// logout revokes the refresh token, or else the access token (RFC 7009 §2.1).
func (p *provider) logout(ctx context.Context, f *family) answer {
	form := url.Values{"token": {f.refresh}, "token_type_hint": {"refresh_token"}}
	if f.refresh == "" || p.client.Flow == FlowClientCredentials { // which should give no refresh token
		form = url.Values{"token": {f.access}, "token_type_hint": {"access_token"}}
	}
	return p.sendOnce(ctx, post{endpoint: p.meta.RevocationEndpoint, form: form, who: p.own})
}

// judgeAnswer judges how an answer with tokens is written.
func (p *provider) judgeAnswer(a answer) {
	step := len(p.report.Steps) + 1
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	p.judge(TokenMediaType, step, err == nil && kind == "application/json", shownOr(a.header.Get("Content-Type"), "no Content-Type"))
	text, _ := a.members.Text("token_type")
	known := strings.EqualFold(text, "Bearer") || strings.EqualFold(text, "DPoP")
	p.judge(TokenTypeKnown, step, known, shownOr(text, "no token_type"))
	v, given := a.members.Get("expires_in")
	switch {
	case !given:
		p.inapplicable("no answer has expires_in, which is optional", ExpiresInNumber)
	default:
		p.judge(ExpiresInNumber, step, v.Kind() == '0' && !strings.ContainsAny(string(v), ".eE-"), phrase.Short(string(v)))
	}
}

// judge records a rule that every answer of a kind must keep: the first that breaks it
// decides.
func (p *provider) judge(id string, step int, kept bool, actual string) {
	status := verdict.Pass
	if !kept {
		status = verdict.Fail
	}
	if !p.failed(id) {
		p.recordAt(step, id, status, actual)
	}
}

// judgeRefused records a rule that one refused token request decides.
func (p *provider) judgeRefused(a answer, id string) {
	p.recordAnswer(a, id, a.notGranted(), a.describeGrant())
}

// shownOr returns a text of the server for display, or otherwise if the text is empty.
func shownOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return phrase.Short(text)
}
