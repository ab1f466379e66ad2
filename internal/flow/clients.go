package flow

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"

	"jwt/internal/authclient"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// tryClients asks for tokens as other clients, and judges how a refusal is written.
func (p *provider) tryClients(ctx context.Context) error {
	if err := p.tryError(ctx); err != nil {
		return err
	}
	if !p.isConfidential() {
		p.inapplicable("the client has no secret", ClientAuthRequired, ClientSecretChecked)
	}
	others, err := p.others()
	if err != nil {
		return err
	}
	for _, o := range others {
		if !p.wants(o.id) {
			continue
		}
		form, err := p.tokenRequest(ctx, o.id)
		if err != nil {
			return err
		}
		if form == nil {
			continue
		}
		a, err := p.ask(ctx, o.name, form, o.who)
		if err != nil {
			return err
		}
		p.judgeRefused(a, o.id)
	}
	return nil
}

// An otherClient asks for tokens, and a rule says that it gets none.
type otherClient struct {
	id, name string
	who      identity
}

func (p *provider) others() ([]otherClient, error) {
	list := []otherClient{{UnknownClientRefused, "ask, an unknown client", p.unknown()}}
	if !p.isConfidential() {
		return list, nil
	}
	impostor, err := p.impostor()
	if err != nil {
		return nil, err
	}
	what := map[string]string{authclient.AuthKey: "key", authclient.AuthTLS: "certificate"}[impostor.ClientAuth]
	list = append(list, otherClient{ClientSecretChecked, "ask, a wrong " + cmp.Or(what, "secret"), impostor})
	return append(list, otherClient{ClientAuthRequired, "ask, no authentication", p.public(p.client.ClientID)}), nil
}

// tryOtherClient uses a code and a refresh token of the client as another client, which
// exists.
func (p *provider) tryOtherClient(ctx context.Context) error {
	rules := []string{CodeClientChecked, RefreshClientChecked}
	if p.client.Other == "" || p.client.Flow != FlowCode {
		p.inapplicable("no second client is known", rules...)
		return nil
	}
	other := p.public(p.client.Other)
	if p.wants(CodeClientChecked) {
		z := p.newAuthorization()
		code, err := p.newCode(ctx, z, CodeClientChecked)
		if err != nil {
			return err
		}
		if code != "" {
			a, err := p.ask(ctx, "redeem, another client", z.redeem(code), other)
			if err != nil {
				return err
			}
			p.judgeRefused(a, CodeClientChecked)
		}
	}
	if !p.wants(RefreshClientChecked) {
		return nil
	}
	f, a, err := p.run.login(ctx, "log in")
	switch {
	case err != nil:
		return err
	case f == nil:
		p.skipFor(a, "another login was refused: "+a.describe(), RefreshClientChecked)
		return nil
	case f.refresh == "":
		p.inapplicable(noRefreshToken, RefreshClientChecked)
		return nil
	}
	a, err = p.ask(ctx, "refresh, another client", refreshForm(f.refresh), other)
	if err != nil {
		return err
	}
	p.judgeRefused(a, RefreshClientChecked)
	return nil
}

// tokenRequest returns a token request that the right client gets tokens for. It returns nil
// for a flow that has no such request.
func (p *provider) tokenRequest(ctx context.Context, ids ...string) (url.Values, error) {
	switch p.client.Flow {
	case FlowClientCredentials:
		return url.Values{"grant_type": {"client_credentials"}}, nil
	case FlowCode:
		z := p.newAuthorization()
		code, err := p.newCode(ctx, z, ids...)
		if code == "" || err != nil {
			return nil, err
		}
		return z.redeem(code), nil
	}
	p.inapplicable("the flow "+p.client.Flow+" needs the user for each try", ids...)
	return nil, nil
}

// tryError presents an invented refresh token.
func (p *provider) tryError(ctx context.Context) error {
	if !p.wants(ErrorStatus) {
		return nil
	}
	a, err := p.ask(ctx, "refresh, an invented token", refreshForm(rand.Text()+rand.Text()), p.own)
	if err != nil {
		return err
	}
	status := a.notGranted()
	switch {
	case a.ok():
		status = verdict.Fail
	case status == verdict.Pass && !a.saysError:
		status = verdict.Fail
	case status == verdict.Pass && a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized:
		status = verdict.Warn
	}
	p.recordAnswer(a, ErrorStatus, status, a.describeGrant())
	return nil
}

// tryRevocation revokes an invented token.
func (p *provider) tryRevocation(ctx context.Context) error {
	if !p.wants(RevocationUnknown) {
		return nil
	}
	if p.meta.RevocationEndpoint == "" {
		p.inapplicable("the metadata names no revocation endpoint", RevocationUnknown)
		return nil
	}
	a, err := p.send(ctx, post{name: "revoke, an invented token", endpoint: p.meta.RevocationEndpoint, form: url.Values{"token": {rand.Text()}}, who: p.own})
	if err != nil {
		return err
	}
	if err := p.step("revoke, an invented token", a, ""); err != nil {
		return err
	}
	status := asFailure(a)
	if a.ok() {
		status = verdict.Pass
	}
	p.recordAnswer(a, RevocationUnknown, status, a.describe())
	return nil
}

// tryIntrospection asks for the state of tokens, with authorization and without. A client that
// cannot authenticate is authorized by its access token, if the server takes that (RFC 7662 §2.1).
func (p *provider) tryIntrospection(ctx context.Context) error {
	rules := []string{IntrospectionActive, IntrospectionInactive, IntrospectionAuth}
	if !p.wants(rules...) {
		return nil
	}
	if p.meta.IntrospectionEndpoint == "" {
		p.inapplicable("the metadata names no introspection endpoint", rules...)
		return nil
	}
	f, a, err := p.run.login(ctx, "log in")
	if err != nil {
		return err
	}
	if f == nil {
		p.skipFor(a, "another login was refused: "+a.describe(), rules...)
		return nil
	}
	a, _, err = p.introspect(ctx, post{name: "introspect, no authentication"}, f.access)
	if err != nil {
		return err
	}
	p.recordAnswer(a, IntrospectionAuth, a.refused(), a.describe())
	q := post{who: p.own}
	if !p.isConfidential() {
		q = post{bearer: f.access}
		if !slices.Contains(p.meta.IntrospectionAuthMethodsSupported, oauth.Bearer) {
			p.inapplicable("a client without a secret cannot authenticate", IntrospectionActive, IntrospectionInactive)
			return nil
		}
	}
	for _, c := range []struct{ id, name, token, want string }{
		{IntrospectionActive, "introspect", f.access, "true"},
		{IntrospectionInactive, "introspect, an invented token", rand.Text() + rand.Text(), "false"},
	} {
		q.name = c.name
		a, active, err := p.introspect(ctx, q, c.token)
		if err != nil {
			return err
		}
		status := asFailure(a)
		if a.ok() && active == c.want {
			status = verdict.Pass
		}
		p.recordAnswer(a, c.id, status, a.describe()+", active "+shownOr(active, "is missing"))
	}
	return nil
}

// introspect returns the member "active" of the answer as JSON.
func (p *provider) introspect(ctx context.Context, q post, token string) (answer, string, error) {
	q.endpoint, q.form = p.meta.IntrospectionEndpoint, url.Values{"token": {token}}
	a, err := p.send(ctx, q)
	if err != nil {
		return a, "", err
	}
	active, _ := a.members.Get("active")
	return a, string(active), p.step(q.name, a, "")
}
