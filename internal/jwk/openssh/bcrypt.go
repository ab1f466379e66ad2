package openssh

import (
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/blowfish" //lint:ignore SA1019 what OpenSSH's key derivation is made of
)

// bcryptPBKDF derives size bytes from a passphrase like OpenSSH's bcrypt_pbkdf: PBKDF2
// with bcrypt over SHA-512, with the bytes of each block spread over the result.
// golang.org/x/crypto/ssh has it too, but linking that package costs every start of the
// program more than these lines.
func bcryptPBKDF(passphrase, salt []byte, rounds, size int) []byte {
	pass := sha512.Sum512(passphrase)
	blocks := (size + bcryptSize - 1) / bcryptSize
	out := make([]byte, blocks*bcryptSize)
	for b := range blocks {
		salted := sha512.Sum512(binary.BigEndian.AppendUint32(append([]byte(nil), salt...), uint32(b+1)))
		last := bcryptHash(pass[:], salted[:])
		sum := last
		for range rounds - 1 {
			salted = sha512.Sum512(last[:])
			last = bcryptHash(pass[:], salted[:])
			subtle.XORBytes(sum[:], sum[:], last[:])
		}
		for i, c := range sum {
			out[i*blocks+b] = c
		}
	}
	return out[:size]
}

const bcryptSize = 32

// bcryptHash is bcrypt at cost 6 with another text, and little-endian words.
func bcryptHash(pass, salt []byte) [bcryptSize]byte {
	c, err := blowfish.NewSaltedCipher(pass, salt)
	if err != nil {
		panic("openssh: a SHA-512 sum is not a Blowfish key: " + err.Error())
	}
	for range 64 {
		blowfish.ExpandKey(salt, c)
		blowfish.ExpandKey(pass, c)
	}
	sum := [bcryptSize]byte([]byte("OxychromaticBlowfishSwatDynamite"))
	for i := 0; i < bcryptSize; i += blowfish.BlockSize {
		for range 64 {
			c.Encrypt(sum[i:], sum[i:])
		}
	}
	for i := 0; i < bcryptSize; i += 4 {
		binary.LittleEndian.PutUint32(sum[i:], binary.BigEndian.Uint32(sum[i:]))
	}
	return sum
}
