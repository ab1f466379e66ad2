package jwk

import (
	"bytes"

	"jwt/internal/verdict"
)

// encoded reads a key that is wrapped once more: as the Base64 of a PEM, JWK or OpenSSH key, as an
// environment variable often holds it, as a bare point in base64url, or as the Base64 of PEM
// inside other text, such as a Kubernetes secret in YAML. ok is false for other text.
func (r *reader) encoded(text []byte) (set Set, ok bool, err error) {
	plain := anyBase64(bytes.Trim(bytes.TrimSpace(text), `"'`))
	if k, ok := pointKey(plain); ok {
		return Set{Keys: []Key{k}}, true, nil
	}
	if looksLikeKey(plain) == "" {
		if plain = encodedPEM(text); plain == nil {
			return Set{}, false, nil
		}
	}
	set, err = r.wrapped(plain)
	for i := range set.Keys {
		set.Keys[i].Format = "base64 " + set.Keys[i].Format
	}
	return set, true, err
}

// wrapped reads keys that other text is around. The layers are bounded, because each may hold
// another one.
func (r *reader) wrapped(text []byte) (Set, error) {
	if r.layers == maxLayers {
		return Set{}, verdict.Errorf(verdict.KeyRefused, "the key is wrapped more than %d times", maxLayers)
	}
	r.layers++
	defer func() { r.layers-- }()
	return r.parse(text)
}
