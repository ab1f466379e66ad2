// Package sealed opens keys that a passphrase protects: encrypted PKCS #8 (RFC 5958, RFC 8018) and
// PKCS #12 files (RFC 7292). The work that a file may ask for is bounded.
package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"errors"
	"hash"

	"golang.org/x/crypto/scrypt"

	"jwt/internal/asn1der"
	"jwt/internal/verdict"
)

// Limits on the work of opening a key, checked first because a key can come from a URL.
// OpenSSL writes 2048 iterations, or N=2^14, r=8, p=1.
//
// The keys are decrypted here because no library in use limits the work first (checked
// 2026-11).
const (
	maxIterations   = 1_200_000
	maxScryptMemory = 64 << 20 // 128·N·r bytes
	maxScryptP      = 16
)

// EncryptedPrivateKeyInfo (RFC 5958 §3) and the parameters of PBES2 and its key
// derivations (RFC 8018 App. A.2 and A.4, RFC 7914 §7).
type (
	encryptedInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2Params struct {
		KDF, Cipher pkix.AlgorithmIdentifier
	}
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	scryptParams struct {
		Salt      []byte
		N, R, P   int
		KeyLength int `asn1:"optional"`
	}
)

// Object identifiers in dotted form.
const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

// PKCS8 reads an EncryptedPrivateKeyInfo, which must be encrypted with PBES2 (RFC 8018 §6.2).
func PKCS8(der []byte) (Data, error) {
	var info encryptedInfo
	if !asn1der.Parse(der, &info) {
		return Data{}, damaged()
	}
	if info.Algorithm.Algorithm.String() != oidPBES2 {
		return Data{}, verdict.Errorf(verdict.KeyUnreadable, "the key is encrypted with %s, which is not supported: only PBES2 is", info.Algorithm.Algorithm).
			Hintf("openssl pkcs8 -topk8 -in KEY.pem -out NEW.pem")
	}
	return newData(info.Algorithm, info.Data)
}

// Data is what PBES2 encrypts, with parameters within the limits.
type Data struct {
	Work int // of opening it, in microseconds

	data   []byte
	cipher pbeCipher
	derive derivation
}

// ErrPassphrase is the error of a wrong passphrase. Damaged data gives the same error.
var ErrPassphrase = errors.New("the passphrase is wrong, or the data is damaged")

func newData(id pkix.AlgorithmIdentifier, data []byte) (p Data, err error) {
	var params pbes2Params
	if !asn1der.Parse(id.Parameters.FullBytes, &params) {
		return p, damaged()
	}
	if p.cipher, err = newPBECipher(params.Cipher); err != nil {
		return p, err
	}
	if n := len(data); n == 0 || n%len(p.cipher.iv) != 0 {
		return p, damaged()
	}
	p.data = data
	p.derive, p.Work, err = keyDerivation(params.KDF, p.cipher.keySize)
	return p, err
}

// Open decrypts the data.
func (p Data) Open(passphrase []byte) ([]byte, error) {
	key, err := p.derive(passphrase)
	if err != nil {
		return nil, damaged()
	}
	plain, ok := p.cipher.open(key, p.data)
	if !ok {
		return nil, ErrPassphrase
	}
	return plain, nil
}

func damaged() error {
	return verdict.Errorf(verdict.KeyRefused, "the encrypted key is damaged")
}

// A pbeCipher is one of the block ciphers in CBC mode of RFC 8018 App. B.2.
type pbeCipher struct {
	keySize int
	block   func(key []byte) (cipher.Block, error)
	iv      []byte
}

func newPBECipher(id pkix.AlgorithmIdentifier) (pbeCipher, error) {
	c := pbeCipher{block: aes.NewCipher}
	ivSize := aes.BlockSize
	switch id.Algorithm.String() {
	case "2.16.840.1.101.3.4.1.2":
		c.keySize = 16
	case "2.16.840.1.101.3.4.1.22":
		c.keySize = 24
	case "2.16.840.1.101.3.4.1.42":
		c.keySize = 32
	case "1.2.840.113549.3.7": // des-EDE3-CBC, which OpenSSL wrote before 1.1
		c.keySize, c.block, ivSize = 24, des.NewTripleDESCipher, des.BlockSize
	default:
		return c, verdict.Errorf(verdict.KeyUnreadable, "the key is encrypted with a cipher that is not supported (%s): only AES-CBC is", id.Algorithm)
	}
	if !asn1der.Parse(id.Parameters.FullBytes, &c.iv) || len(c.iv) != ivSize {
		return c, damaged()
	}
	return c, nil
}

