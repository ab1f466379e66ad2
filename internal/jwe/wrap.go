package jwe

import (
	"crypto/aes"
	"crypto/rand"
	"crypto/rsa"
	"strconv"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// saltBytes is the size of a new token's p2s.
const saltBytes = 16

// wrap makes the content encryption key and encrypts it to the secret or public key. It
// adds the parameters that the receiver needs to the header.
func (h *header) wrap(protected *jsonobject.Object, material any) (contentKey, encryptedKey []byte, err error) {
	contentKey = randomBytes(h.enc.key)
	switch h.alg.family {
	case rsaOAEP:
		encryptedKey, err = rsa.EncryptOAEP(h.alg.hash.New(), rand.Reader, material.(*rsa.PublicKey), contentKey, nil)
	case direct:
		contentKey = material.([]byte)
	case aesKW:
		encryptedKey, err = wrapAES(material.([]byte), contentKey)
	case aesGCMKW:
		encryptedKey, err = h.wrapGCM(protected, material.([]byte), contentKey)
	case pbes2:
		encryptedKey, err = h.wrapPassword(protected, material.([]byte), contentKey)
	case ecdhES:
		return h.wrapAgreed(protected, material, contentKey)
	}
	return contentKey, encryptedKey, err
}

func wrapAES(kek, contentKey []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	return josecipher.KeyWrap(block, contentKey)
}

func (h *header) wrapGCM(protected *jsonobject.Object, kek, contentKey []byte) ([]byte, error) {
	aead, err := gcm(kek)
	if err != nil {
		return nil, err
	}
	h.iv = randomBytes(gcmNonceBytes)
	sealed := aead.Seal(nil, h.iv, contentKey, nil)
	encryptedKey := sealed[:len(contentKey)]
	h.tag = sealed[len(contentKey):]
	protected.Set("iv", jsonobject.Quote(base64url.Encode(h.iv)))
	protected.Set("tag", jsonobject.Quote(base64url.Encode(h.tag)))
	return encryptedKey, nil
}

func (h *header) wrapPassword(protected *jsonobject.Object, password, contentKey []byte) ([]byte, error) {
	h.p2s = randomBytes(saltBytes)
	protected.Set("p2s", jsonobject.Quote(base64url.Encode(h.p2s)))
	protected.Set("p2c", jsonobject.Value(strconv.Itoa(h.p2c)))
	kek, err := h.passwordKey(password)
	if err != nil {
		return nil, err
	}
	return wrapAES(kek, contentKey)
}

// wrapAgreed agrees on a key with an ephemeral one and, if alg wraps, wraps contentKey
// with it.
func (h *header) wrapAgreed(protected *jsonobject.Object, material any, contentKey []byte) (key, encryptedKey []byte, err error) {
	public, err := publicECDH(material)
	if err != nil {
		return nil, nil, err
	}
	private, err := public.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	protected.Set("epk", h.curve.epk(private.PublicKey()))
	agreed, err := h.agreed(private, public)
	if err != nil {
		return nil, nil, err
	}
	if h.alg.kek == 0 {
		return agreed, nil, nil
	}
	encryptedKey, err = wrapAES(agreed, contentKey)
	return contentKey, encryptedKey, err
}
