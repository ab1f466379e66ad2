package authclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// post sends a form to an endpoint of the server, with the identity of the client. It sends
// the form once more if the server wants another DPoP nonce (RFC 9449 §8) or refuses the
// audience of the client's assertion: neither request had any effect.
func (s *Client) post(ctx context.Context, name, endpointURL string, form url.Values) (*reply, error) {
	u, err := endpoint(name, endpointURL, s.OAuth.Server.Issuer)
	if err != nil {
		return nil, err
	}
	audiences := s.OAuth.assertionAudiences(endpointURL)
	used := s.OAuth.nonce(u)
	r, err := s.postOnce(ctx, u, form, audiences[0])
	if err == nil && r.wantsNonce() && s.OAuth.nonce(u) != used {
		r, err = s.postOnce(ctx, u, form, audiences[0])
	}
	if err == nil && len(audiences) > 1 && s.OAuth.ClientAuth == AuthKey && r.said().Code == oauth.InvalidClient {
		other, otherErr := s.postOnce(ctx, u, form, audiences[1])
		if otherErr == nil && other.said().Code != oauth.InvalidClient {
			s.OAuth.Assertion = audiences[1]
			return other, nil
		}
	}
	return r, err
}

// assertionAudiences returns the values of "aud" for a request to an endpoint, the likeliest
// first: the issuer, or the endpoint itself. An assertion for one endpoint is never sent to
// another, which could use it there.
func (o *OAuth) assertionAudiences(endpointURL string) []string {
	all := []string{o.Server.Issuer, endpointURL}
	if o.Assertion == endpointURL || o.Server.Issuer == "" {
		slices.Reverse(all)
	}
	return slices.DeleteFunc(all, func(a string) bool { return a == "" })
}

// postOnce sends the form.
func (s *Client) postOnce(ctx context.Context, u *url.URL, form url.Values, audience string) (*reply, error) {
	header := http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "User-Agent": {s.UserAgent},
	}
	full := url.Values{}
	for name, values := range form {
		full[name] = values
	}
	if err := s.OAuth.Authenticate(full, header, audience, s.Now()); err != nil {
		return nil, err
	}
	if err := s.OAuth.prove(header, http.MethodPost, u, "", s.Now()); err != nil {
		return nil, err
	}
	r, err := s.exchange(ctx, s.sentInForm(full), func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(full.Encode()))
		if err == nil {
			req.Header = header
		}
		return req, err
	})
	if r != nil {
		s.OAuth.KeepNonce(u, r.header)
	}
	return r, err
}

// call sends a request with the access token to an endpoint of the server, with a form if there
// is one.
func (s *Client) call(ctx context.Context, method, name, endpointURL, token string, form url.Values, accept string) (*reply, error) {
	u, err := endpoint(name, endpointURL, s.OAuth.Server.Issuer)
	if err != nil {
		return nil, err
	}
	used := s.OAuth.nonce(u)
	r, err := s.callOnce(ctx, method, u, token, form, accept)
	if err == nil && r.wantsNonce() && s.OAuth.nonce(u) != used {
		return s.callOnce(ctx, method, u, token, form, accept)
	}
	return r, err
}

func (s *Client) callOnce(ctx context.Context, method string, u *url.URL, token string, form url.Values, accept string) (*reply, error) {
	header := http.Header{"Accept": {accept}, "User-Agent": {s.UserAgent}}
	if err := s.OAuth.Authorize(header, method, u, token, s.Now()); err != nil {
		return nil, err
	}
	what := s.sentInForm(url.Values{"access_token": {token}})
	if form != nil {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		what = s.sentInForm(form)
		what.secrets.Add(token)
	}
	r, err := s.exchange(ctx, what, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(form.Encode()))
		if err == nil {
			req.Header = header
		}
		return req, err
	})
	if r != nil {
		s.OAuth.KeepNonce(u, r.header)
	}
	return r, err
}

// sentInForm returns what a request with the form sends.
func (s *Client) sentInForm(form url.Values) sent {
	what := sent{step: stepOf(form)}
	for name, values := range form {
		what.fields = append(what.fields, name)
		if isSecretField(name) {
			what.secrets.Add(values...)
		}
	}
	slices.Sort(what.fields)
	what.secrets.AddLong(1, s.OAuth.Texts()...)
	return what
}

// stepOf returns what a form is for, in the words of presets.
func stepOf(form url.Values) string {
	switch {
	case form.Get("grant_type") == "refresh_token":
		return "refresh"
	case form.Has("grant_type") || form.Has("response_type"):
		return "login"
	case form.Has("id_token_hint"):
		return "logout"
	case form.Has("access_token"):
		return "userinfo"
	}
	return ""
}

// isSecretField reports whether the value of a form's field is a secret.
func isSecretField(name string) bool {
	switch name {
	case "client_secret", "client_assertion", "code", "code_verifier", "refresh_token", "access_token", "token", "device_code",
		"password", "subject_token", "actor_token", "id_token_hint", "assertion":
		return true
	}
	return false
}

// refused returns the error of a refused request at login. Its hints are for what a client
// can get wrong.
func (s *Client) refused(r *reply) error {
	e := r.refusal(verdict.LoginRefused)
	if r.status >= 300 && r.status < 400 || r.status >= http.StatusInternalServerError {
		return e
	}
	var said *oauth.Error
	if !errors.As(e.Err, &said) {
		return e
	}
	if hint := hints[said.Code]; hint != "" {
		e.Hintf("%s", hint)
	}
	if said.Code == oauth.InvalidClient {
		e.Hintf("%s", s.OAuth.clientHint())
	}
	if r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout || r.status == http.StatusNotFound {
		e.Class = verdict.FetchFailed
	}
	return e
}

// hints says what to change after an error code (RFC 6749 §4.1.2.1 and §5.2, RFC 8628 §3.5,
// RFC 8707 §2, RFC 9126 §2.3, OpenID Connect Core §3.1.2.6).
var hints = map[string]string{
	"invalid_scope":          "ask for scopes that the client may have: --scope 'openid …'",
	"invalid_target":         "does the server know this --resource or --audience?",
	"unauthorized_client":    "the server does not let this client use this grant: change the client's settings there, or try another --flow",
	"unsupported_grant_type": "the server does not have this grant: try another --flow",
	"access_denied":          "the request was denied at the server: log in again and allow it",
	"expired_token":          "the code was not entered in time: log in again",
	"login_required":         "leave out --param prompt=none",
	"interaction_required":   "leave out --param prompt=none",
	"consent_required":       "leave out --param prompt=none, or use --param prompt=consent",
}

// clientHint says how the client authenticated, and how the server says that it may.
func (o *OAuth) clientHint() string {
	hint := "is the client ID right, and " + map[string]string{
		AuthNone: "is the client public, without a secret? else --client-secret env:NAME", AuthBasic: "the secret? some servers want --client-auth post",
		AuthPost: "the secret? some servers want --client-auth basic", AuthKey: "is the public half of the key registered at the server?",
		AuthTLS: "is the certificate registered at the server?",
	}[o.ClientAuth]
	if named := o.Server.TokenEndpointAuthMethodsSupported; len(named) > 0 {
		hint += "; the server takes " + strings.Join(named, ", ")
	}
	return hint
}
