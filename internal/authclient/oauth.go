package authclient

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"jwt/internal/httpclient"
	"jwt/internal/loopback"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// The flows of a login at an OAuth 2.0 server.
const (
	FlowCode              = "code"               // RFC 6749 §4.1, the answer arrives on a loopback port (RFC 8252 §7.3)
	FlowPaste             = "paste"              // the same, the user pastes the answer
	FlowDevice            = "device"             // RFC 8628
	FlowClientCredentials = "client-credentials" // RFC 6749 §4.4
	FlowPassword          = "password"           // RFC 6749 §4.3
	FlowExchange          = "exchange"           // RFC 8693
)

// Flows lists the flows.
var Flows = []string{FlowCode, FlowDevice, FlowPaste, FlowClientCredentials, FlowPassword, FlowExchange}

// An OAuth is what an OAuth 2.0 session was made with and needs to go on. Its secrets are
// not part of its JSON.
type OAuth struct {
	Flow        string      `json:"flow"`
	Server      OAuthServer `json:"metadata"`
	ClientID    string      `json:"client_id"`
	ClientAuth  string      `json:"client_auth"` // one of ClientAuths
	Scope       string      `json:"scope,omitempty"`
	Audiences   []string    `json:"audience,omitempty"`
	Resources   []string    `json:"resource,omitempty"` // RFC 8707
	RedirectURI string      `json:"redirect_uri,omitempty"`
	ACRValues   string      `json:"acr_values,omitempty"`
	MaxAge      string      `json:"max_age,omitempty"` // seconds
	APIs        []string    `json:"api,omitempty"`     // origins that the access token may be sent to, besides that of the server

	DPoP bool `json:"dpop,omitempty"` // bind the tokens to a key (RFC 9449)
	PAR  bool `json:"par,omitempty"`  // push authorization requests (RFC 9126), also if the server does not require it

	// SubjectSource says where the subject token of an exchange comes from.
	SubjectSource string `json:"subject_token,omitempty"`

	Subject   string            `json:"sub,omitempty"`                // of the ID token
	Granted   string            `json:"granted,omitempty"`            // the scope that the server granted
	Nonces    map[string]string `json:"dpop_nonces,omitempty"`        // the last DPoP-Nonce of each origin (RFC 9449 §8)
	Assertion string            `json:"assertion_audience,omitempty"` // the "aud" that the server accepted last

	OAuthSecrets `json:"-"`

	mutex sync.Mutex // guards Nonces, which concurrent calls change
}

// OAuthSecrets are the secrets of an OAuth.
type OAuthSecrets struct {
	ClientSecret string `json:"client_secret,omitempty"`
	ClientKey    string `json:"client_key,omitempty"` // of private_key_jwt, a JWK
	Certificate  string `json:"tls_cert,omitempty"`   // PEM, with its chain
	TLSKey       string `json:"tls_key,omitempty"`    // PEM
	DPoPKey      string `json:"dpop_key,omitempty"`   // a JWK; "" without DPoP
	IDToken      string `json:"id_token,omitempty"`

	Params []string `json:"params,omitempty"` // NAME=VALUE, for the requests of a login: a value may be a secret
}

// Given reports whether there is any secret.
func (o OAuthSecrets) Given() bool {
	return o.Certificate != "" || len(o.Params) > 0 || strings.Join(o.Texts(), "") != ""
}

// Texts returns the secrets as texts that must not be shown.
func (o OAuthSecrets) Texts() []string {
	return []string{o.ClientSecret, o.ClientKey, o.TLSKey, o.DPoPKey, o.IDToken}
}

// An OAuthServer is the metadata of a server, with its endpoints as the server spells them.
type OAuthServer struct{ oauth.Metadata }

