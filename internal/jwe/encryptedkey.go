package jwe

import (
	"bytes"
	"errors"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

// The algorithms of a new encrypted key, as in RFC 7517 Appendix C.
const (
	keyAlg = "PBES2-HS512+A256KW"
	keyEnc = "A256GCM"
)

// ParseKeys extends jwk.ParseEncrypted: it also decrypts a JWK or JWK Set that a passphrase
// encrypts (RFC 7517 §7).
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
		return jwk.Set{}, verdict.Errorf(verdict.KeyUnreadable, "the encrypted JWK contains another encrypted JWK")
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
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the JWK is encrypted with %s: only a passphrase (PBES2) can decrypt it here", h.alg.name).
			Hintf("jwt decrypt @FILE --key KEY decrypts it")
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
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the passphrase does not open the key").
			Hintf("give the passphrase of this key: --passphrase env:NAME, @FILE or fd:N")
	case err != nil:
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the encrypted JWK: %w", err)
	}
	return d.Plaintext(), nil
}

// EncryptKeys encrypts a JWK or JWK Set under a passphrase.
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

// UsableAlgs returns the algorithms with which a private key may decrypt, or a public one
// encrypt, by its type, "alg", "use" and "key_ops".
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
