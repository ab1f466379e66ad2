package authclient

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// A Credential is what a login at an OAuth 2.0 server starts with, besides the client.
type Credential struct {
	User         string // of FlowPassword; else a hint for the login page
	Password     []byte
	SubjectToken string // of FlowExchange
	SubjectType  string // its type (RFC 8693 §3)
}

// A Dialog is how a login asks the user.
type Dialog struct {
	// Visit shows the URL of a login page, and may open it.
	Visit func(url string)
	// Enter shows where the user enters a code.
	Enter func(DeviceCode)
	// Paste returns the URL, or the code, that the user pastes.
	Paste func(ctx context.Context) (string, error)
}

// An Attempt is a login that got what it needs from the user, and can ask for tokens.
type Attempt struct {
	form      url.Values
	state     string // of the authorization request
	nonce     string // that the ID token must have; "" if none was sent
	requested time.Time

	interval, lapses time.Duration // of FlowDevice, from requested
}

// grantTypes has the grant type of each flow.
var grantTypes = map[string]string{
	FlowCode: "authorization_code", FlowPaste: "authorization_code", FlowDevice: "urn:ietf:params:oauth:grant-type:device_code",
	FlowClientCredentials: "client_credentials", FlowPassword: "password", FlowExchange: "urn:ietf:params:oauth:grant-type:token-exchange",
}

// Begin does the part of a login that comes before the token request: for some flows, the
// user's. It sends no credentials but the client's.
func (s *Client) Begin(ctx context.Context, c Credential, d Dialog) (*Attempt, error) {
	a := &Attempt{form: url.Values{"grant_type": {grantTypes[s.OAuth.Flow]}}, requested: s.Now()}
	switch s.OAuth.Flow {
	case FlowCode, FlowPaste:
		return a, s.authorize(ctx, a, c, d)
	case FlowDevice:
		return a, s.device(ctx, a, d)
	case FlowPassword:
		a.form.Set("username", c.User)
		a.form.Set("password", string(c.Password))
	case FlowExchange:
		a.form.Set("subject_token", c.SubjectToken)
		a.form.Set("subject_token_type", c.SubjectType)
	}
	s.OAuth.addParams(a.form)
	return a, nil
}

// Redeem asks for the tokens of an attempt. Its error is *Pending while the user of a device
// has not decided.
func (s *Client) Redeem(ctx context.Context, a *Attempt) (Grant, error) {
	r, err := s.post(ctx, "token endpoint", s.OAuth.Server.TokenEndpoint, a.form)
	if s.OAuth.Flow == FlowDevice && (verdict.ClassOf(err) == verdict.FetchFailed || err == nil && s.refuses(r)) {
		if err != nil {
			r = nil
		}
		if wait := a.pending(r, s.Now()); wait != nil {
			return Grant{}, wait
		}
	}
	if err != nil {
		return Grant{}, err
	}
	if s.refuses(r) {
		return Grant{}, s.refused(r)
	}
	g, err := s.grant(r)
	if err != nil {
		return Grant{}, err
	}
	return g, s.accept(ctx, &g, a)
}

// accept checks the answer to the token request of a login, and keeps what a session needs
// of it.
func (s *Client) accept(ctx context.Context, g *Grant, a *Attempt) error {
	o := s.OAuth
	if o.isBound() && !strings.EqualFold(g.Type, "DPoP") {
		return verdict.Errorf(verdict.FetchRefused, "the server gave a token of type %s that is not bound to the key, want DPoP", phrase.Short(cmp.Or(g.Type, "Bearer"))).
			Hintf("the server may not support DPoP (RFC 9449): leave out --dpop")
	}
	o.Granted = cmp.Or(g.Scope, o.Scope)
	switch {
	case g.IDToken == "" && o.IsOpenID() && (o.Flow == FlowCode || o.Flow == FlowPaste):
		return verdict.Errorf(verdict.FetchRefused, "the scope openid was requested, and the answer has no ID token").
			Hintf("if the server is not an OpenID provider: --preset oauth2, or --scope without openid")
	case g.IDToken == "":
		return nil
	}
	subject, err := s.verifyIDToken(ctx, g, a)
	if err != nil {
		return err
	}
	o.Subject, o.IDToken = subject, g.IDToken
	return nil
}

// renew asks for the tokens that a session can have without a refresh token.
func (s *Client) renew(ctx context.Context) (*reply, error) {
	form := url.Values{"grant_type": {grantTypes[s.OAuth.Flow]}}
	s.OAuth.addParams(form)
	return s.post(ctx, "token endpoint", s.OAuth.Server.TokenEndpoint, form)
}

// refreshReply asks for new tokens.
func (s *Client) refreshReply(ctx context.Context, h Tokens) (*reply, error) {
	switch {
	case s.OAuth == nil:
		return s.do(ctx, s.Preset.Refresh, h.values())
	case h.RefreshToken == "":
		return s.renew(ctx)
	}
	form := url.Values{"grant_type": {oauth.GrantRefreshToken}, "refresh_token": {h.RefreshToken}}
	for _, r := range s.OAuth.Resources { // without it some servers issue a token for themselves
		form.Add("resource", r)
	}
	return s.post(ctx, "token endpoint", s.OAuth.Server.TokenEndpoint, form)
}

// keepAnswer keeps what the answer to a refresh says besides the tokens. An ID token must be
// about the same user (OpenID Connect Core §12.2). It comes from the token endpoint itself, so
// its signature is not checked again (§3.1.3.7 step 6).
func (s *Client) keepAnswer(g Grant, r *reply) error {
	o := s.OAuth
	if o != nil && g.Scope != "" {
		o.Granted = g.Scope
	}
	if o == nil || g.IDToken == "" || o.Subject == "" {
		return nil
	}
	var claims jsonobject.Object
	token, err := o.opened(g.IDToken)
	if err == nil {
		claims, err = idClaims(token)
	}
	if err != nil {
		return verdict.Errorf(verdict.FetchRefused, "%s: the ID token: %w", httpclient.Show(r.url), err)
	}
	for _, c := range []struct{ name, want string }{{"iss", o.Server.Issuer}, {"sub", o.Subject}} {
		if got, _ := claims.Text(c.name); got != c.want {
			return verdict.Errorf(verdict.FetchRefused, "%s: the ID token of the refresh has another %s than that of the login", httpclient.Show(r.url), c.name).
				Hintf("the tokens may be those of another user: they are not used; log in again")
		}
	}
	o.IDToken = g.IDToken
	return nil
}