// MarshalJSON implements json.Marshaler.
func (m OAuthServer) MarshalJSON() ([]byte, error) { return m.JSON(), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (m *OAuthServer) UnmarshalJSON(text []byte) (err error) {
	m.Metadata, err = oauth.ParseMetadata(text)
	return err
}

// Again returns what another login like this one starts with: the same client and wishes.
func (o *OAuth) Again() *OAuth {
	return &OAuth{
		Flow: o.Flow, ClientID: o.ClientID, ClientAuth: o.ClientAuth, Scope: o.Scope, Audiences: o.Audiences, Resources: o.Resources,
		RedirectURI: o.RedirectURI, ACRValues: o.ACRValues, MaxAge: o.MaxAge, APIs: o.APIs, DPoP: o.DPoP, PAR: o.PAR,
		SubjectSource: o.SubjectSource, Assertion: o.Assertion,
		OAuthSecrets: OAuthSecrets{ClientSecret: o.ClientSecret, ClientKey: o.ClientKey, Certificate: o.Certificate, TLSKey: o.TLSKey, Params: o.Params},
	}
}

// JSON returns what is not secret. It may be called while requests are sent.
func (o *OAuth) JSON() ([]byte, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return json.Marshal(o)
}

// Renews reports whether new tokens can be had without a refresh token and without the user.
func (o *OAuth) Renews() bool { return o != nil && o.Flow == FlowClientCredentials }

// IsOpenID reports whether the client asks for an ID token.
func (o *OAuth) IsOpenID() bool { return oauth.HasScope(o.Scope, "openid") }

// isBound reports whether the tokens are bound to a DPoP key.
func (o *OAuth) isBound() bool { return o != nil && o.DPoPKey != "" }

// AllowsAPI reports whether the access token may be sent to an origin besides that of the
// server.
func (o *OAuth) AllowsAPI(origin string) bool { return o != nil && slices.Contains(o.APIs, origin) }

// ParseAPI reads the origin of an API: https, or http on loopback, without a path.
func ParseAPI(text string) (origin string, err error) {
	u, err := httpclient.ParseServer(text)
	if err != nil {
		return "", err
	}
	if u.Path != "" {
		return "", verdict.Errorf(verdict.Usage, "%s: an origin has no path", httpclient.Show(u)).Hintf("--api %s://%s", u.Scheme, u.Host)
	}
	return httpclient.Origin(u), nil
}

// endpoint reads the URL of an endpoint, and keeps it as it is spelled. Only the metadata of
// a loopback server may name one without TLS: of another server, an attacker on the network
// could have changed it.
func endpoint(name, text, issuer string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, verdict.Errorf(verdict.FetchFailed, "the server has no %s", name)
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return nil, verdict.Errorf(verdict.FetchRefused, "the %s of the server is not an https URL: %s", name, httpclient.HideUser(text))
	case u.Scheme == "https" || u.Scheme == "http" && loopback.Host(u.Hostname()) && strings.HasPrefix(issuer, "http:"):
		return u, nil
	}
	return nil, verdict.Errorf(verdict.FetchRefused, "the %s of the server is not an https URL: %s", name, httpclient.Show(u))
}

// reserved lists the parameters that the client sets itself.
var reserved = []string{
	"client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type", "response_type", "response_mode", "redirect_uri", "state", "nonce",
	"code", "code_verifier", "code_challenge", "code_challenge_method", "refresh_token", "device_code", "request", "request_uri", "dpop_jkt",
	"username", "password", "subject_token", "scope", "resource", "audience", "acr_values", "max_age",
}

// CheckParam refuses an extra parameter that is not NAME=VALUE, or that the client sets
// itself.
func CheckParam(param string) error {
	name, _, ok := strings.Cut(param, "=")
	switch {
	case !ok || name == "":
		return verdict.Errorf(verdict.Usage, "the parameter is not NAME=VALUE")
	case slices.Contains(reserved, name):
		return verdict.Errorf(verdict.Usage, "the parameter %s is set by the login itself", name)
	}
	return nil
}

// addParams adds the parameters that the requests of a login have in common.
func (o *OAuth) addParams(form url.Values) {
	if o.Scope != "" {
		form.Set("scope", o.Scope)
	}
	for _, r := range o.Resources {
		form.Add("resource", r)
	}
	for _, a := range o.Audiences {
		form.Add("audience", a)
	}
	for _, p := range o.Params {
		name, value, _ := strings.Cut(p, "=")
		form.Add(name, value)
	}
}
