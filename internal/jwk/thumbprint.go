package jwk

import (
	"crypto/sha256"
	"slices"
	"strings"

	"jwt/internal/base64url"
)

// Thumbprint returns the SHA-256 JWK thumbprint of the key (RFC 7638 §3) in
// base64url. That of a secret is a hash of the secret: show it to nobody whom
// the secret is not shown to.
func (k Key) Thumbprint() string {
	sum := sha256.Sum256(k.thumbprintInput())
	return base64url.Encode(sum[:])
}

// thumbprintInput is the JSON object of the required members alone, in
// lexicographic order and without white space (RFC 7638 §3.2, RFC 8037 §2).
// No name or value in it needs escaping.
func (k Key) thumbprintInput() []byte {
	texts := []string{`"kty":"` + k.Type + `"`}
	if k.Curve != "" {
		texts = append(texts, `"crv":"`+k.Curve+`"`)
	}
	required := k.publicMembers()
	if k.IsSecret() {
		required = k.privateMembers()
	}
	for _, m := range required {
		texts = append(texts, `"`+m.name+`":"`+m.text()+`"`)
	}
	slices.Sort(texts)
	return []byte("{" + strings.Join(texts, ",") + "}")
}
