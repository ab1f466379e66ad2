package schema

import "github.com/invopop/jsonschema"

// A JWK is a key in JSON (RFC 7517). Members that are not listed depend on its type.
type JWK struct {
	// the type of the key
	Type string `json:"kty"`
	// what the key is for
	Use string `json:"use,omitempty"`
	// the operations that the key is for
	Ops []string `json:"key_ops,omitempty"`
	// the algorithm that the key is for
	Alg string `json:"alg,omitempty"`
	// the name of the key
	KeyID string `json:"kid,omitempty"`
}

// JSONSchemaExtend lets a key have the members of its type and of its owner.
func (JWK) JSONSchemaExtend(s *jsonschema.Schema) { s.AdditionalProperties = nil }

// A JWKSet is a set of keys (RFC 7517 §5).
type JWKSet struct {
	// the keys
	Keys []JWK `json:"keys"`
}

// JSONSchemaExtend lets a set have other members, which are kept.
func (JWKSet) JSONSchemaExtend(s *jsonschema.Schema) { s.AdditionalProperties = nil }

// Keys is what is known of keys. It has nothing private.
type Keys struct {
	// the keys
	Keys []Key `json:"keys"`
	// the keys of a set that cannot be used
	Skipped []SkippedKey `json:"skipped"`
	// why a key is refused
	Error *Error `json:"error,omitempty"`
}

// Key is what is known of one key.
type Key struct {
	// where the key came from, as it was given
	Source string `json:"source"`
	// its format
	Format string `json:"format"`
	// its type, and its curve or size
	Kind string `json:"kind"`
	// its size
	Bits int `json:"bits,omitempty"`
	// whether it is a private key or a secret
	Private bool `json:"private"`
	// the kid of the key
	KeyID string `json:"kid,omitempty"`
	// the thumbprint of the key (RFC 7638), of a secret none
	Thumbprint string `json:"thumbprint,omitempty"`
	// the algorithms that it signs or verifies with
	Signs []string `json:"signs"`
	// the algorithms that it encrypts or decrypts with
	Encrypts []string `json:"encrypts"`
	// the public members of the key
	JWK Object `json:"jwk"`
	// the names of the private members, which are not shown
	Masked []string `json:"masked"`
	// the certificates of the key
	Certificates []Certificate `json:"certificates,omitempty"`
	// what is weak or unusual about the key
	Warnings []Check `json:"warnings"`
}

// SkippedKey is one key of a set that cannot be used.
type SkippedKey struct {
	// where the set came from, as it was given
	Source string `json:"source"`
	// its place in the set, from 0
	Index int `json:"index"`
	// the kid of the key
	KeyID string `json:"kid,omitempty"`
	// the class word of the failure
	Class Class `json:"class"`
	// one sentence for people; its wording may change
	Message string `json:"message"`
}

// Thumbprints is the thumbprints of keys.
type Thumbprints struct {
	// the keys
	Keys []Thumbprint `json:"keys"`
}

// Thumbprint is the thumbprint of one key.
type Thumbprint struct {
	// where the key came from, as it was given
	Source string `json:"source"`
	// the kid of the key
	KeyID string `json:"kid,omitempty"`
	// its thumbprint (RFC 7638)
	Thumbprint string `json:"thumbprint"`
	// its thumbprint as a URI (RFC 9278)
	URI string `json:"uri"`
}

// TrustEntries is the issuers of config.toml that verify trusts.
type TrustEntries struct {
	// the entries
	Entries []TrustEntry `json:"entries"`
}

// TrustEntry is one issuer of config.toml.
type TrustEntry struct {
	// its name
	Name string `json:"name"`
	// the sources of its keys
	Key []string `json:"key,omitempty"`
	// the sources of its secrets
	Secret []string `json:"secret,omitempty"`
	// the iss that it is for
	Iss []string `json:"iss,omitempty"`
	// the audiences that a token must have one of
	Aud []string `json:"aud,omitempty"`
	// the algorithms that are allowed
	Alg []string `json:"alg,omitempty"`
	// the profile that a token must have
	Profile string `json:"profile,omitempty"`
	// how far clocks may differ
	Leeway string `json:"leeway,omitempty"`
}

// CheckedEntries is the issuers of config.toml, with their keys.
type CheckedEntries struct {
	// the entries
	Entries []CheckedEntry `json:"entries"`
}

// CheckedEntry is one issuer of config.toml, with its keys.
type CheckedEntry struct {
	TrustEntry
	// the keys that it has now
	Keys []TrustedKey `json:"keys"`
	// why its keys cannot be used
	Error *Error `json:"error,omitempty"`
}

// TrustedKey is one key of an issuer.
type TrustedKey struct {
	// the kid of the key
	KeyID string `json:"kid,omitempty"`
	// its type, and its curve or size
	Kind string `json:"kind"`
	// the algorithms that it accepts
	Accepts []string `json:"accepts"`
}

// Version is the version of the program.
type Version struct {
	// the version
	Version string `json:"version"`
	// the commit that it was built from; null if unknown
	Commit *string `json:"commit" jsonschema:"nullable"`
	// the time of the commit; null if unknown
	Date *Time `json:"date" jsonschema:"nullable"`
	// whether the sources were changed
	Modified bool `json:"modified,omitempty"`
	// the version of Go
	Go string `json:"go"`
	// the system and the processor
	Platform string `json:"platform"`
}