// open decrypts and removes the padding (RFC 8018 §6.1.1). It reports false for a wrong
// key or damaged data.
func (c pbeCipher) open(key, data []byte) ([]byte, bool) {
	block, err := c.block(key)
	if err != nil {
		return nil, false
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, c.iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > len(c.iv) {
		return nil, false
	}
	plain, padding := plain[:len(plain)-pad], plain[len(plain)-pad:]
	return plain, bytes.Count(padding, []byte{byte(pad)}) == pad
}

// A derivation derives a key from a passphrase.
type derivation func(passphrase []byte) ([]byte, error)

// keyDerivation returns the derivation of a key, and its cost in microseconds. It refuses
// parameters that exceed the limits.
func keyDerivation(id pkix.AlgorithmIdentifier, size int) (derivation, int, error) {
	switch id.Algorithm.String() {
	case oidPBKDF2:
		return pbkdf2Derivation(id, size)
	case oidScrypt:
		return scryptDerivation(id, size)
	}
	return nil, 0, verdict.Errorf(verdict.KeyUnreadable, "the key is encrypted with a key derivation that is not supported (%s): only PBKDF2 and scrypt are", id.Algorithm)
}

func pbkdf2Derivation(id pkix.AlgorithmIdentifier, size int) (derivation, int, error) {
	var p pbkdf2Params
	if !asn1der.Parse(id.Parameters.FullBytes, &p) || p.KeyLength != 0 && p.KeyLength != size {
		return nil, 0, damaged()
	}
	prf, ok := prfOf(p.PRF)
	switch {
	case !ok:
		return nil, 0, verdict.Errorf(verdict.KeyUnreadable, "the key is encrypted with a PBKDF2 that is not supported (%s)", p.PRF.Algorithm)
	case p.Iterations < 1 || p.Iterations > maxIterations:
		return nil, 0, verdict.Errorf(verdict.LimitExceeded, "the key asks for %d PBKDF2 iterations, more than the limit of %d", p.Iterations, maxIterations)
	}
	return func(passphrase []byte) ([]byte, error) {
		return pbkdf2.Key(prf, string(passphrase), p.Salt, p.Iterations, size)
	}, p.Iterations, nil
}

func scryptDerivation(id pkix.AlgorithmIdentifier, size int) (derivation, int, error) {
	var p scryptParams
	if !asn1der.Parse(id.Parameters.FullBytes, &p) || p.KeyLength != 0 && p.KeyLength != size {
		return nil, 0, damaged()
	}
	if p.N < 2 || p.R < 1 || p.P < 1 || p.P > maxScryptP || p.R > maxScryptMemory/128 || p.N > maxScryptMemory/128/p.R {
		return nil, 0, verdict.Errorf(verdict.LimitExceeded, "the key asks for scrypt with N=%d, r=%d, p=%d, more than the limit", p.N, p.R, p.P)
	}
	return func(passphrase []byte) ([]byte, error) {
		return scrypt.Key(passphrase, p.Salt, p.N, p.R, p.P, size)
	}, p.N * p.R * p.P / 2, nil
}

// prfOf returns the hash of the HMAC in PBKDF2 (RFC 8018 App. B.1); the default is
// SHA-1.
func prfOf(id pkix.AlgorithmIdentifier) (func() hash.Hash, bool) {
	switch id.Algorithm.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New, true
	case "1.2.840.113549.2.8":
		return sha256.New224, true
	case "1.2.840.113549.2.9":
		return sha256.New, true
	case "1.2.840.113549.2.10":
		return sha512.New384, true
	case "1.2.840.113549.2.11":
		return sha512.New, true
	}
	return nil, false
}
