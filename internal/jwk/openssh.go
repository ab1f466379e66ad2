package jwk

import (
	"bytes"

	"jwt/internal/jwk/openssh"
	"jwt/internal/verdict"
)

// parseOpenSSHLines reads the lines of a .pub, authorized_keys or known_hosts file.
// Several lines are a set: an unusable key does not affect the others.
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
		material, err := openssh.ParseLine(string(line))
		k, err := newOf("OpenSSH public", material, err)
		set.add(lines-1, k, err)
	}
	if lines == 1 && len(set.Skipped) == 1 {
		return Set{}, set.Skipped[0].Err
	}
	return set.usable("OpenSSH file")
}

// newOf returns the key of material that was read from that format.
func newOf(format string, material any, err error) (Key, error) {
	if err != nil {
		return Key{}, err
	}
	k, err := New(material)
	if err != nil {
		return Key{}, err
	}
	k.Format = format
	return k, nil
}

// openssh returns the key as OpenSSH stores it: a line of a .pub file, or the PEM of a
// private key. A passphrase that is not nil encrypts a private key. The comment is the
// kid.
func (k Key) openssh(private bool, passphrase []byte) (text []byte, err error) {
	ok := false
	if private {
		text, ok, err = openssh.MarshalPrivate(k.material, k.VerificationMaterial(), k.ID, passphrase)
	} else {
		text, ok = openssh.MarshalLine(k.VerificationMaterial(), k.ID)
	}
	if !ok {
		return nil, verdict.Errorf(verdict.KeyMismatch, "OpenSSH has no key type for %s", k.Kind())
	}
	return text, err
}
