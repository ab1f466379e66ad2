package sshagent_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"jwt/internal/jwk"
	"jwt/internal/sshagent"
)

// answering is an agent that gives one prepared answer.
type answering struct {
	bytes.Buffer // the requests
	answer       *bytes.Reader
}

func (a *answering) Read(p []byte) (int, error) { return a.answer.Read(p) }

func octets(b ...[]byte) []byte {
	var out []byte
	for _, part := range b {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(part))), part...)
	}
	return out
}

// blob returns an Ed25519 key as an agent lists it.
func blob(t testing.TB) []byte {
	t.Helper()
	k, err := jwk.New(ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	line, err := k.Encode(jwk.FormatOpenSSH, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := base64.StdEncoding.DecodeString(strings.Fields(string(line))[1])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestListLeavesOutWhatCannotSign(t *testing.T) {
	list := append([]byte{12}, binary.BigEndian.AppendUint32(nil, 2)...)
	list = append(list, octets([]byte("\x00\x00\x00\x07ssh-dss\x00"), []byte("old"), blob(t), []byte("new"))...)
	all, err := sshagent.List(&answering{answer: bytes.NewReader(octets(list))})
	if err != nil || len(all) != 1 || all[0].Comment != "new" || !strings.HasPrefix(all[0].Fingerprint, "SHA256:") {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestListRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer []byte
	}{
		{"no answer", nil},
		{"an answer that is cut off", []byte{0, 0, 0, 9, 12, 0}},
		{"an empty answer", []byte{0, 0, 0, 0}},
		{"a huge answer", []byte{0xff, 0xff, 0xff, 0xff, 12}},
		{"a failure", octets([]byte{5})},
		{"more keys than it sends", octets([]byte{12, 0, 0, 0, 9})},
		{"a string longer than the answer", octets([]byte{12, 0, 0, 0, 1, 0, 0, 1, 0, 'x'})},
	} {
		t.Run(row.name, func(t *testing.T) {
			if all, err := sshagent.List(&answering{answer: bytes.NewReader(row.answer)}); err == nil {
				t.Errorf("got %+v", all)
			}
		})
	}
}

// FuzzList checks that no answer of an agent makes a key that cannot verify, or a panic.
func FuzzList(f *testing.F) {
	f.Add(octets(append([]byte{12, 0, 0, 0, 1}, octets(blob(f), []byte("c"))...)))
	f.Add(octets([]byte{5}))
	f.Fuzz(func(t *testing.T, answer []byte) {
		all, _ := sshagent.List(&answering{answer: bytes.NewReader(answer)})
		for _, id := range all {
			if len(id.Key.Algorithms()) == 0 || id.Key.IsPrivate() {
				t.Errorf("%s", id.Fingerprint)
			}
		}
	})
}
