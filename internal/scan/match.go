package scan

import (
	"bytes"
	"encoding/base64"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
)

// A Match is a token in a longer text.
type Match struct {
	Token   []byte // decoded, if Encoded
	Name    string // of the header, cookie, parameter or member that carries it; "" if unknown
	Start   int    // where the text spells it
	End     int
	Encoded bool // it was in Base64
	Wrapped bool // it was on several lines
	Kind    Kind
	Example string // where an Example was published

	Header    jsonobject.Object
	Encrypted bool // it is a JWE
}

// AppendPayload appends the payload of a signed token to dst, and reports whether it is Base64.
func (m Match) AppendPayload(dst []byte) ([]byte, bool) {
	_, rest, _ := bytes.Cut(m.Token, []byte{'.'})
	payload, _, _ := bytes.Cut(rest, []byte{'.'})
	if m.Encrypted {
		return dst, false
	}
	if b, err := base64url.AppendDecode(dst, payload); err == nil {
		return b, true
	}
	dst, err := base64.RawURLEncoding.AppendDecode(dst, payload) // in spite of spare bits
	return dst, err == nil
}

// A Kind says whether a match can be a credential.
type Kind string

// The kinds. A signature that does not have the length of its algorithm was cut off, or was
// never one, as in documents: eyJ….eyJ….signature.
const (
	Whole       Kind = "token"
	Example     Kind = "example" // published, so that anyone has it
	Placeholder Kind = "placeholder"
)
