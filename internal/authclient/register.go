package authclient

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"jwt/internal/httpclient"
	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// registration is the body of a registration request (RFC 7591 §2).
type registration struct {
	Name            string          `json:"client_name"`
	ApplicationType string          `json:"application_type"`
	RedirectURIs    []string        `json:"redirect_uris,omitempty"`
	GrantTypes      []string        `json:"grant_types"`
	ResponseTypes   []string        `json:"response_types"`
	Auth            string          `json:"token_endpoint_auth_method"`
	Scope           string          `json:"scope,omitempty"`
	JWKS            json.RawMessage `json:"jwks,omitempty"`
	DPoP            bool            `json:"dpop_bound_access_tokens,omitempty"`
	IDTokenAlg      string          `json:"id_token_signed_response_alg,omitempty"`
}

// register registers a client at the server, and sets its ID and secret.
func (s *Client) register(ctx context.Context) error {
	o := s.OAuth
	u, err := endpoint("registration endpoint", o.Server.RegistrationEndpoint, o.Server.Issuer)
	if err != nil {
		return err
	}
	wish, err := o.registration()
	if err != nil {
		return err
	}
	body, err := json.Marshal(wish)
	if err != nil {
		return verdict.Errorf(verdict.Internal, "the registration: %w", err)
	}
	r, err := s.exchange(ctx, sent{}, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(string(body)))
		if err == nil {
			req.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {s.UserAgent}}
		}
		return req, err
	})
	if err != nil {
		return err
	}
	if !r.ok() {
		return s.refused(r)
	}
	answer, err := jsonobject.Parse(r.body)
	if err != nil {
		return verdict.Errorf(verdict.FetchFailed, "%s: the answer is not a JSON object: %w", httpclient.Show(r.url), err)
	}
	o.ClientID, _ = answer.Text("client_id")
	o.ClientSecret, _ = answer.Text("client_secret")
	if o.ClientID == "" {
		return verdict.Errorf(verdict.FetchFailed, "%s: the answer has no client_id (RFC 7591 §3.2.1)", httpclient.Show(r.url))
	}
	switch method, _ := answer.Text("token_endpoint_auth_method"); method { // the server decides
	case "client_secret_basic":
		o.ClientAuth = AuthBasic
	case "client_secret_post":
		o.ClientAuth = AuthPost
	case "none":
		o.ClientAuth, o.ClientSecret = AuthNone, ""
	}
	return nil
}

// registration returns the client that the flow needs.
func (o *OAuth) registration() (registration, error) {
	r := registration{Name: "jwt", ApplicationType: "native", GrantTypes: []string{grantTypes[o.Flow]}, ResponseTypes: []string{}, Auth: "none", Scope: o.Scope, DPoP: o.isBound()}
	if algs := o.Server.IDTokenAlgsSupported; len(algs) > 0 && !slices.Contains(algs, "RS256") { // else the default, OpenID Connect Registration §2
		r.IDTokenAlg = algs[0]
	}
	switch o.Flow {
	case FlowCode, FlowPaste:
		r.ResponseTypes = []string{"code"}
		r.RedirectURIs = []string{cmp.Or(o.RedirectURI, plainRedirect)}
	case FlowClientCredentials:
		r.Auth, r.ApplicationType = "client_secret_basic", "web"
	}
	if o.Flow != FlowClientCredentials && o.Flow != FlowExchange {
		r.GrantTypes = append(r.GrantTypes, "refresh_token")
	}
	if o.ClientKey == "" {
		return r, nil
	}
	key, err := signingKey(o.ClientKey)
	if err != nil {
		return r, err
	}
	r.Auth = "private_key_jwt"
	r.JWKS = json.RawMessage(`{"keys":[` + string(key.JWK(false).Bytes()) + `]}`)
	return r, nil
}
