package jwk

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"

	"jwt/internal/jsonobject"
	"jwt/internal/jwk/foreign"
	"jwt/internal/jwk/openssh"
	"jwt/internal/verdict"
)

// A Set is the content of one key source: a single key, or the keys of a JWK Set, of
// several PEM blocks or of several OpenSSH lines.
type Set struct {
	Keys    []Key
	Skipped []Skipped

	JSON jsonobject.Object // the JWK or JWK Set as read; {} in other formats
}

// A Skipped is an unusable key of a set. It does not affect the others (RFC 7517 §5).
type Skipped struct {
	Index int    // in "keys", or of the line; from 0
	ID    string // "kid", if any
	Type  string // "kty", if any
	Err   error
}

// Causes of key_unreadable errors to which callers react.
var (
	ErrEncrypted = errors.New("the key is encrypted")       // and no passphrase was available
	ErrJWE       = errors.New("the key is encrypted (JWE)") // an encrypted JWK (RFC 7517 §7), which Parse does not decrypt
)

// ErrNoKey is the cause of an error for data that is not in any key format. It may be a
// secret.
var ErrNoKey = errors.New("this is not a key")

// Parse reads the keys in data. It detects the format from the content: PEM or DER of
// PKCS #1, PKCS #8, SEC 1, SPKI and X.509 certificates, OpenSSH, JWK and JWK Set. If no
// key of a set is usable it returns the error of the first key and the Skipped keys. An
// empty set is not an error.
func Parse(data []byte) (Set, error) { return ParseEncrypted(data, nil) }

// ParseEncrypted is Parse for keys that may be encrypted. It calls passphrase at most
// once, at the first such key.
func ParseEncrypted(data []byte, passphrase func() ([]byte, error)) (Set, error) {
	if len(data) > MaxBytes {
		return Set{}, verdict.Errorf(verdict.TooLarge, "the key is larger than %d bytes", MaxBytes)
	}
	r := &reader{ask: passphrase}
	return r.parse(data)
}

// parse reads the keys in data.
func (r *reader) parse(data []byte) (Set, error) {
	if der, ok := isDER(data); ok {
		return single(r.der("DER", der))
	}
	if k, ok := pointKey(data); ok {
		return single(k, nil)
	}
	text, err := decodeText(data)
	if err != nil {
		return Set{}, err
	}
	switch {
	case foreign.IsKubeconfig(text): // it holds keys for TLS, in which the Base64 of PEM would be found
		return Set{}, unknownText(text)
	case bytes.HasPrefix(text, []byte("{")):
		return r.parseJSON(text)
	case bytes.HasPrefix(text, []byte("[")):
		return Set{}, verdict.Errorf(verdict.JWKInvalid, `this is a JSON array; a JWK Set is an object: {"keys":[…]} (RFC 7517 §5)`).
			Hintf("jq '{keys: .}' FILE > SET makes one")
	case bytes.Contains(text, []byte(pemBegin)):
		return r.pem(text)
	case openssh.HasLine(text):
		return parseOpenSSHLines(text)
	case IsDID(string(text)):
		return parseDID(string(text))
	}
	if der, ok := bareBase64(text); ok {
		return single(r.der("base64 DER", der))
	}
	if set, ok, err := r.encoded(text); ok {
		return set, err
	}
	return Set{}, unknownText(text)
}

// A reader reads one source. It asks for the passphrase at most once.
type reader struct {
	ask        func() ([]byte, error)
	passphrase []byte
	asked      bool
	work       int // estimated microseconds of the key derivations so far
	layers     int // of encodings and objects around the keys
}

// maxWork limits the cost of the key derivations of all keys of a source, in
// microseconds. It is enough for about sixteen keys with OWASP's 600 000 iterations.
const maxWork = 10_000_000

// Ask returns the passphrase of the key that what describes. It fails if the cost of
// opening the keys of the source, in microseconds, exceeds maxWork.
func (r *reader) Ask(what string, microseconds int) ([]byte, error) {
	if r.work += microseconds; r.work > maxWork {
		return nil, verdict.Errorf(verdict.LimitExceeded, "the keys up to this one need more work to open than the limit for one source").
			Hintf("give the keys in several files")
	}
	if r.asked {
		return r.passphrase, nil
	}
	if r.ask == nil {
		return nil, &verdict.Error{Class: verdict.KeyUnreadable, Message: what + " is encrypted: its passphrase is required", Err: ErrEncrypted}
	}
	p, err := r.ask()
	if err != nil {
		return nil, err
	}
	r.passphrase, r.asked = p, true
	return p, nil
}

