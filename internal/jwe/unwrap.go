package jwe

import (
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/rsa"
	"hash"
	"slices"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"jwt/internal/jwk"
)

// contentKey returns the content encryption key. If it cannot be obtained it returns a
// random one, so that a wrong key, a changed encrypted key and a changed ciphertext fail
// in the same way after the same work (RFC 7516 §11.5).
func (h header) contentKey(key jwk.Key, encryptedKey []byte) []byte {
	b, err := h.unwrap(key.Material(), encryptedKey)
	if err != nil || len(b) != h.enc.key {
		return randomBytes(h.enc.key)
	}
	return b
}

func (h header) unwrap(material any, encryptedKey []byte) ([]byte, error) {
	switch h.alg.family {
	case rsaOAEP:
		return rsa.DecryptOAEP(h.alg.hash.New(), nil, material.(*rsa.PrivateKey), encryptedKey, nil)
	case rsaPKCS1:
		key := randomBytes(h.enc.key) // unchanged if the padding is wrong, in constant time
		//lint:ignore SA1019 RSA1_5 is defined so, and the caller requested it by name
		err := rsa.DecryptPKCS1v15SessionKey(nil, material.(*rsa.PrivateKey), encryptedKey, key)
		return key, err
	case direct:
		return material.([]byte), nil
	case aesKW:
		return unwrapAES(material.([]byte), encryptedKey)
	case aesGCMKW:
		aead, err := gcm(material.([]byte))
		if err != nil {
			return nil, err
		}
		return aead.Open(nil, h.iv, slices.Concat(encryptedKey, h.tag), nil)
	case pbes2:
		kek, err := h.passwordKey(material.([]byte))
		if err != nil {
			return nil, err
		}
		return unwrapAES(kek, encryptedKey)
	default:
		return h.unwrapAgreed(material, encryptedKey)
	}
}

func (h header) unwrapAgreed(material any, encryptedKey []byte) ([]byte, error) {
	private, err := privateECDH(material)
	if err != nil {
		return nil, err
	}
	key, err := h.agreed(private, h.epk)
	if err != nil || h.alg.kek == 0 {
		return key, err
	}
	return unwrapAES(key, encryptedKey)
}

func unwrapAES(kek, encryptedKey []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	return josecipher.KeyUnwrap(block, encryptedKey)
}

// passwordKey derives the wrapping key from the password by PBKDF2 (RFC 7518 §4.8.1).
func (h header) passwordKey(password []byte) ([]byte, error) {
	salt := slices.Concat([]byte(h.alg.name), []byte{0}, h.p2s)
	prf := func() hash.Hash { return h.alg.hash.New() }
	return pbkdf2.Key(prf, string(password), salt, h.p2c, h.alg.kek)
}
