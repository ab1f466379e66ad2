package flow

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"jwt/internal/dpop"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/jws"
	"jwt/internal/verdict"
)

// A prover makes DPoP proofs with one key.
type prover struct {
	key jwk.Key
	alg jwa.Algorithm
}

func newProver() (prover, error) {
	key, err := jwk.Generate("P-256", 0)
	alg, _ := jwa.Lookup("ES256")
	return prover{key, alg}, err
}

// tryDPoP asks for a token that is bound to a key, and uses it without the key.
func (p *provider) tryDPoP(ctx context.Context) error {
	rules := []string{DPoPBound, DPoPNeedsProof, DPoPKeyChecked, DPoPReplay, DPoPRefresh}
	if !p.wants(rules...) {
		return nil
	}
	if !slices.Contains(p.meta.DPoPAlgsSupported, "ES256") {
		p.inapplicable("the metadata does not announce DPoP with ES256", rules...)
		return nil
	}
	mine, err := newProver()
	if err != nil {
		return err
	}
	a, err := p.askBound(ctx, mine, rules)
	if err != nil || a.grant.AccessToken == "" {
		return err
	}
	if !p.judgeBinding(a, mine) {
		p.skip("the access token is not bound", DPoPNeedsProof, DPoPKeyChecked, DPoPReplay, DPoPRefresh)
		return nil
	}
	if err := p.tryBound(ctx, a.grant.AccessToken, mine); err != nil {
		return err
	}
	return p.tryBoundRefresh(ctx, a)
}

// askBound gets a bound token. The server may ask for a nonce first (RFC 9449 §8).
func (p *provider) askBound(ctx context.Context, mine prover, rules []string) (answer, error) {
	form, err := p.tokenRequest(ctx, rules...)
	if err != nil || form == nil {
		return answer{}, err
	}
	nonce := ""
	for range 2 {
		proof, err := dpop.Prove(dpop.Request{Method: http.MethodPost, URL: p.meta.TokenEndpoint, Nonce: nonce}, mine.key, mine.alg, p.Now())
		if err != nil {
			return answer{}, err
		}
		const name = "ask, with a DPoP proof"
		a, err := p.send(ctx, post{name: name, endpoint: p.meta.TokenEndpoint, form: form, who: p.own, proof: proof})
		if err != nil {
			return a, err
		}
		note := ""
		if a.granted() {
			p.families = append(p.families, &family{})
			note = p.take(p.families[len(p.families)-1], a)
		}
		if err := p.step(name, a, note); err != nil || a.granted() {
			return a, err
		}
		if code, _ := a.members.Text("error"); code != "use_dpop_nonce" {
			p.record(DPoPBound, asFailure(a), a.describeGrant())
			p.skipFor(a, "there is no bound token", DPoPNeedsProof, DPoPKeyChecked, DPoPReplay, DPoPRefresh)
			return answer{}, nil
		}
		nonce = a.header.Get(dpop.NonceHeader)
	}
	p.fail(DPoPBound, "a proof with the nonce of the server is refused for its nonce")
	p.skip("there is no bound token", DPoPNeedsProof, DPoPKeyChecked, DPoPReplay, DPoPRefresh)
	return answer{}, nil
}

// judgeBinding judges how an answer says that the token is bound.
func (p *provider) judgeBinding(a answer, mine prover) bool {
	kind, _ := a.members.Text("token_type")
	bound := boundTo(a.grant.AccessToken)
	switch {
	case p.failed(TokenTypeKnown):
		p.skip("the token_type of the server has no meaning", DPoPBound)
	case !strings.EqualFold(kind, dpop.Scheme):
		p.fail(DPoPBound, "token_type "+shownOr(kind, "is missing"))
	case isJWT(a.grant.AccessToken) && bound != mine.key.Thumbprint():
		p.fail(DPoPBound, "cnf.jkt "+shownOr(bound, "is missing"))
	default:
		p.pass(DPoPBound, "token_type "+kind)
		return true
	}
	return false
}

