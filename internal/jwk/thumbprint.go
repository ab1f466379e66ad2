package jwk

import (
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

// Thumbprint returns the SHA-256 JWK thumbprint of the key (RFC 7638 §3) in base64url.
// The thumbprint of a secret is a hash of the secret, so treat it as a secret.
func (k Key) Thumbprint() string {
	if k.cache == nil {
		k.cache = new(cache) // the zero Key
	}
	if t := k.cache.thumbprint.Load(); t != nil {
		return *t
	}
	sum := sha256.Sum256(k.thumbprintInput())
	t := base64url.Encode(sum[:])
	k.cache.thumbprint.Store(&t)
	return t
}

// ThumbprintHashes returns the hash names that ThumbprintWith accepts.
func ThumbprintHashes() []string { return []string{"sha256", "sha384", "sha512"} }

// ThumbprintWith is Thumbprint with another hash (RFC 7638 §3.4).
func (k Key) ThumbprintWith(hash string) (string, error) {
	input := k.thumbprintInput()
	switch hash {
	case "sha256":
		return k.Thumbprint(), nil
	case "sha384":
		sum := sha512.Sum384(input)
		return base64url.Encode(sum[:]), nil
	case "sha512":
		sum := sha512.Sum512(input)
		return base64url.Encode(sum[:]), nil
	}
	return "", verdict.Errorf(verdict.Usage, "unknown thumbprint hash %q", hash).
		Hintf("one of %s", strings.Join(ThumbprintHashes(), " "))
}

// ThumbprintURI returns the URI of a thumbprint (RFC 9278 §3), with the name of the hash
// in the Named Information registry.
func ThumbprintURI(hash, thumbprint string) string {
	return "urn:ietf:params:oauth:jwk-thumbprint:" + strings.Replace(hash, "sha", "sha-", 1) + ":" + thumbprint
}

// thumbprintInput returns the JSON object of the required members in lexicographic order
// without white space (RFC 7638 §3.2, RFC 8037 §2, RFC 9964 §6). None of its names and
// values needs escapes.
func (k Key) thumbprintInput() []byte {
	texts := []string{`"kty":"` + k.Type + `"`}
	if k.Curve != "" {
		texts = append(texts, `"crv":"`+k.Curve+`"`)
	}
	if k.Type == "AKP" {
		texts = append(texts, `"alg":"`+k.Alg+`"`)
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
