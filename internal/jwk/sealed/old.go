package sealed

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/x509/pkix"
	"encoding/binary"
	"slices"
	"unicode/utf16"

	"jwt/internal/asn1der"
	"jwt/internal/verdict"
)

// An oldCipher is an encryption of PKCS #12 from before PBES2 (RFC 7292 App. C).
type oldCipher struct {
	oid     string
	keySize int
	block   func(key []byte) (cipher.Block, error)
}

func oldCiphers() []oldCipher {
	return []oldCipher{
		{"1.2.840.113549.1.12.1.3", 24, des.NewTripleDESCipher},
		{"1.2.840.113549.1.12.1.5", 16, newRC2},
		{"1.2.840.113549.1.12.1.6", 5, newRC2},
	}
}

// openOld decrypts what one of the old ciphers encrypts. It returns nil for another cipher or
// passphrase.
func openOld(id pkix.AlgorithmIdentifier, data []byte, passphrase string) ([]byte, error) {
	ciphers := oldCiphers()
	i := slices.IndexFunc(ciphers, func(c oldCipher) bool { return c.oid == id.Algorithm.String() })
	if i < 0 {
		return nil, nil
	}
	var params struct {
		Salt       []byte
		Iterations int
	}
	switch {
	case !asn1der.Parse(id.Parameters.FullBytes, &params) || params.Iterations < 1 || len(data) == 0 || len(data)%rc2BlockSize != 0:
		return nil, damaged()
	case params.Iterations > maxIterations:
		return nil, verdict.Errorf(verdict.LimitExceeded, "the PKCS#12 file asks for %d iterations, the limit is %d", params.Iterations, maxIterations)
	}
	passwords := [][]byte{bmpString(passphrase)}
	if passphrase == "" {
		passwords = append(passwords, nil) // as some programs write an empty one
	}
	for _, password := range passwords {
		c := pbeCipher{block: ciphers[i].block, iv: oldKey(password, params.Salt, params.Iterations, forIV, rc2BlockSize)}
		plain, ok := c.open(oldKey(password, params.Salt, params.Iterations, forKey, ciphers[i].keySize), data)
		if ok {
			return plain, nil
		}
	}
	return nil, nil
}

// bmpString returns the passphrase in UTF-16 with a zero at its end (RFC 7292 App. B.1).
func bmpString(passphrase string) (b []byte) {
	for _, c := range append(utf16.Encode([]rune(passphrase)), 0) {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	return b
}

// The purposes of derived keys (RFC 7292 App. B.3).
const (
	forKey = 1
	forIV  = 2
)

// oldKey derives a key from a passphrase by SHA-1 (RFC 7292 App. B.2).
func oldKey(password, salt []byte, iterations int, purpose byte, size int) (key []byte) {
	diversifier := bytes.Repeat([]byte{purpose}, sha1.BlockSize)
	input := append(filled(salt), filled(password)...)
	for {
		a := sha1.Sum(append(slices.Clone(diversifier), input...))
		for range iterations - 1 {
			a = sha1.Sum(a[:])
		}
		if key = append(key, a[:]...); len(key) >= size {
			return key[:size]
		}
		for block := range slices.Chunk(input, sha1.BlockSize) {
			addOne(block, a[:])
		}
	}
}

// filled repeats b to a multiple of the block size. Nothing stays nothing.
func filled(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	size := (len(b) + sha1.BlockSize - 1) / sha1.BlockSize * sha1.BlockSize
	return bytes.Repeat(b, size/len(b)+1)[:size]
}

// addOne adds the repeated text and 1 to a block, a number of 512 bits, modulo 2^512.
func addOne(block, repeated []byte) {
	carry := 1
	for i := len(block) - 1; i >= 0; i-- {
		carry += int(block[i]) + int(repeated[i%len(repeated)])
		block[i], carry = byte(carry), carry>>8
	}
}
