// Package sshagent lists the keys of a running ssh-agent and signs with them
// (draft-ietf-sshm-ssh-agent). The private keys stay in the agent. It is written by hand, because
// golang.org/x/crypto/ssh, which has a client, costs every start of the program 1.05 ×.
package sshagent

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"

	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/sshwire"
	"jwt/internal/verdict"
)

// The message numbers of the protocol.
const (
	requestIdentities = 11
	identitiesAnswer  = 12
	signRequest       = 13
	signResponse      = 14
)

// maxMessage bounds the answers of an agent, as OpenSSH does.
const maxMessage = 256 << 10

// An Identity is a key that the agent holds.
type Identity struct {
	Fingerprint string // SHA256:…, as ssh-add -l prints it
	Comment     string
	Key         jwk.Key // the public key

	blob []byte
}

// List returns the keys of the agent behind conn that can sign tokens. Certificates and kinds of
// keys without a JWS algorithm are left out.
func List(conn io.ReadWriter) ([]Identity, error) {
	answer, err := call(conn, []byte{requestIdentities}, identitiesAnswer)
	if err != nil {
		return nil, err
	}
	r := sshwire.Reader{Rest: answer}
	var all []Identity
	for range r.Uint32() {
		blob, comment := r.Octets(), r.Octets()
		if r.Short {
			return nil, errDamaged
		}
		if id, ok := identity(blob, string(comment)); ok {
			all = append(all, id)
		}
	}
	return all, nil
}

// identity reads a public key of the agent.
func identity(blob []byte, comment string) (Identity, bool) {
	r := sshwire.Reader{Rest: blob}
	kind := string(r.Octets())
	set, err := jwk.Parse([]byte(kind + " " + base64.StdEncoding.EncodeToString(blob)))
	if r.Short || err != nil || len(set.Keys) != 1 || len(set.Keys[0].Algorithms()) == 0 {
		return Identity{}, false
	}
	sum := sha256.Sum256(blob)
	id := Identity{Fingerprint: "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), Comment: comment, Key: set.Keys[0], blob: blob}
	id.Key.Source, id.Key.Format = "agent:"+id.Fingerprint, "ssh-agent"
	return id, true
}

// flagsOf are the flags that ask for the hash of an RSA signature (RFC 8332).
var flagsOf = map[string]uint32{"RS256": 2, "RS512": 4}

// Algorithms returns the names of the algorithms that an agent can sign with the key.
func (id Identity) Algorithms() []string {
	var names []string
	for _, a := range id.Key.Algorithms() {
		if _, ok := flagsOf[a.Name]; ok || a.KeyType != "RSA" {
			names = append(names, a.Name)
		}
	}
	return names
}

// Sign returns the signature of input in the form of a JWS, except that ECDSA is in DER.
func (id Identity) Sign(conn io.ReadWriter, alg jwa.Algorithm, input string) ([]byte, error) {
	request := []byte{signRequest}
	request = sshwire.AppendOctets(request, id.blob)
	request = sshwire.AppendOctets(request, []byte(input))
	request = binary.BigEndian.AppendUint32(request, flagsOf[alg.Name])
	answer, err := call(conn, request, signResponse)
	if err != nil {
		return nil, err
	}
	r := sshwire.Reader{Rest: answer}
	signature := sshwire.Reader{Rest: r.Octets()}
	signature.Octets() // the name of the format; the caller verifies the signature
	content := signature.Octets()
	if r.Short || signature.Short {
		return nil, errDamaged
	}
	if alg.KeyType == "EC" {
		return ecdsaDER(content)
	}
	return content, nil
}

var errDamaged = errors.New("the answer of the agent is damaged")

// call sends one message and returns the content of the answer, which must be of that kind.
func call(conn io.ReadWriter, message []byte, want byte) ([]byte, error) {
	if _, err := conn.Write(sshwire.AppendOctets(nil, message)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n == 0 || n > maxMessage {
		return nil, errDamaged
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return nil, err
	}
	if answer[0] != want {
		return nil, verdict.Errorf(verdict.KeyRefused, "the agent refused to sign or to list its keys")
	}
	return answer[1:], nil
}
