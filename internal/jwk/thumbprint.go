package jwk

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"slices"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/phrase"
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

// IDForms returns the forms of a key ID that IDAs computes.
func IDForms() []string {
	return []string{"thumbprint", "spki", "x5t", "x5t#S256", "libtrust"}
}

// IDAs returns an ID computed from the public key or its certificate:
//
//   - thumbprint: SHA-256 of the JWK (RFC 7638), base64url;
//   - spki: SHA-256 of the SubjectPublicKeyInfo, base64url, as Kubernetes does;
//   - x5t, x5t#S256: SHA-1 or SHA-256 of the certificate (RFC 7515 §4.1.7, §4.1.8);
//   - libtrust: the first 240 bits of SHA-256 of the SubjectPublicKeyInfo in Base32, in groups
//     of four, as container registries do.
//
// A secret has none of them: an attacker could test guesses of the secret against its hash.
func (k Key) IDAs(form string) (string, error) {
	if k.IsSecret() {
		return "", verdict.Errorf(verdict.KeyMismatch, "%s: a secret has no public half to make a kid of", k.Source)
	}
	switch form {
	case "thumbprint":
		return k.Thumbprint(), nil
	case "spki", "libtrust":
		der, err := k.DER(false)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(der)
		if form == "spki" {
			return base64url.Encode(sum[:]), nil
		}
		return grouped(base32.StdEncoding.EncodeToString(sum[:30])), nil
	case "x5t", "x5t#S256":
		if len(k.Certificates) == 0 {
			return "", verdict.Errorf(verdict.KeyNotFound, "%s: has no certificate to make a kid of", k.Source)
		}
		return certificateHash(form, k.Certificates[0].Raw), nil
	}
	return "", verdict.Errorf(verdict.Usage, "unknown form of a kid %s", phrase.Quote(form)).
		Hintf("one of %s", strings.Join(IDForms(), " "))
}

// certificateHash returns the value of a header's "x5t" or "x5t#S256".
func certificateHash(form string, der []byte) string {
	if form == "x5t" {
		sum := sha1.Sum(der)
		return base64url.Encode(sum[:])
	}
	sum := sha256.Sum256(der)
	return base64url.Encode(sum[:])
}

// grouped returns s in groups of four characters, separated by colons.
func grouped(s string) string {
	var groups []string
	for ; len(s) > 4; s = s[4:] {
		groups = append(groups, s[:4])
	}
	return strings.Join(append(groups, s), ":")
}
