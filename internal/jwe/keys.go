package jwe

import (
	"slices"
	"strings"

	"jwt/internal/jwk"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// takes returns an error unless the type, size and "alg" of the key fit the algorithms.
func (a algorithm) takes(key jwk.Key, e encryption) error {
	switch a.family {
	case rsaOAEP, rsaPKCS1:
		if key.Type != "RSA" {
			return mismatch(a, "an RSA key", key)
		}
	case ecdhES:
		if _, ok := lookupCurve(key.Type, key.Curve); !ok {
			return mismatch(a, "an EC key or one on X25519", key)
		}
	default:
		if err := a.takesSecret(key, e); err != nil {
			return err
		}
	}
	// The "alg" of a key for dir is that of the content encryption (RFC 7520 §5.6.1).
	if key.Alg != "" && key.Alg != a.name && (a.family != direct || key.Alg != e.name) {
		return verdict.Errorf(verdict.KeyMismatch, `the key is for "alg":%s only, not for %s`, phrase.Quote(key.Alg), a.name)
	}
	return nil
}

// takesSecret requires an AES key of the exact size, or a password of any size.
func (a algorithm) takesSecret(key jwk.Key, e encryption) error {
	secret, ok := key.Material().([]byte)
	if !ok {
		return mismatch(a, "a secret", key)
	}
	want, name := a.kek, a.name
	switch a.family {
	case pbes2:
		return nil
	case direct:
		want, name = e.key, "dir with "+e.name
	}
	if len(secret) != want {
		return verdict.Errorf(verdict.KeyMismatch, "%s wants a secret of %d bytes, the key has %d", name, want, len(secret)).
			Hintf("a key that is written down in hex or Base64: --secret hex:…, b64:… or b64url:…")
	}
	return nil
}

func mismatch(a algorithm, want string, key jwk.Key) error {
	return verdict.Errorf(verdict.KeyMismatch, "%s wants %s, the key is %s", a.name, want, key.Kind())
}

// A purpose is an intended use of a key, with the "key_ops" of which one must be listed
// (RFC 7517 §4.3).
type purpose struct {
	verb    string
	content []string // on the content itself
	wrap    []string // on the content's key; some RSA keys list those on the content
}

var (
	toDecrypt = purpose{"decrypt", []string{"decrypt"}, []string{"unwrapKey", "decrypt"}}
	toEncrypt = purpose{"encrypt", []string{"encrypt"}, []string{"wrapKey", "encrypt"}}
	derive    = []string{"deriveKey", "deriveBits"}
)

func (p purpose) ops(f family) []string {
	switch f {
	case direct:
		return p.content
	case ecdhES, pbes2: // a key is derived to wrap another; keys list either operation
		return slices.Concat(derive, p.wrap)
	default:
		return p.wrap
	}
}

// allows returns an error if "use" or "key_ops" of the key forbid the purpose (RFC 7517
// §4.2 and §4.3).
func (a algorithm) allows(key jwk.Key, p purpose) error {
	if key.Use != "" && key.Use != "enc" {
		return verdict.Errorf(verdict.KeyRefused, `the key says "use":%s, so it must not %s`, phrase.Quote(key.Use), p.verb)
	}
	if key.Ops == nil {
		return nil
	}
	ops := p.ops(a.family)
	if a.family == ecdhES && len(key.Ops) == 0 && !key.IsPrivate() {
		return nil // Web Crypto writes an empty list into ECDH public keys: only the owner agrees on a key
	}
	for _, op := range ops {
		if slices.Contains(key.Ops, op) {
			return nil
		}
	}
	return verdict.Errorf(verdict.KeyRefused, `the key's "key_ops" %q do not list %s, so it must not %s`,
		key.Ops, strings.Join(ops, " or "), p.verb)
}

// fitting returns the keys that may decrypt the token, or the reason why the first may
// not.
func (h header) fitting(keys []jwk.Key) ([]jwk.Key, error) {
	var fit []jwk.Key
	var refused error
	for _, k := range keys {
		err := h.fits(k)
		if err == nil {
			fit = append(fit, k)
		} else if refused == nil {
			refused = err
		}
	}
	if len(fit) == 0 {
		return nil, refused
	}
	return fit, nil
}

func (h header) fits(key jwk.Key) error {
	if err := h.alg.takes(key, h.enc); err != nil {
		return err
	}
	if h.alg.family == ecdhES && key.Curve != h.curve.crv {
		return verdict.Errorf(verdict.KeyMismatch, "epk: is on %s, the key is %s", h.curve.crv, key.Kind())
	}
	if err := h.alg.allows(key, toDecrypt); err != nil {
		return err
	}
	if !key.IsPrivate() {
		return verdict.Errorf(verdict.KeyMismatch, "a public key cannot decrypt, its private half is required").
			Hintf("give the private key: --key private.pem")
	}
	return nil
}

// named returns the keys that the kid of the token may select.
func (t Token) named(keys []jwk.Key) ([]jwk.Key, error) {
	v, hasKid := t.Header.Get("kid")
	kid, isText := v.Text()
	if hasKid && !isText {
		return nil, verdict.Errorf(verdict.Malformed, "kid: is of type %s, must be a string (RFC 7516 §4.1.6)", v.KindName())
	}
	return jwk.Choose(keys, kid, hasKid)
}
