package jwe

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"io"
	"slices"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"jwt/internal/verdict"
)

const (
	gcmNonceBytes = 12
	gcmTagBytes   = 16
)

func (e encryption) aead(key []byte) (cipher.AEAD, error) {
	if e.cbc {
		return josecipher.NewCBCHMAC(key, aes.NewCipher)
	}
	return gcm(key)
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal encrypts under a key of e's size with a fresh initialization vector.
func (e encryption) seal(key, plaintext, additionalData []byte) (iv, ciphertext, tag []byte, err error) {
	aead, err := e.aead(key)
	if err != nil {
		return nil, nil, nil, err
	}
	iv = randomBytes(e.iv)
	sealed := aead.Seal(nil, iv, plaintext, additionalData)
	border := len(sealed) - e.tag
	return iv, sealed[:border], sealed[border:], nil
}

// open reverses seal. The sizes of iv and tag must have been checked.
func (e encryption) open(key, iv, ciphertext, tag, additionalData []byte) ([]byte, error) {
	aead, err := e.aead(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, iv, slices.Concat(ciphertext, tag), additionalData)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// Inflate reverses DEFLATE (RFC 1951) and stops at limit bytes: an attacker who can encrypt to
// the key can send a small token that inflates to a thousand times its size.
func Inflate(compressed []byte, limit int) ([]byte, error) {
	src := bytes.NewReader(compressed)
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(src), int64(limit)+1))
	switch {
	case len(b) > limit:
		return nil, verdict.Errorf(verdict.LimitExceeded, "zip: the plaintext inflates to more than %d bytes", limit).
			Hintf("if you trust the sender: --max-inflated BYTES")
	case err != nil:
		return nil, verdict.Errorf(verdict.Malformed, "zip: the plaintext is not DEFLATE data (RFC 1951): %w", err)
	case src.Len() > 0:
		return nil, verdict.Errorf(verdict.Malformed, "zip: %d bytes follow the end of the DEFLATE data", src.Len())
	}
	return b, nil
}

// deflate compresses the plaintext (RFC 1951).
func deflate(plaintext []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
