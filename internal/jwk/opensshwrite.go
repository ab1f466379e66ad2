package jwk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"math/big"

	"jwt/internal/verdict"
)

// newBcryptRounds is what ssh-keygen asks for since OpenSSH 9.4.
const newBcryptRounds = 24

// A wireWriter puts the types of RFC 4251 §5 one after the other.
type wireWriter struct{ b []byte }

func (w *wireWriter) uint32(n uint32) { w.b = binary.BigEndian.AppendUint32(w.b, n) }

func (w *wireWriter) octets(b []byte) {
	w.uint32(uint32(len(b)))
	w.b = append(w.b, b...)
}

func (w *wireWriter) text(s string) { w.octets([]byte(s)) }

// mpint writes a positive number, with a zero in front where it would else be
// read as negative.
func (w *wireWriter) mpint(n *big.Int) {
	b := n.Bytes()
	if len(b) > 0 && b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	w.octets(b)
}

// opensshKind returns the key type of OpenSSH for the key, and false if it has none.
func (k Key) opensshKind() (string, bool) {
	switch k.kindName() {
	case "RSA":
		return "ssh-rsa", true
	case "EC/P-256":
		return "ecdsa-sha2-nistp256", true
	case "EC/P-384":
		return "ecdsa-sha2-nistp384", true
	case "EC/P-521":
		return "ecdsa-sha2-nistp521", true
	case "OKP/Ed25519":
		return "ssh-ed25519", true
	}
	return "", false
}

// opensshBlob is the public key (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4).
func (k Key) opensshBlob() ([]byte, string, error) {
	kind, ok := k.opensshKind()
	if !ok {
		return nil, "", verdict.Errorf(verdict.KeyMismatch, "OpenSSH has no key that is %s", k.Kind())
	}
	w := wireWriter{}
	w.text(kind)
	switch m := k.VerificationMaterial().(type) {
	case *rsa.PublicKey:
		w.mpint(big.NewInt(int64(m.E)))
		w.mpint(m.N)
	case *ecdsa.PublicKey:
		_, name := opensshCurve(kind)
		w.text(name)
		w.octets(mustOctets(m.Bytes()))
	case ed25519.PublicKey:
		w.octets(m)
	}
	return w.b, kind, nil
}

// opensshLine is the one line of a .pub file (sshd(8)), the kid its comment.
func (k Key) opensshLine() ([]byte, error) {
	blob, kind, err := k.opensshBlob()
	if err != nil {
		return nil, err
	}
	line := kind + " " + base64.StdEncoding.EncodeToString(blob)
	if comment := k.comment(); comment != "" {
		line += " " + comment
	}
	return []byte(line + "\n"), nil
}

// comment is the kid where it is printable ASCII: a comment ends with its line.
func (k Key) comment() string {
	for _, c := range []byte(k.ID) {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return k.ID
}

// opensshPrivate is the container of OpenSSH's PROTOCOL.key, encrypted with
// AES-256-CTR under a passphrase that is not nil.
func (k Key) opensshPrivate(passphrase []byte) ([]byte, error) {
	blob, kind, err := k.opensshBlob()
	if err != nil {
		return nil, err
	}
	random := make([]byte, 4+newSaltBytes)
	if _, err := rand.Read(random); err != nil {
		return nil, verdict.Errorf(verdict.Internal, "no randomness: %w", err)
	}
	private, blockSize := k.opensshList(kind, random[:4]), 8
	cipherName, kdf, options := "none", "none", []byte(nil)
	if passphrase != nil {
		cipherName, kdf, blockSize = "aes256-ctr", "bcrypt", aes.BlockSize
		o := wireWriter{}
		o.octets(random[4:])
		o.uint32(newBcryptRounds)
		options = o.b
	}
	for i := byte(1); len(private)%blockSize != 0; i++ {
		private = append(private, i)
	}
	if passphrase != nil {
		derived := bcryptPBKDF(passphrase, random[4:], newBcryptRounds, 32+aes.BlockSize)
		block, err := aes.NewCipher(derived[:32])
		if err != nil {
			return nil, verdict.Errorf(verdict.Internal, "encrypting the key: %w", err)
		}
		cipher.NewCTR(block, derived[32:]).XORKeyStream(private, private)
	}
	w := wireWriter{b: []byte(opensshMagic)}
	w.text(cipherName)
	w.text(kdf)
	w.octets(options)
	w.uint32(1)
	w.octets(blob)
	w.octets(private)
	return opensshPEM(w.b), nil
}

// opensshList is the list of one private key, without its padding. check stands
// twice in front: by it a wrong passphrase is seen.
func (k Key) opensshList(kind string, check []byte) []byte {
	w := wireWriter{b: append(bytes.Clone(check), check...)}
	w.text(kind)
	switch m := k.material.(type) {
	case *rsa.PrivateKey:
		w.mpint(m.N)
		w.mpint(big.NewInt(int64(m.E)))
		for _, n := range []*big.Int{m.D, m.Precomputed.Qinv, m.Primes[0], m.Primes[1]} {
			w.mpint(n)
		}
	case *ecdsa.PrivateKey:
		_, name := opensshCurve(kind)
		w.text(name)
		w.octets(mustOctets(m.PublicKey.Bytes()))
		w.mpint(new(big.Int).SetBytes(mustOctets(m.Bytes())))
	case ed25519.PrivateKey:
		w.octets(m.Public().(ed25519.PublicKey))
		w.octets(m)
	}
	w.text(k.comment())
	return w.b
}

// opensshPEM breaks the lines as ssh-keygen does, at 70 characters.
func opensshPEM(content []byte) []byte {
	const label, columns = "OPENSSH PRIVATE KEY", 70
	out := []byte(pemBegin + label + "-----\n")
	for text := base64.StdEncoding.EncodeToString(content); text != ""; {
		n := min(columns, len(text))
		out = append(append(out, text[:n]...), '\n')
		text = text[n:]
	}
	return append(out, pemEnd+label+"-----\n"...)
}
