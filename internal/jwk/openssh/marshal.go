package openssh

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"math/big"

	"jwt/internal/verdict"
)

// Encryption of new keys. ssh-keygen has used 24 rounds since OpenSSH 9.4.
const (
	newRounds    = 24
	newSaltBytes = 16
)

// MarshalLine returns the line of a .pub file (sshd(8)) for a public key, and false if
// OpenSSH has no key type for it.
func MarshalLine(public any, comment string) (line []byte, ok bool) {
	blob, kind, ok := marshalPublic(public)
	if !ok {
		return nil, false
	}
	text := kind + " " + base64.StdEncoding.EncodeToString(blob)
	if comment = printable(comment); comment != "" {
		text += " " + comment
	}
	return []byte(text + "\n"), true
}

// MarshalPrivate returns the PEM of the container of OpenSSH's PROTOCOL.key, encrypted
// with AES-256-CTR if the passphrase is not nil. It reports false if OpenSSH has no key
// type for the key.
func MarshalPrivate(private, public any, comment string, passphrase []byte) (text []byte, ok bool, err error) {
	blob, kind, ok := marshalPublic(public)
	if !ok {
		return nil, false, nil
	}
	random := make([]byte, 4+newSaltBytes)
	if _, err := rand.Read(random); err != nil {
		return nil, true, verdict.Errorf(verdict.Internal, "no randomness: %w", err)
	}
	check, salt := random[:4], random[4:]
	list, blockSize := marshalList(private, kind, comment, check), 8
	cipherName, kdf, options := "none", "none", []byte(nil)
	if passphrase != nil {
		cipherName, kdf, blockSize = "aes256-ctr", "bcrypt", aes.BlockSize
		o := writer{}
		o.octets(salt)
		o.uint32(newRounds)
		options = o.b
	}
	for i := byte(1); len(list)%blockSize != 0; i++ {
		list = append(list, i)
	}
	if passphrase != nil {
		derived := bcryptPBKDF(passphrase, salt, newRounds, 32+aes.BlockSize)
		block, err := aes.NewCipher(derived[:32])
		if err != nil {
			return nil, true, verdict.Errorf(verdict.Internal, "encrypting the key: %w", err)
		}
		cipher.NewCTR(block, derived[32:]).XORKeyStream(list, list)
	}
	w := writer{b: []byte(magic)}
	w.text(cipherName)
	w.text(kdf)
	w.octets(options)
	w.uint32(1)
	w.octets(blob)
	w.octets(list)
	return encodePEM(w.b), true, nil
}

// marshalPublic returns the encoded public key and its type.
func marshalPublic(public any) (blob []byte, kind string, ok bool) {
	w := writer{}
	switch m := public.(type) {
	case *rsa.PublicKey:
		kind = "ssh-rsa"
		w.text(kind)
		w.mpint(big.NewInt(int64(m.E)))
		w.mpint(m.N)
	case *ecdsa.PublicKey:
		point, err := m.Bytes()
		if err != nil {
			return nil, "", false
		}
		kind = kindOf(m.Curve)
		_, name := curveOf(kind)
		w.text(kind)
		w.text(name)
		w.octets(point)
	case ed25519.PublicKey:
		kind = "ssh-ed25519"
		w.text(kind)
		w.octets(m)
	}
	return w.b, kind, kind != ""
}

func kindOf(curve elliptic.Curve) string {
	switch curve {
	case elliptic.P256():
		return "ecdsa-sha2-nistp256"
	case elliptic.P384():
		return "ecdsa-sha2-nistp384"
	case elliptic.P521():
		return "ecdsa-sha2-nistp521"
	}
	return ""
}

// marshalList returns the list of one private key, without its padding. It begins with
// check twice, so that a wrong passphrase is detected.
func marshalList(private any, kind, comment string, check []byte) []byte {
	w := writer{b: append(bytes.Clone(check), check...)}
	w.text(kind)
	switch m := private.(type) {
	case *rsa.PrivateKey:
		w.mpint(m.N)
		w.mpint(big.NewInt(int64(m.E)))
		for _, n := range []*big.Int{m.D, m.Precomputed.Qinv, m.Primes[0], m.Primes[1]} {
			w.mpint(n)
		}
	case *ecdsa.PrivateKey:
		_, name := curveOf(kind)
		w.text(name)
		w.octets(must(m.PublicKey.Bytes()))
		w.mpint(new(big.Int).SetBytes(must(m.Bytes())))
	case ed25519.PrivateKey:
		w.octets(m.Public().(ed25519.PublicKey))
		w.octets(m)
	}
	w.text(printable(comment))
	return w.b
}

// must returns the encoding of a key that package jwk has accepted. It cannot fail.
func must(b []byte, err error) []byte {
	if err != nil {
		panic("openssh: the key cannot be encoded: " + err.Error())
	}
	return b
}

// printable returns a comment of printable ASCII, or "". A line break in a comment would
// add a key to an authorized_keys file.
func printable(comment string) string {
	for _, c := range []byte(comment) {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return comment
}

// encodePEM breaks lines at 70 characters, like ssh-keygen.
func encodePEM(content []byte) []byte {
	const label, columns = "OPENSSH PRIVATE KEY", 70
	out := []byte("-----BEGIN " + label + "-----\n")
	for text := base64.StdEncoding.EncodeToString(content); text != ""; {
		n := min(columns, len(text))
		out = append(append(out, text[:n]...), '\n')
		text = text[n:]
	}
	return append(out, "-----END "+label+"-----\n"...)
}

// A writer writes the types of RFC 4251 §5 one after another.
type writer struct{ b []byte }

func (w *writer) uint32(n uint32) { w.b = binary.BigEndian.AppendUint32(w.b, n) }

func (w *writer) octets(b []byte) {
	w.uint32(uint32(len(b)))
	w.b = append(w.b, b...)
}

func (w *writer) text(s string) { w.octets([]byte(s)) }

// mpint writes a positive number, after a zero octet if its first bit is set.
func (w *writer) mpint(n *big.Int) {
	b := n.Bytes()
	if len(b) > 0 && b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	w.octets(b)
}