// boundTo returns the thumbprint of the key that a JWT is bound to, or "".
func boundTo(token string) string {
	t, err := jws.Parse(token)
	if err != nil {
		return ""
	}
	claims, err := jsonobject.Parse(t.Payload)
	if err != nil {
		return ""
	}
	v, _ := claims.Lookup("cnf.jkt")
	text, _ := v.Text()
	return text
}

// tryBound uses a bound token: with its key, as a control, without, and with another.
func (p *provider) tryBound(ctx context.Context, token string, mine prover) error {
	if p.resource == "" {
		p.inapplicable("there is no protected resource", DPoPNeedsProof, DPoPKeyChecked, DPoPReplay)
		return nil
	}
	control, proof, err := p.callBound(ctx, "call, with a DPoP proof", token, mine)
	if err != nil {
		return err
	}
	if !control.ok() {
		p.skipFor(control, "the resource takes no bound token: "+control.describe(), DPoPNeedsProof, DPoPKeyChecked, DPoPReplay)
		return nil
	}
	a, err := p.callWithProof(ctx, "call, with the same proof", token, proof)
	if err != nil {
		return err
	}
	if status := a.refused(); status == verdict.Fail {
		p.record(DPoPReplay, verdict.Warn, a.describe())
	} else {
		p.recordAnswer(a, DPoPReplay, status, a.describe())
	}
	a, err = p.call(ctx, "call, bound token", token, "without a proof, as a bearer token")
	if err != nil {
		return err
	}
	p.recordAnswer(a, DPoPNeedsProof, a.refused(), a.describe())
	other, err := newProver()
	if err != nil {
		return err
	}
	a, _, err = p.callBound(ctx, "call, with the proof of another key", token, other)
	if err != nil {
		return err
	}
	p.recordAnswer(a, DPoPKeyChecked, a.refused(), a.describe())
	return nil
}

// tryBoundRefresh refreshes without a proof. The refresh token of a client with a secret is
// bound to the client instead.
func (p *provider) tryBoundRefresh(ctx context.Context, bound answer) error {
	switch token := bound.grant.RefreshToken; {
	case p.isConfidential():
		p.inapplicable("the refresh token is bound to the client, which has a secret", DPoPRefresh)
	case token == "":
		p.inapplicable(noRefreshToken, DPoPRefresh)
	default:
		a, err := p.ask(ctx, "refresh, bound token", refreshForm(token), p.own)
		if err != nil {
			return err
		}
		p.judgeRefused(a, DPoPRefresh)
	}
	return nil
}

// callBound calls the protected resource with a bound token and a proof, which it returns.
// The resource may ask for a nonce first (RFC 9449 §9).
func (p *provider) callBound(ctx context.Context, name, token string, by prover) (a answer, proof string, err error) {
	nonce := ""
	for {
		proof, err = dpop.Prove(dpop.Request{Method: http.MethodGet, URL: p.resource, AccessToken: token, Nonce: nonce}, by.key, by.alg, p.Now())
		if err != nil {
			return a, "", err
		}
		if a, err = p.callWithProof(ctx, name, token, proof); err != nil {
			return a, proof, err
		}
		fresh := a.header.Get(dpop.NonceHeader)
		if a.status != http.StatusUnauthorized || nonce != "" || fresh == "" || !strings.Contains(a.header.Get("WWW-Authenticate"), "use_dpop_nonce") {
			return a, proof, nil
		}
		nonce = fresh
	}
}

// callWithProof calls the protected resource once.
func (p *provider) callWithProof(ctx context.Context, name, token, proof string) (answer, error) {
	a, err := p.patiently(ctx, name, func() answer {
		return p.request(ctx, func(ctx context.Context) (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.resource, nil)
			if err == nil {
				req.Header.Set("Authorization", dpop.Scheme+" "+token)
				req.Header.Set(dpop.Header, proof)
			}
			return req, err
		})
	})
	if err != nil {
		return a, err
	}
	return a, p.step(name, a, "")
}
