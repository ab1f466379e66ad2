package jwk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"

	"jwt/internal/verdict"
)

// hasOpenSSHLine reports whether a line of the text holds an OpenSSH public key.
func hasOpenSSHLine(text []byte) bool {
	for line := range bytes.Lines(text) {
		if _, encoded := publicKeyOf(string(line)); encoded != "" {
			return true
		}
	}
	return false
}

// parseOpenSSHLines reads the lines of a .pub, authorized_keys or known_hosts
// file. Several are a set: one that cannot be used leaves the others be.
func parseOpenSSHLines(text []byte) (Set, error) {
	set := Set{}
	lines := 0
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if lines++; lines > MaxKeys {
			return Set{}, verdict.Errorf(verdict.LimitExceeded, "the OpenSSH file has more than %d keys", MaxKeys)
		}
		k, err := parseOpenSSHLine(string(line))
		set.add(lines-1, k, err)
	}
	if lines == 1 && len(set.Skipped) == 1 {
		return Set{}, set.Skipped[0].Err
	}
	return set.usable("OpenSSH file")
}

func parseOpenSSHLine(line string) (Key, error) {
	kind, encoded := publicKeyOf(line)
	if encoded == "" {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "the line is no OpenSSH public key")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "the OpenSSH key is not base64")
	}
	w := wire{rest: blob}
	if string(w.octets()) != kind {
		return Key{}, verdict.Errorf(verdict.KeyRefused, "the OpenSSH key is not the %s key that its line says", kind)
	}
	material, err := w.public(kind)
	if err != nil {
		return Key{}, err
	}
	if !w.done() {
		return Key{}, brokenOpenSSH()
	}
	k, err := New(material)
	if err != nil {
		return Key{}, err
	}
	k.Format = "OpenSSH public"
	return k, nil
}

// publicKeyOf finds the key type in a line, with the base64 behind it: first in
// a .pub file, after options or host names elsewhere (sshd(8)). Options hold
// spaces between double quotes.
func publicKeyOf(line string) (kind, encoded string) {
	fields := quotedFields(line)
	for i := 0; i+1 < len(fields); i++ {
		if isKeyType(fields[i]) && strings.HasPrefix(fields[i+1], "AAAA") { // a length below 2^24
			return fields[i], fields[i+1]
		}
	}
	return "", ""
}

func isKeyType(s string) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

func quotedFields(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\t' || r == '\r' || r == '\n')
	})
}

func brokenOpenSSH() error {
	return verdict.Errorf(verdict.KeyRefused, "the OpenSSH key is broken inside")
}

// A wire reads the types of RFC 4251 §5 one after the other; once one is cut
// short it gives nothing but zeros, and done says false.
type wire struct {
	rest  []byte
	short bool
}

func (w *wire) uint32() uint32 {
	if len(w.rest) < 4 {
		w.rest, w.short = nil, true
		return 0
	}
	n := binary.BigEndian.Uint32(w.rest)
	w.rest = w.rest[4:]
	return n
}

func (w *wire) octets() []byte {
	n := w.uint32()
	if uint64(n) > uint64(len(w.rest)) {
		w.rest, w.short = nil, true
		return nil
	}
	b := w.rest[:n]
	w.rest = w.rest[n:]
	return b
}

// mpint reads a number; a negative one is none that a key has.
func (w *wire) mpint() *big.Int {
	b := w.octets()
	if len(b) > 0 && b[0]&0x80 != 0 {
		w.short = true
	}
	return new(big.Int).SetBytes(b)
}

func (w *wire) done() bool { return !w.short && len(w.rest) == 0 }

// public reads a public key behind its type (RFC 4253 §6.6, RFC 5656 §3.1,
// RFC 8709 §4).
func (w *wire) public(kind string) (any, error) {
	switch kind {
	case "ssh-rsa":
		e, n := w.mpint(), w.mpint()
		if e.BitLen() > 31 {
			return nil, verdict.Errorf(verdict.KeyRefused, "RSA public exponent of %d bits: it must be below 2^31", e.BitLen())
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "ssh-ed25519":
		return ed25519.PublicKey(bytes.Clone(w.octets())), nil
	}
	curve, name := opensshCurve(kind)
	if curve == nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "an OpenSSH key of type %s is of no use here", kind)
	}
	named, point := string(w.octets()), w.octets()
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil || named != name {
		return nil, verdict.Errorf(verdict.KeyRefused, "the point of the OpenSSH key is not on the curve %s", name)
	}
	return public, nil
}

func opensshCurve(kind string) (curve elliptic.Curve, name string) {
	switch kind {
	case "ecdsa-sha2-nistp256":
		return elliptic.P256(), "nistp256"
	case "ecdsa-sha2-nistp384":
		return elliptic.P384(), "nistp384"
	case "ecdsa-sha2-nistp521":
		return elliptic.P521(), "nistp521"
	}
	return nil, ""
}
