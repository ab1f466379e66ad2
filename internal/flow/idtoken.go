package flow

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
	"jwt/internal/jws"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/profile"
	"jwt/internal/verdict"
)

// idTokenRules need an ID token.
var idTokenRules = []string{IDTokenAlg, IDTokenSignature, IDTokenIssuer, IDTokenAudience, IDTokenNonce, IDTokenAtHash, IDTokenTimes, UserinfoSubject}

// judgeIDToken judges the ID token of the first login.
func (p *provider) judgeIDToken(a answer) {
	if p.idToken != "" || p.results[IDTokenGiven].Status != "" {
		return
	}
	step := len(p.report.Steps) + 1
	text, _ := a.members.Text("id_token")
	if text == "" {
		p.judge(IDTokenGiven, step, false, "no id_token")
		p.skip("there is no ID token", idTokenRules...)
		return
	}
	p.judge(IDTokenGiven, step, true, "id_token")
	p.idToken = text
	p.tokens.add("id", "I", text, a.began, time.Time{})
	token, err := jws.Parse(text)
	if err != nil {
		p.recordAt(step, IDTokenSignature, verdict.Fail, err.Error())
		p.skip("the ID token is not a signed token", slices.DeleteFunc(slices.Clone(idTokenRules), func(id string) bool { return id == IDTokenSignature })...)
		return
	}
	p.judgeIDSignature(token, step)
	claims, err := jwt.ParseClaims(token.Payload)
	if err != nil {
		p.skip("the claims of the ID token are not a JSON object", IDTokenIssuer, IDTokenAudience, IDTokenNonce, IDTokenAtHash, IDTokenTimes, UserinfoSubject)
		return
	}
	p.judgeIDClaims(token, claims, a, step)
}

func (p *provider) judgeIDSignature(token jws.Token, step int) {
	alg, _ := token.Alg()
	announced := p.meta.IDTokenAlgsSupported
	good := alg != "" && !strings.EqualFold(alg, "none") && (len(announced) == 0 || slices.Contains(announced, alg))
	actual := "alg " + shownOr(alg, "is missing")
	if !good && len(announced) > 0 {
		actual += ", announced are " + phrase.Short(strings.Join(announced, " "))
	}
	p.judge(IDTokenAlg, step, good, actual)
	switch {
	case !good:
		p.skip("its alg is not one of the server's", IDTokenSignature)
	case strings.HasPrefix(alg, "HS"):
		p.inapplicable("the ID token is signed with the secret of the client", IDTokenSignature)
	case len(p.keys) == 0:
		p.recordAt(step, IDTokenSignature, verdict.Fail, "the server publishes no usable key")
	default:
		if _, _, err := token.Verify(p.keys, nil); err != nil {
			p.recordAt(step, IDTokenSignature, verdict.Fail, err.Error())
			return
		}
		p.recordAt(step, IDTokenSignature, verdict.Pass, "verified under a published key")
	}
}

func (p *provider) judgeIDClaims(token jws.Token, claims jsonobject.Object, a answer, step int) {
	text := func(name string) string { s, _ := claims.Text(name); return s }
	p.judge(IDTokenIssuer, step, p.isIssuer(text("iss")), shownOr(text("iss"), "no iss"))
	aud, _ := claims.Get("aud")
	audiences, ok := aud.Texts()
	if one, single := aud.Text(); single {
		audiences, ok = []string{one}, true
	}
	p.judge(IDTokenAudience, step, ok && slices.Contains(audiences, p.client.ClientID), shownOr(strings.Join(audiences, " "), "no aud"))

	switch sent := p.asked.query.Get("nonce"); {
	case sent == "":
		p.inapplicable("the request had no nonce", IDTokenNonce)
	case text("nonce") == sent:
		p.judge(IDTokenNonce, step, true, "the same")
	default:
		p.judge(IDTokenNonce, step, false, shownOr(text("nonce"), "no nonce"))
	}
	p.judgeAtHash(token, text("at_hash"), a.grant.AccessToken, step)
	p.judgeIDTimes(claims, step)
}

// judgeAtHash compares at_hash with the access token (OpenID Connect Core §3.1.3.6).
func (p *provider) judgeAtHash(token jws.Token, hash, access string, step int) {
	name, _ := token.Alg()
	alg, _ := jwa.Lookup(name)
	curve := ""
	if name == "EdDSA" || name == "Ed25519" {
		curve = "Ed25519" // as nearly every server with the older name has
	}
	want, hashed := profile.LeftHalf(alg, curve, access)
	switch {
	case hash == "":
		p.inapplicable("the ID token has no at_hash, which is optional", IDTokenAtHash)
	case !hashed:
		p.inapplicable("no hash is defined for "+phrase.Short(name), IDTokenAtHash)
	default:
		p.judge(IDTokenAtHash, step, hash == want, "at_hash "+phrase.Short(hash))
	}
}

func (p *provider) judgeIDTimes(claims jsonobject.Object, step int) {
	const skew = 5 * time.Minute
	iat, hasIat := dateOf(claims, "iat")
	exp, hasExp := dateOf(claims, "exp")
	now := p.Now()
	switch {
	case !hasIat || !hasExp:
		p.judge(IDTokenTimes, step, false, "no iat or no exp")
	case iat.After(now.Add(skew)) || iat.Before(now.Add(-skew)):
		p.judge(IDTokenTimes, step, false, "iat is "+iat.UTC().Format(time.RFC3339))
	default:
		p.judge(IDTokenTimes, step, exp.After(now.Add(-skew)) && exp.After(iat), "exp is "+exp.UTC().Format(time.RFC3339))
	}
}

func dateOf(claims jsonobject.Object, name string) (time.Time, bool) {
	v, _ := claims.Get(name)
	d, ok := jwt.ParseNumericDate(v)
	if !ok {
		return time.Time{}, false
	}
	return d.Time()
}

// tryUserinfo compares the subject of userinfo with that of the ID token.
func (p *provider) tryUserinfo(ctx context.Context, f *family) error {
	if p.idToken == "" || !p.wants(UserinfoSubject) || p.skipped(UserinfoSubject) {
		return nil
	}
	if p.meta.UserinfoEndpoint == "" {
		p.inapplicable("the metadata names no userinfo endpoint", UserinfoSubject)
		return nil
	}
	a, err := p.patiently(ctx, "userinfo", func() answer {
		return p.request(ctx, func(ctx context.Context) (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.meta.UserinfoEndpoint, nil)
			if err == nil {
				req.Header.Set("Authorization", "Bearer "+f.access)
			}
			return req, err
		})
	})
	if err != nil {
		return err
	}
	if err := p.step("userinfo", a, ""); err != nil {
		return err
	}
	said, err := jsonobject.Parse(a.body)
	sub, _ := said.Text("sub")
	switch {
	case !a.ok() || err != nil: // a signed answer, or none: bearer-accepted judges that
		p.inapplicable("userinfo gives no JSON: "+a.describe(), UserinfoSubject)
	case sub != p.subject():
		p.fail(UserinfoSubject, shownOr(sub, "no sub"))
	default:
		p.pass(UserinfoSubject, "the same")
	}
	return nil
}

// subject returns the subject of the ID token.
func (p *provider) subject() string {
	token, err := jws.Parse(p.idToken)
	if err != nil {
		return ""
	}
	claims, err := jwt.ParseClaims(token.Payload)
	if err != nil {
		return ""
	}
	sub, _ := claims.Text("sub")
	return sub
}
