package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"

	"jwt/internal/asn1der"
	"jwt/internal/verdict"
)

// New keys are encrypted with PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC, which every
// OpenSSL since 1.0 reads. OWASP has recommended this number of iterations since 2023.
const (
	NewIterations = 600_000
	newSaltBytes  = 16
)

var (
	pbes2ID      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	pbkdf2ID     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	hmacSHA256ID = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	aes256CBCID  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// Encrypt wraps a PrivateKeyInfo in an EncryptedPrivateKeyInfo (RFC 5958 §3).
func Encrypt(plain, passphrase []byte) ([]byte, error) {
	salt, iv := make([]byte, newSaltBytes), make([]byte, aes.BlockSize)
	for _, b := range [][]byte{salt, iv} {
		if _, err := rand.Read(b); err != nil {
			return nil, verdict.Errorf(verdict.Internal, "no randomness: %w", err)
		}
	}
	key, err := pbkdf2.Key(sha256.New, string(passphrase), salt, NewIterations, 32)
	if err != nil {
		return nil, verdict.Errorf(verdict.Internal, "encrypting the key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, verdict.Errorf(verdict.Internal, "encrypting the key: %w", err)
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize // RFC 8018 §6.1.1
	data := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)

	kdf := pbkdf2Params{Salt: salt, Iterations: NewIterations, PRF: asn1der.AlgorithmID(hmacSHA256ID, asn1.NullRawValue)}
	der, err := asn1.Marshal(encryptedInfo{
		Algorithm: asn1der.AlgorithmID(pbes2ID, pbes2Params{
			KDF:    asn1der.AlgorithmID(pbkdf2ID, kdf),
			Cipher: asn1der.AlgorithmID(aes256CBCID, iv),
		}),
		Data: data,
	})
	if err != nil {
		return nil, verdict.Errorf(verdict.Internal, "encoding the encrypted key: %w", err)
	}
	return der, nil
}
