package oauth

import "jwt/internal/jsonobject"

// Metadata is what a server says of itself (RFC 8414 §2, OpenID Connect
// Discovery 1.0 §3). What is empty is left out: zero elements must be (RFC 8414
// §3.2), and what does not exist is not promised.
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
