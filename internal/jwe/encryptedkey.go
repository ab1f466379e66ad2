package jwe

import (
	"bytes"
	"errors"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// How a new encrypted key is made; RFC 7517 Appendix C has the like.
const (
	keyAlg = "PBES2-HS512+A256KW"
	keyEnc = "A256GCM"
)

// ParseKeys is jwk.ParseEncrypted, which leaves an encrypted JWK or JWK Set
// (RFC 7517 §7) closed: it opens those with the passphrase too.
func ParseKeys(data []byte, passphrase func() ([]byte, error)) (jwk.Set, error) {
	set, err := jwk.ParseEncrypted(data, passphrase)
	if !errors.Is(err, jwk.ErrJWE) {
		return set, err
	}
	t, err := Parse(string(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF")))))
	if err != nil {
		return jwk.Set{}, verdict.Errorf(verdict.KeyUnreadable, "the encrypted JWK: %w", err)
	}
	plain, err := t.openKey(passphrase)
	if err != nil {
		return jwk.Set{}, err
	}
	set, err = jwk.Parse(plain)
	if errors.Is(err, jwk.ErrJWE) {
		return jwk.Set{}, verdict.Errorf(verdict.KeyUnreadable, "the encrypted JWK holds another encrypted JWK")
	}
	for i := range set.Keys {
		set.Keys[i].Format = "encrypted " + set.Keys[i].Format
	}
	return set, err
}

// openKey returns the plaintext of a key that a passphrase encrypts.
func (t Token) openKey(passphrase func() ([]byte, error)) ([]byte, error) {
	h, err := t.readHeader(nil)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the encrypted JWK: %w", err)
	}
	switch {
	case h.alg.family != pbes2:
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the JWK is encrypted with %s: only a passphrase (PBES2) opens one here", h.alg.name).
			Hintf("jwt decrypt @FILE --key KEY opens it")
	case passphrase == nil:
		return nil, &verdict.Error{Class: verdict.KeyUnreadable, Message: "the JWK is encrypted: its passphrase is required", Err: jwk.ErrEncrypted}
	}
	secret, err := passphrase()
	if err != nil {
		return nil, err
	}
	key, err := jwk.New(secret)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the passphrase is empty")
	}
	d, err := t.Decrypt([]jwk.Key{key}, Options{})
	switch {
	case verdict.ClassOf(err) == verdict.DecryptFailed:
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the passphrase does not open the key")
	case err != nil:
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the encrypted JWK: %w", err)
	}
	return d.Plaintext(), nil
}

// EncryptKeys returns the JWK or JWK Set encrypted under a passphrase.
func EncryptKeys(o jsonobject.Object, passphrase []byte) (Token, error) {
	key, err := jwk.New(passphrase)
	if err != nil {
		return Token{}, verdict.Errorf(verdict.KeyRefused, "the passphrase is empty")
	}
	contentType := "jwk+json"
	if _, isSet := o.Get("keys"); isSet {
		contentType = "jwk-set+json"
	}
	var header jsonobject.Object
	header.Set("alg", jsonobject.Quote(keyAlg))
	header.Set("enc", jsonobject.Quote(keyEnc))
	header.Set("cty", jsonobject.Quote(contentType))
	return Encrypt(header, o.Bytes(), key, keyAlg, keyEnc, EncryptOptions{})
}

// UsableAlgs is Algs with what the key says of its use and operations obeyed: what
// a private key decrypts with, or a public one encrypts with.
func UsableAlgs(key jwk.Key) []string {
	p := toEncrypt
	if key.IsPrivate() {
		p = toDecrypt
	}
	var usable []string
	for _, name := range Algs(key) {
		if a, ok := lookupAlg(name); ok && a.allows(key, p) == nil {
			usable = append(usable, name)
		}
	}
	return usable
}