// Wrong returns the error for a passphrase that does not open the key. A damaged key
// gives the same error.
func (r *reader) Wrong() error {
	return verdict.Errorf(verdict.KeyUnreadable, "the passphrase does not open the key").
		Hintf("give the passphrase of this key: --passphrase env:NAME, @FILE or fd:N")
}

func single(k Key, err error) (Set, error) {
	if err != nil {
		return Set{}, err
	}
	return Set{Keys: []Key{k}}, nil
}

// add appends a key, or the reason why it is unusable.
func (s *Set) add(index int, k Key, err error) {
	if err != nil {
		s.Skipped = append(s.Skipped, Skipped{Index: index, ID: k.ID, Type: k.Type, Err: err})
		return
	}
	s.Keys = append(s.Keys, k)
}

// brokenSet is the next step for a set whose keys cannot be used.
const brokenSet = "the publisher of the set must repair it: jwt key inspect SET shows what is wrong with each key"

// usable returns the set, with an error if all its keys were skipped.
func (s Set) usable(what string) (Set, error) {
	if len(s.Keys) > 0 || len(s.Skipped) == 0 {
		return s, nil
	}
	first := s.Skipped[0].Err
	if len(s.Skipped) == 1 {
		err := verdict.Errorf(verdict.ClassOf(first), "the one key of the %s cannot be used: %w", what, first)
		err.Hint = brokenSet
		if cause := (*verdict.Error)(nil); errors.As(first, &cause) && cause.Hint != "" {
			err.Hint = cause.Hint
		}
		return s, err
	}
	return s, verdict.Errorf(verdict.ClassOf(first), "none of the %d keys of the %s can be used, the first: %w", len(s.Skipped), what, first).Hintf(brokenSet)
}

// WithoutSecrets returns the set without its symmetric keys: an attacker can fetch a
// published secret and sign with it. It fails if no key is left.
func (s Set) WithoutSecrets() (Set, error) {
	if !slices.ContainsFunc(s.Keys, Key.IsSecret) {
		return s, nil
	}
	left := Set{JSON: s.JSON}
	for i, e := range s.Entries() {
		if e.Err == nil && e.Key.IsSecret() {
			e.Err = verdict.Errorf(verdict.KeyRefused, "a published secret is not secret: everybody who fetches it can sign")
		}
		e.Key.ID = e.ID
		left.add(i, e.Key, e.Err)
	}
	return left.usable("key set")
}

// isDER returns the ASN.1 SEQUENCE that data consists of, ignoring white space after it.
func isDER(data []byte) ([]byte, bool) {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(data, &v)
	if err != nil || v.Class != asn1.ClassUniversal || v.Tag != asn1.TagSequence || len(bytes.TrimSpace(rest)) > 0 {
		return nil, false
	}
	return v.FullBytes, true
}

// decodeText removes white space and a byte order mark, and decodes UTF-16, which a
// redirection in PowerShell writes.
func decodeText(data []byte) ([]byte, error) {
	if len(data) >= 2 && (data[0] == 0xff && data[1] == 0xfe || data[0] == 0xfe && data[1] == 0xff) {
		data = fromUTF16(data)
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF")))
	if len(text) == 0 {
		return nil, verdict.Errorf(verdict.JWKInvalid, "the key is empty")
	}
	return text, nil
}

func fromUTF16(data []byte) []byte {
	low, high := 0, 1
	if data[0] == 0xfe {
		low, high = 1, 0
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+low])|uint16(data[i+high])<<8)
	}
	return []byte(string(utf16.Decode(units)))
}

// bareBase64 decodes the content of a PEM block without its BEGIN and END lines, as some
// web consoles display a public key.
func bareBase64(text []byte) ([]byte, bool) {
	der, err := base64.StdEncoding.Strict().DecodeString(string(withoutSpace(text)))
	if err != nil {
		return nil, false
	}
	return isDER(der)
}

func withoutSpace(text []byte) []byte {
	return bytes.Join(bytes.Fields(text), nil)
}

// withoutPackage returns the text of a standard library error without the package
// name at its start.
func withoutPackage(err error) string {
	text := err.Error()
	if name, reason, ok := strings.Cut(text, ": "); ok && !strings.Contains(name, " ") {
		return reason
	}
	return text
}
