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

// ParseMetadata reads a metadata document.
func ParseMetadata(body []byte) (Metadata, error) {
	o, err := parse(body)
	if err != nil {
		return Metadata{}, err
	}
	var m Metadata
	for _, field := range []struct {
		to   *string
		name string
	}{
		{&m.Issuer, "issuer"},
		{&m.TokenEndpoint, "token_endpoint"},
		{&m.JWKSURI, "jwks_uri"},
	} {
		if *field.to, err = text(o, field.name); err != nil {
			return Metadata{}, err
		}
	}
	for _, field := range []struct {
		to   *[]string
		name string
	}{
		{&m.GrantTypesSupported, "grant_types_supported"},
		{&m.TokenEndpointAuthMethodsSupported, "token_endpoint_auth_methods_supported"},
	} {
		v, ok := o.Get(field.name)
		if !ok {
			continue
		}
		if *field.to, ok = v.Texts(); !ok {
			return Metadata{}, &Invalid{field.name + ": must be an array of strings"}
		}
	}
	return m, nil
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
