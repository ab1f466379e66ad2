package openssh

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"

	"jwt/internal/verdict"
)

// A Passphrase opens encrypted keys.
type Passphrase interface {
	// Ask returns the passphrase of the key that what describes. It fails if the cost of
	// deriving the key, in microseconds, exceeds its limit.
	Ask(what string, microseconds int) ([]byte, error)
	// Wrong returns the error for a passphrase that does not open the key.
	Wrong() error
}

// magic begins the container of a private key.
const magic = "openssh-key-v1\x00"

// cipherGCM is the only authenticated cipher here: its tag follows the container.
const cipherGCM = "aes256-gcm@openssh.com"

// Limits on the work of opening a key. ssh-keygen uses 16 or 24 rounds.
const (
	maxRounds         = 500
	roundMicroseconds = 10_000
)

// ParsePrivate reads the container of one private key: the decoded content of an OPENSSH
// PRIVATE KEY block.
func ParsePrivate(b []byte, p Passphrase) (material any, err error) {
	b, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, damaged()
	}
	r := newReader(b)
	cipherName, kdf, options := string(r.Octets()), string(r.Octets()), r.Octets()
	count, _, private := r.Uint32(), r.Octets(), r.Octets()
	switch {
	case r.Short || count != 1:
		return nil, damaged()
	case cipherName == "none" && len(r.Rest) > 0:
		return nil, damaged()
	case cipherName == "none":
		return parseList(private, damaged)
	}
	plain, err := decrypt(p, cipherName, kdf, options, private, r.Rest)
	if err != nil {
		return nil, err
	}
	return parseList(plain, p.Wrong)
}

// parseList reads the list of one private key. It begins with the same number twice.
// mismatch returns the error if they differ, as they do after decryption with a wrong
// passphrase.
func parseList(private []byte, mismatch func() error) (any, error) {
	r := newReader(private)
	if check, same := r.Uint32(), r.Uint32(); check != same || r.Short {
		return nil, mismatch()
	}
	material, err := r.private(string(r.Octets()))
	if err != nil {
		return nil, err
	}
	r.Octets() // the comment
	for i, c := range r.Rest {
		if c != byte(i+1) {
			return nil, damaged()
		}
	}
	if r.Short {
		return nil, damaged()
	}
	return material, nil
}

func (r *reader) private(kind string) (any, error) {
	switch kind {
	case "ssh-rsa":
		n, e, d := r.mpint(), r.mpint(), r.mpint()
		_, p, q := r.mpint(), r.mpint(), r.mpint()
		if e.BitLen() > 31 {
			return nil, damaged()
		}
		return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}, nil
	case "ssh-ed25519":
		public, private := r.Octets(), r.Octets()
		k := ed25519.PrivateKey(bytes.Clone(private)) // the seed, then the public key again
		if len(k) != ed25519.PrivateKeySize || !bytes.Equal(public, k[32:]) {
			return nil, damaged()
		}
		return k, nil
	}
	curve, name := curveOf(kind)
	if curve == nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "an OpenSSH private key of this type is not supported: only rsa, ecdsa and ed25519 are")
	}
	named, point, d := string(r.Octets()), r.Octets(), r.mpint()
	if named != name {
		return nil, damaged()
	}
	return ecdsaKey(curve, point, d)
}

func ecdsaKey(curve elliptic.Curve, point []byte, d *big.Int) (any, error) {
	size := (curve.Params().BitSize + 7) / 8
	if d.BitLen() > 8*size {
		return nil, damaged()
	}
	k, err := ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, damaged()
	}
	if own, err := k.PublicKey.Bytes(); err != nil || !bytes.Equal(own, point) {
		return nil, damaged()
	}
	return k, nil
}

// decrypt decrypts the private part. tag is the data after it. It checks all parameters
// before it does any work.
func decrypt(p Passphrase, name, kdf string, options, data, tag []byte) ([]byte, error) {
	sizes, ok := ciphers[name]
	if !ok {
		return nil, verdict.Errorf(verdict.KeyUnreadable, "the OpenSSH key is encrypted with a cipher that is not supported").
			Hintf("ssh-keygen -p -Z aes256-ctr -f KEY")
	}
	if kdf != "bcrypt" || len(tag) > 0 && name != cipherGCM || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, damaged()
	}
	salt, rounds, err := bcryptOptions(options)
	if err != nil {
		return nil, err
	}
	passphrase, err := p.Ask("the OpenSSH key", rounds*roundMicroseconds)
	if err != nil {
		return nil, err
	}
	if len(passphrase) == 0 { // ssh-keygen never encrypts with an empty passphrase
		return nil, p.Wrong()
	}
	derived := bcryptPBKDF(passphrase, salt, rounds, sizes.key+sizes.iv)
	plain, ok := decryptBlocks(name, derived[:sizes.key], derived[sizes.key:], data, tag)
	if !ok {
		return nil, p.Wrong()
	}
	return plain, nil
}

// ciphers lists the ciphers with the bytes of their keys and initial values.
var ciphers = map[string]struct{ key, iv int }{
	"aes128-ctr": {16, aes.BlockSize},
	"aes192-ctr": {24, aes.BlockSize},
	"aes256-ctr": {32, aes.BlockSize},
	"aes256-cbc": {32, aes.BlockSize},
	cipherGCM:    {32, 12},
}

// bcryptOptions reads the options of the key derivation, within the limit.
func bcryptOptions(options []byte) (salt []byte, rounds int, err error) {
	r := newReader(options)
	salt, n := r.Octets(), r.Uint32()
	switch {
	case !r.done() || len(salt) == 0 || n == 0:
		return nil, 0, damaged()
	case n > maxRounds:
		return nil, 0, verdict.Errorf(verdict.LimitExceeded, "the key asks for %d bcrypt rounds, more than the limit of %d", n, maxRounds)
	}
	return salt, int(n), nil
}

// decryptBlocks reports false if the tag of an authenticated cipher is wrong.
func decryptBlocks(name string, key, iv, data, tag []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("openssh: AES key of a wrong size: " + err.Error())
	}
	plain := make([]byte, len(data))
	switch name {
	case "aes256-cbc":
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	case cipherGCM:
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			panic("openssh: AES-GCM: " + err.Error())
		}
		plain, err = gcm.Open(plain[:0], iv, append(bytes.Clone(data), tag...), nil)
		return plain, err == nil
	default:
		cipher.NewCTR(block, iv).XORKeyStream(plain, data)
	}
	return plain, true
}
