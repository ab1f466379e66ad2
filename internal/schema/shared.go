package schema

import (
	"slices"

	"github.com/invopop/jsonschema"

	"jwt/internal/verdict"
)

// A Value is any JSON value, as the token or the server has it.
type Value struct{}

// JSONSchema returns the schema that everything fits.
func (Value) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Description: "any JSON value, with the digits and the order of members that it was sent with"}
}

// An Object is a JSON object of the token: its members are free.
type Object struct{}

// JSONSchema returns the schema of an object with any members.
func (Object) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Description: "a JSON object whose members are free"}
}

// A Class is a class word.
type Class struct{}

// JSONSchema returns the words of the table in internal/verdict.
func (Class) JSONSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string", Description: "a class word of a failure or a warning: stable, for scripts to compare with"}
	var words []string
	for status := verdict.ExitOK; status <= verdict.ExitInterrupted; status++ {
		for _, class := range verdict.Classes(status) {
			words = append(words, string(class))
		}
	}
	slices.Sort(words)
	for _, word := range slices.Compact(words) {
		s.Enum = append(s.Enum, word)
	}
	return s
}

// A Time is a time for people and programs.
type Time struct{}

// JSONSchema returns the schema of a time.
func (Time) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "date-time", Description: "a time in RFC 3339"}
}

// Failure is the output of a command that failed before it had a result.
type Failure struct {
	Line
	// what went wrong
	Error Error `json:"error"`
}

// Error is what went wrong.
type Error struct {
	// the class word of the failure, which decides the exit status
	Class Class `json:"class"`
	// one sentence for people; its wording may change
	Message string `json:"message"`
	// the next thing to type or to look at
	Hint string `json:"hint,omitempty"`
}

// ErrorOfToken is why a token that scan found is not valid.
type ErrorOfToken struct {
	// the class word of the failure
	Class Class `json:"class"`
	// one sentence for people; its wording may change
	Message string `json:"message"`
}

// Line is the place of an answer in a batch.
type Line struct {
	// the number of the line of the input, from 1; with --batch
	Line int `json:"line,omitempty" jsonschema:"minimum=1"`
}

// Warning is about something that does not make the token invalid.
type Warning struct {
	// the class word of the warning
	Class Class `json:"class"`
	// one sentence for people; its wording may change
	Message string `json:"message"`
}

// UsedKey is the key that a signature verified with or that decrypted the token.
type UsedKey struct {
	// where the key came from, as it was given
	Source string `json:"source"`
	// the kid of the key
	KeyID string `json:"kid,omitempty"`
	// the thumbprint of the key (RFC 7638), of a secret none
	Thumbprint string `json:"thumbprint,omitempty"`
	// the algorithm that the key was used with
	Alg string `json:"alg"`
	// the content encryption of a JWE
	Enc string `json:"enc,omitempty"`
}

// Check is one check of verify.
type Check struct {
	// the name of the check: shape, header, signature, exp, aud, profile:NAME:RULE, and so on
	Name string `json:"name"`
	// the result
	Status string `json:"status" jsonschema:"enum=pass,enum=fail,enum=warn,enum=skip"`
	// the class word of a fail or a warn
	Class *Class `json:"class,omitempty"`
	// what was required
	Expected *Value `json:"expected,omitempty"`
	// what was there
	Actual *Value `json:"actual,omitempty"`
	// one sentence for people; its wording may change
	Detail string `json:"detail,omitempty"`
}

// Payload is the payload of a token: one of the two members.
type Payload struct {
	// the payload: a JSON value, or a string if it is other text
	Payload *Value `json:"payload,omitempty" jsonschema:"oneof_required=payload"`
	// the payload in base64url if it is not text
	PayloadBase64url string `json:"payload_base64url,omitempty" jsonschema:"oneof_required=payload_base64url"`
}

// PartOfSDJWT has the members that an SD-JWT has beside its payload.
type PartOfSDJWT struct {
	// the disclosures of an SD-JWT, in their order
	Disclosures []Disclosure `json:"disclosures,omitempty"`
	// the digests without a disclosure: claims kept back, or decoys
	Undisclosed []Undisclosed `json:"undisclosed,omitempty"`
}

// Disclosure is one disclosure of an SD-JWT (RFC 9901).
type Disclosure struct {
	// where its claim is in the payload, if the disclosures match the token
	Path string `json:"path,omitempty"`
	// the name of the claim; an element of an array has none
	Name string `json:"name,omitempty"`
	// the value that is disclosed
	Value Value `json:"value"`
	// its salt
	Salt string `json:"salt"`
	// its digest, if the disclosures match the token
	Digest string `json:"digest,omitempty"`
}

// Undisclosed is a digest of an SD-JWT without a disclosure.
type Undisclosed struct {
	// where the digest is
	Path string `json:"path"`
	// the digest
	Digest string `json:"digest"`
}

// Certificate is a certificate of a header or a key.
type Certificate struct {
	// its subject
	Subject string `json:"subject"`
	// who issued it
	Issuer string `json:"issuer"`
	// its serial number, in hexadecimal
	Serial string `json:"serial"`
	// the time from which it is valid
	NotBefore Time `json:"not_before"`
	// the time after which it is not valid
	NotAfter Time `json:"not_after"`
	// whether it is valid now
	State string `json:"state" jsonschema:"enum=current,enum=not_yet_valid,enum=expired"`
	// its key, described
	Key string `json:"key"`
	// the algorithm of its signature
	Signature string `json:"signature"`
	// the SHA-256 of its bytes
	SHA256 string `json:"sha256"`
}
