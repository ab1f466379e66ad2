package jwk

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

// The container of an OpenSSH private key begins with these bytes; what follows
// is described in OpenSSH's PROTOCOL.key.
const opensshMagic = "openssh-key-v1\x00"

// opensshGCM is the one cipher here that authenticates: its tag stands behind
// the container.
const opensshGCM = "aes256-gcm@openssh.com"

// maxBcryptRounds bounds the work of opening a key; ssh-keygen asks for 16 or 24.
const (
	maxBcryptRounds = 500
	bcryptRound     = 10_000 // microseconds
)

func (r *reader) opensshPrivate(b []byte) (Key, error) {
	b, ok := bytes.CutPrefix(b, []byte(opensshMagic))
	if !ok {
		return Key{}, brokenOpenSSH()
	}
	w := wire{rest: b}
	cipherName, kdf, options := string(w.octets()), string(w.octets()), w.octets()
	count, _, private := w.uint32(), w.octets(), w.octets()
	switch {
	case w.short || count != 1:
		return Key{}, brokenOpenSSH()
	case cipherName != "none":
		plain, err := r.opensshDecrypt(cipherName, kdf, options, private, w.rest)
		if err != nil {
			return Key{}, err
		}
		return opensshKey(plain, true)
	case len(w.rest) > 0:
		return Key{}, brokenOpenSSH()
	}
	return opensshKey(private, false)
}

// opensshKey reads the list of one private key. The two equal numbers in front
// tell whether the passphrase was right.
func opensshKey(private []byte, encrypted bool) (Key, error) {
	w := wire{rest: private}
	if check, same := w.uint32(), w.uint32(); check != same || w.short {
		if encrypted {
			return Key{}, wrongPassphrase()
		}
		return Key{}, brokenOpenSSH()
	}
	material, err := w.private(string(w.octets()))
	if err != nil {
		return Key{}, err
	}
	w.octets() // the comment
	for i, c := range w.rest {
		if c != byte(i+1) {
			return Key{}, brokenOpenSSH()
		}
	}
	if w.short {
		return Key{}, brokenOpenSSH()
	}
	k, err := New(material)
	if err != nil {
		return Key{}, err
	}
	k.Format = "OpenSSH private"
	return k, nil
}

func (w *wire) private(kind string) (any, error) {
	switch kind {
	case "ssh-rsa":
		n, e, d := w.mpint(), w.mpint(), w.mpint()
		_, p, q := w.mpint(), w.mpint(), w.mpint()
		return opensshRSA(n, e, d, p, q)
	case "ssh-ed25519":
		public, private := w.octets(), w.octets()
		k := ed25519.PrivateKey(bytes.Clone(private)) // the seed, then the public key again
		if len(k) != ed25519.PrivateKeySize || !bytes.Equal(public, k[32:]) {
			return nil, brokenOpenSSH()
		}
		return k, nil
	}
	curve, name := opensshCurve(kind)
	if curve == nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "an OpenSSH key of this type is of no use here, only rsa, ecdsa and ed25519 are")
	}
	named, point, d := string(w.octets()), w.octets(), w.mpint()
	return opensshECDSA(curve, named == name, point, d)
}

func opensshRSA(n, e, d, p, q *big.Int) (any, error) {
	if e.BitLen() > 31 {
		return nil, brokenOpenSSH()
	}
	public := rsa.PublicKey{N: n, E: int(e.Int64())}
	if err := checkRSA(&public); err != nil { // before any work that grows with n
		return nil, err
	}
	return &rsa.PrivateKey{PublicKey: public, D: d, Primes: []*big.Int{p, q}}, nil
}

func opensshECDSA(curve elliptic.Curve, named bool, point []byte, d *big.Int) (any, error) {
	size := (curve.Params().BitSize + 7) / 8
	if !named || d.BitLen() > 8*size {
		return nil, brokenOpenSSH()
	}
	k, err := ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, brokenOpenSSH()
	}
	if own, err := k.PublicKey.Bytes(); err != nil || !bytes.Equal(own, point) {
		return nil, brokenOpenSSH()
	}
	return k, nil
}

// opensshDecrypt opens the private part; tag is what stands behind it.
func (r *reader) opensshDecrypt(name, kdf string, options, data, tag []byte) ([]byte, error) {
	keySize, ivSize := 32, aes.BlockSize
	switch name {
	case "aes128-ctr":
		keySize = 16
	case "aes192-ctr":
		keySize = 24
	case "aes256-ctr", "aes256-cbc":
	case opensshGCM:
		ivSize = 12
	default:
		return nil, otherOpenSSHCipher()
	}
	w := wire{rest: options}
	salt, rounds := w.octets(), w.uint32()
	switch {
	case len(tag) > 0 && name != opensshGCM:
		return nil, brokenOpenSSH()
	case kdf != "bcrypt" || !w.done() || len(salt) == 0 || rounds == 0 || len(data) == 0 || len(data)%aes.BlockSize != 0:
		return nil, brokenOpenSSH()
	case rounds > maxBcryptRounds:
		return nil, verdict.Errorf(verdict.LimitExceeded, "the key asks for %d bcrypt rounds: at most %d are done", rounds, maxBcryptRounds)
	}
	if err := r.afford(int(rounds) * bcryptRound); err != nil {
		return nil, err
	}
	passphrase, err := r.secret("the OpenSSH key")
	if err != nil {
		return nil, err
	}
	if len(passphrase) == 0 {
		return nil, wrongPassphrase() // ssh-keygen never encrypts with none
	}
	derived := bcryptPBKDF(passphrase, salt, int(rounds), keySize+ivSize)
	block, err := aes.NewCipher(derived[:keySize])
	if err != nil {
		return nil, err
	}
	return openBlocks(name, block, derived[keySize:], data, tag)
}

func openBlocks(name string, block cipher.Block, iv, data, tag []byte) ([]byte, error) {
	plain := make([]byte, len(data))
	switch name {
	case "aes256-cbc":
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	case opensshGCM:
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		plain, err := gcm.Open(plain[:0], iv, append(bytes.Clone(data), tag...), nil)
		if err != nil {
			return nil, wrongPassphrase()
		}
		return plain, nil
	default:
		cipher.NewCTR(block, iv).XORKeyStream(plain, data)
	}
	return plain, nil
}

func otherOpenSSHCipher() error {
	return verdict.Errorf(verdict.KeyUnreadable, "the OpenSSH key is encrypted with a cipher not read here").
		Hintf("ssh-keygen -p -Z aes256-ctr -f KEY")
}
