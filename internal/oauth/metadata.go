package oauth

import "jwt/internal/jsonobject"

// Metadata describes a server (RFC 8414 §2, OpenID Connect Discovery 1.0 §3). Empty fields
// are omitted, as RFC 8414 §3.2 requires of arrays.
type Metadata struct {
	Issuer                            string
	TokenEndpoint                     string
	JWKSURI                           string
	GrantTypesSupported               []string
	TokenEndpointAuthMethodsSupported []string
}

// JSON returns the metadata document.
func (m Metadata) JSON() []byte {
	pairs := []any{"issuer", quote(m.Issuer)}
	for _, p := range []struct{ name, value string }{
		{"token_endpoint", m.TokenEndpoint},
		{"jwks_uri", m.JWKSURI},
	} {
		if p.value != "" {
			pairs = append(pairs, p.name, quote(p.value))
		}
	}
	for _, p := range []struct {
		name   string
		values []string
	}{
		{"grant_types_supported", m.GrantTypesSupported},
		{"token_endpoint_auth_methods_supported", m.TokenEndpointAuthMethodsSupported},
	} {
		if len(p.values) > 0 {
			pairs = append(pairs, p.name, list(p.values))
		}
	}
	return object(pairs...)
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
