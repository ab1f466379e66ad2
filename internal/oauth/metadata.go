package oauth

import "jwt/internal/jsonobject"

// Metadata describes a server (RFC 8414 §2, OpenID Connect Discovery 1.0 §3). Endpoints are
// spelled as the server does. Empty members are omitted, as RFC 8414 §3.2 requires of arrays.
type Metadata struct {
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	DeviceEndpoint        string // device_authorization_endpoint, RFC 8628 §4
	PAREndpoint           string // pushed_authorization_request_endpoint, RFC 9126 §5
	UserinfoEndpoint      string
	RevocationEndpoint    string
	IntrospectionEndpoint string
	EndSessionEndpoint    string
	RegistrationEndpoint  string
	JWKSURI               string

	RequirePAR bool // require_pushed_authorization_requests
	SendsIss   bool // authorization_response_iss_parameter_supported, RFC 9207 §3

	// RefusesRequestURI is request_uri_parameter_supported=false: the member is true if it is
	// absent (OpenID Connect Discovery 1.0 §3).
	RefusesRequestURI bool

	ScopesSupported                   []string
	ResponseTypesSupported            []string
	ResponseModesSupported            []string
	GrantTypesSupported               []string
	SubjectTypesSupported             []string
	IDTokenAlgsSupported              []string // id_token_signing_alg_values_supported
	CodeChallengeMethodsSupported     []string
	TokenEndpointAuthMethodsSupported []string
	TokenEndpointAuthAlgsSupported    []string // token_endpoint_auth_signing_alg_values_supported
	RevocationAuthMethodsSupported    []string // revocation_endpoint_auth_methods_supported
	RevocationAuthAlgsSupported       []string // revocation_endpoint_auth_signing_alg_values_supported
	IntrospectionAuthMethodsSupported []string // introspection_endpoint_auth_methods_supported
	IntrospectionAuthAlgsSupported    []string // introspection_endpoint_auth_signing_alg_values_supported
	DPoPAlgsSupported                 []string // dpop_signing_alg_values_supported, RFC 9449 §5.1
	PromptValuesSupported             []string
	ACRValuesSupported                []string
	ClaimsSupported                   []string

	// TLSAliases are the endpoints for clients with a certificate, by their names
	// (mtls_endpoint_aliases, RFC 8705 §5). JSON does not write them.
	TLSAliases map[string]string
}

// ForTLS returns the metadata with the endpoints for clients with a certificate.
func (m Metadata) ForTLS() Metadata {
	for _, t := range m.texts() {
		if alias := m.TLSAliases[t.name]; alias != "" {
			*t.to = alias
		}
	}
	m.TLSAliases = nil
	return m
}

// texts returns the string members in the order of the document.
func (m *Metadata) texts() []textMember {
	return []textMember{
		{"issuer", &m.Issuer},
		{"authorization_endpoint", &m.AuthorizationEndpoint},
		{"token_endpoint", &m.TokenEndpoint},
		{"device_authorization_endpoint", &m.DeviceEndpoint},
		{"pushed_authorization_request_endpoint", &m.PAREndpoint},
		{"userinfo_endpoint", &m.UserinfoEndpoint},
		{"revocation_endpoint", &m.RevocationEndpoint},
		{"introspection_endpoint", &m.IntrospectionEndpoint},
		{"end_session_endpoint", &m.EndSessionEndpoint},
		{"registration_endpoint", &m.RegistrationEndpoint},
		{"jwks_uri", &m.JWKSURI},
	}
}

type textMember struct {
	name string
	to   *string
}

func (m *Metadata) flags() []flagMember {
	return []flagMember{
		{"require_pushed_authorization_requests", &m.RequirePAR},
		{"authorization_response_iss_parameter_supported", &m.SendsIss},
	}
}

type flagMember struct {
	name string
	to   *bool
}

func (m *Metadata) lists() []listMember {
	return []listMember{
		{"scopes_supported", &m.ScopesSupported},
		{"response_types_supported", &m.ResponseTypesSupported},
		{"response_modes_supported", &m.ResponseModesSupported},
		{"grant_types_supported", &m.GrantTypesSupported},
		{"subject_types_supported", &m.SubjectTypesSupported},
		{"id_token_signing_alg_values_supported", &m.IDTokenAlgsSupported},
		{"code_challenge_methods_supported", &m.CodeChallengeMethodsSupported},
		{"token_endpoint_auth_methods_supported", &m.TokenEndpointAuthMethodsSupported},
		{"token_endpoint_auth_signing_alg_values_supported", &m.TokenEndpointAuthAlgsSupported},
		{"revocation_endpoint_auth_methods_supported", &m.RevocationAuthMethodsSupported},
		{"revocation_endpoint_auth_signing_alg_values_supported", &m.RevocationAuthAlgsSupported},
		{"introspection_endpoint_auth_methods_supported", &m.IntrospectionAuthMethodsSupported},
		{"introspection_endpoint_auth_signing_alg_values_supported", &m.IntrospectionAuthAlgsSupported},
		{"dpop_signing_alg_values_supported", &m.DPoPAlgsSupported},
		{"prompt_values_supported", &m.PromptValuesSupported},
		{"acr_values_supported", &m.ACRValuesSupported},
		{"claims_supported", &m.ClaimsSupported},
	}
}

type listMember struct {
	name string
	to   *[]string
}

// JSON returns the metadata document.
func (m Metadata) JSON() []byte {
	var pairs []any
	for _, t := range m.texts() {
		if *t.to != "" || t.name == "issuer" {
			pairs = append(pairs, t.name, quote(*t.to))
		}
	}
	for _, f := range m.flags() {
		if *f.to {
			pairs = append(pairs, f.name, jsonobject.Value("true"))
		}
	}
	if m.RefusesRequestURI {
		pairs = append(pairs, "request_uri_parameter_supported", jsonobject.Value("false"))
	}
	for _, l := range m.lists() {
		if len(*l.to) > 0 {
			pairs = append(pairs, l.name, list(*l.to))
		}
	}
	return object(pairs...)
}

// ParseMetadata reads a metadata document. A member that this program does not use may have
// any type.
func ParseMetadata(body []byte) (Metadata, error) {
	o, err := parse(body)
	if err != nil {
		return Metadata{}, err
	}
	var m Metadata
	for _, t := range m.texts() {
		if *t.to, err = text(o, t.name); err != nil {
			return Metadata{}, err
		}
	}
	v, _ := o.Get("mtls_endpoint_aliases")
	aliases, _ := v.Object()
	for _, member := range aliases.Members() {
		if url, ok := member.Value.Text(); ok {
			if m.TLSAliases == nil {
				m.TLSAliases = map[string]string{}
			}
			m.TLSAliases[member.Name] = url
		}
	}
	for _, f := range m.flags() {
		v, _ := o.Get(f.name)
		*f.to = string(v) == "true"
	}
	v, _ = o.Get("request_uri_parameter_supported")
	m.RefusesRequestURI = string(v) == "false"
	for _, l := range m.lists() {
		v, ok := o.Get(l.name)
		if !ok || v.Kind() == 'n' {
			continue
		}
		if *l.to, ok = v.Texts(); !ok {
			return Metadata{}, &Invalid{l.name + ": is " + v.Noun() + ", must be an array of strings"}
		}
	}
	return m, nil
}

// list returns a JSON array of strings.
func list(values []string) jsonobject.Value {
	b := jsonobject.Value{'['}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quote(v)...)
	}
	return append(b, ']')
}
