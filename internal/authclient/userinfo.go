package authclient

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"jwt/internal/dpop"
	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/oauth"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// userinfo asks who the user of the access token is.
func (s *Client) userinfo(ctx context.Context, h Tokens, accept string) (*reply, error) {
	if s.OAuth == nil {
		return s.do(ctx, s.Preset.Userinfo, h.values())
	}
	return s.call(ctx, http.MethodGet, "userinfo endpoint", s.OAuth.Server.UserinfoEndpoint, h.AccessToken, nil, accept)
}

// Whoami returns what the server says about the user of the access token. Its "sub" must be
// that of the ID token: an attacker could otherwise have given the token of another user
// (OpenID Connect Core §5.3.2).
func (s *Client) Whoami(ctx context.Context, h Tokens) (jsonobject.Object, error) {
	if s.OAuth == nil && s.Preset.Userinfo.Path == "" {
		return jsonobject.Object{}, verdict.Errorf(verdict.FetchFailed, "the preset %s has no userinfo step", s.Preset.Name)
	}
	r, err := s.userinfo(ctx, h, "application/json, application/jwt")
	if err != nil {
		return jsonobject.Object{}, err
	}
	if s.refuses(r) {
		return jsonobject.Object{}, s.refusesAccess(r)
	}
	claims, err := s.userClaims(ctx, r)
	if err != nil {
		return jsonobject.Object{}, err
	}
	if s.OAuth == nil || s.OAuth.Subject == "" {
		return claims, nil
	}
	if sub, _ := claims.Text("sub"); sub != s.OAuth.Subject {
		return jsonobject.Object{}, verdict.Errorf(verdict.SubMismatch, "%s: sub: is %s, and the ID token says %s", httpclient.Show(r.url), phrase.Quote(sub), phrase.Quote(s.OAuth.Subject)).
			Hintf("the answer is about another user than the one who logged in: it is not shown")
	}
	return claims, nil
}

// IsUnauthorized reports whether the error is that of an answer with status 401.
func IsUnauthorized(err error) bool {
	var said *oauth.Error
	return errors.As(err, &said) && said.Status == http.StatusUnauthorized
}

// refusesAccess returns the error of a refused call with the access token.
func (s *Client) refusesAccess(r *reply) error {
	e := r.refusal(verdict.FetchFailed)
	if ChallengeOf(r.header)["error"] == "insufficient_scope" {
		e.Hintf("the access token has the scope %q: log in with --scope 'openid …'", s.OAuth.Granted)
	}
	return e
}

// userClaims reads the claims in an answer, which may be signed (§5.3.2).
func (s *Client) userClaims(ctx context.Context, r *reply) (jsonobject.Object, error) {
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	if kind == "application/jwt" && s.OAuth != nil {
		claims, err := s.verified(ctx, string(r.body), verify.Policy{Policy: s.idPolicy(), Diagnosis: &verify.Diagnosis{Off: true}})
		if err != nil {
			return claims, verdict.Errorf(verdict.ClassOf(err), "%s: %w", httpclient.Show(r.url), err)
		}
		return claims, nil
	}
	claims, err := jsonobject.Parse(r.body)
	if err != nil {
		return claims, verdict.Errorf(verdict.FetchFailed, "%s: the answer is not a JSON object: %w", httpclient.Show(r.url), err)
	}
	return claims, nil
}

// Introspect returns what the server says about the access token, or about the refresh token (RFC
// 7662). A public client is authorized by the access token, where the server takes that (§2.1).
func (s *Client) Introspect(ctx context.Context, h Tokens, refresh bool) (jsonobject.Object, error) {
	if s.OAuth == nil {
		return jsonobject.Object{}, verdict.Errorf(verdict.Usage, "the session was not made at an OAuth 2.0 server: nothing says where to ask").Hintf("jwt session whoami")
	}
	if s.OAuth.Server.IntrospectionEndpoint == "" {
		return jsonobject.Object{}, verdict.Errorf(verdict.FetchFailed, "the server has no introspection endpoint (RFC 7662)").Hintf("jwt session token | jwt inspect shows what the token itself says")
	}
	form := url.Values{"token": {h.AccessToken}, "token_type_hint": {"access_token"}}
	if refresh {
		form = url.Values{"token": {h.RefreshToken}, "token_type_hint": {"refresh_token"}}
	}
	const name = "introspection endpoint"
	byToken := s.OAuth.introspectsByToken()
	var r *reply
	var err error
	if byToken {
		r, err = s.call(ctx, http.MethodPost, name, s.OAuth.Server.IntrospectionEndpoint, h.AccessToken, form, "application/json")
	} else {
		r, err = s.post(ctx, name, s.OAuth.Server.IntrospectionEndpoint, form)
	}
	switch {
	case err != nil:
		return jsonobject.Object{}, err
	case byToken && ChallengeOf(r.header)["error"] == "invalid_token" && !refresh:
		return jsonobject.Parse([]byte(`{"active":false}`)) // the server says so of the token that authorizes the question
	case s.refuses(r):
		return jsonobject.Object{}, s.refusesIntrospection(r, byToken)
	}
	answer, err := jsonobject.Parse(r.body)
	if v, _ := answer.Get("active"); err != nil || v.Kind() != 't' && v.Kind() != 'f' {
		return answer, verdict.Errorf(verdict.FetchFailed, "%s: the answer does not say whether the token is active", httpclient.Show(r.url))
	}
	return answer, nil
}

// introspectsByToken reports whether the client cannot authenticate, and the server takes an
// access token instead. The metadata names its type (RFC 8414 §2).
func (o *OAuth) introspectsByToken() bool {
	scheme := oauth.Bearer
	if o.isBound() {
		scheme = dpop.Scheme
	}
	return o.ClientAuth == AuthNone && slices.Contains(o.Server.IntrospectionAuthMethodsSupported, scheme)
}

func (s *Client) refusesIntrospection(r *reply, byToken bool) error {
	e := r.refusal(verdict.FetchFailed)
	switch {
	case r.status != http.StatusUnauthorized && r.status != http.StatusForbidden:
	case byToken:
		e.Hintf("the access token authorizes the question, and is refused: jwt session refresh")
	case s.OAuth.ClientAuth == AuthNone:
		e.Hintf("most servers answer only clients that authenticate (RFC 7662 §2.1): jwt session token | jwt inspect shows what the token itself says")
	}
	return e
}
