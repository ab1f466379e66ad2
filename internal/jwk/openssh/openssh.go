// Package openssh reads and writes OpenSSH keys: the public key lines of sshd(8)
// (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4) and the private key container of
// OpenSSH's PROTOCOL.key. It returns key material; package jwk checks it.
//
// golang.org/x/crypto/ssh reads the same formats, but makes every start of the
// program 1.05 times as long and does not limit the bcrypt rounds of a key
// (measured 2026-11 on fresh copies of both binaries). Look again when it does.
package openssh

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"

	"jwt/internal/sshwire"
	"jwt/internal/verdict"
)

// HasLine reports whether a line of the text is an OpenSSH public key.
func HasLine(text []byte) bool {
	for line := range bytes.Lines(text) {
		if _, encoded := cutKey(string(line)); encoded != "" {
			return true
		}
	}
	return false
}

// ParseLine reads the public key of a .pub, authorized_keys or known_hosts line.
func ParseLine(line string) (material any, err error) {
	kind, encoded := cutKey(line)
	if encoded == "" {
		return nil, verdict.Errorf(verdict.KeyRefused, "the line is not an OpenSSH public key")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "the OpenSSH key is not base64")
	}
	r := newReader(blob)
	if string(r.Octets()) != kind {
		return nil, verdict.Errorf(verdict.KeyRefused, "the OpenSSH key is not the %s key that its line says", kind)
	}
	material, err = r.public(kind)
	if err == nil && !r.done() {
		err = damaged()
	}
	return material, err
}

// IsBlob reports whether b is an encoded public key: the content of a .pub file without
// Base64.
func IsBlob(b []byte) bool {
	r := newReader(b)
	return isKeyType(string(r.Octets())) && !r.Short
}

// cutKey returns the key type in a line and the Base64 after it. They are first in a .pub
// file, and follow options or host names in other files (sshd(8)).
func cutKey(line string) (kind, encoded string) {
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

// quotedFields splits a line at white space outside double quotes, like sshd(8).
func quotedFields(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\t' || r == '\r' || r == '\n')
	})
}

func damaged() error {
	return verdict.Errorf(verdict.KeyRefused, "the OpenSSH key is damaged")
}

// A reader reads the parts of keys.
type reader struct{ sshwire.Reader }

func newReader(b []byte) reader { return reader{sshwire.Reader{Rest: b}} }

// mpint reads a number. A negative number is treated as truncated, because no key has
// one.
func (r *reader) mpint() *big.Int {
	b := r.Octets()
	if len(b) > 0 && b[0]&0x80 != 0 {
		r.Short = true
	}
	return new(big.Int).SetBytes(b)
}

func (r *reader) done() bool { return !r.Short && len(r.Rest) == 0 }

// public reads a public key after its type.
func (r *reader) public(kind string) (any, error) {
	switch kind {
	case "ssh-rsa":
		e, n := r.mpint(), r.mpint()
		if e.BitLen() > 31 {
			return nil, verdict.Errorf(verdict.KeyRefused, "RSA public exponent of %d bits: it must be below 2^31", e.BitLen())
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "ssh-ed25519":
		return ed25519.PublicKey(bytes.Clone(r.Octets())), nil
	}
	curve, name := curveOf(kind)
	if strings.Contains(kind, "-cert-") {
		return nil, verdict.Errorf(verdict.KeyRefused, "this is a certificate of OpenSSH, which is not supported").Hintf("give the public key that it certifies: KEY.pub beside KEY-cert.pub")
	}
	if curve == nil {
		return nil, verdict.Errorf(verdict.KeyRefused, "OpenSSH key type %s is not supported: no JOSE algorithm uses it", kind)
	}
	named, point := string(r.Octets()), r.Octets()
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil || named != name {
		return nil, verdict.Errorf(verdict.KeyRefused, "the point of the OpenSSH key is not on the curve %s", name)
	}
	return public, nil
}

// curveOf returns the curve of an ECDSA key type and OpenSSH's name for it.
func curveOf(kind string) (curve elliptic.Curve, name string) {
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
