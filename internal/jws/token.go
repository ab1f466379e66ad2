// Package jws parses, verifies and makes compact signed tokens (RFC 7515 §3.1). Parse returns
// a Token, which an attacker may have written; only Verify and VerifyPossession return a
// Verified.
package jws

import (
	"errors"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/compact"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Limits on a token, in bytes. The size of a whole token is checked where it is read.
const (
	MaxTokenBytes  = 2 << 20
	MaxHeaderBytes = 64 << 10
)

// A Token is a token that was split into its parts. Nothing about it is verified.
type Token struct {
	text      []byte            // as sent
	Header    jsonobject.Object // the JOSE header
	Payload   []byte
	Signature []byte // empty in an unsecured token

	firstDot, lastDot int

	misspelled bool // ParseLax ignored flaws: such a token never verifies

	joined *joint // Join made it; else nil
}

// A joint is what a token has that Join made: its header is not that of its text alone.
type joint struct {
	protected jsonobject.Object
	input     []byte // what is signed, if it is not that of the text
}

// Text returns the token as sent.
func (t Token) Text() string { return string(t.text) }

// Protected returns the members of the header that are signed. Anyone can add others.
func (t Token) Protected() jsonobject.Object {
	if t.joined != nil {
		return t.joined.protected
	}
	return t.Header
}

// Parse splits text into its three parts. It accepts only strict base64url, whatever the
// algorithm. Duplicate header names are left to Header.Duplicates.
func Parse(text string) (Token, error) { return new(Parser).parse(text) }

// LoneSurrogate is the fault of JSON with text that no UTF-8 can hold.
const LoneSurrogate base64url.Fault = "half of a surrogate pair, shown as U+FFFD"

// A Flaw is a part that is not encoded as RFC 7515 §2 requires.
type Flaw struct {
	Part   string // header, payload or signature
	Faults []base64url.Fault
}

// ParseLax parses a token in order to show it. It ignores and reports padding, the standard
// alphabet, white space and spare bits. Verify refuses a token with such a flaw.
func ParseLax(text string) (Token, []Flaw, error) {
	if t, err := Parse(text); err == nil {
		return t, nil, nil
	}
	t, err := split(text)
	if err != nil {
		return Token{}, nil, err
	}
	names := [3]string{"header", "payload", "signature"}
	var parts [3][]byte
	var flaws []Flaw
	for i, s := range t.Segments() {
		b, faults, err := base64url.DecodeLax(s)
		if err != nil {
			return Token{}, nil, t.notBase64url(names[i], i, err)
		}
		if len(faults) > 0 {
			flaws = append(flaws, Flaw{names[i], faults})
		}
		parts[i] = b
	}
	if header, found := jsonobject.ReplaceLoneSurrogates(parts[0]); found {
		parts[0] = header
		flaws = append(flaws, Flaw{names[0], []base64url.Fault{LoneSurrogate}})
	}
	t.misspelled = len(flaws) > 0
	t, err = t.fill(parts)
	return t, flaws, err
}

// Misspelled reports whether ParseLax accepted a spelling that Parse refuses. Such a
// token never verifies.
func (t Token) Misspelled() bool { return t.misspelled }

func split(text string) (Token, error) {
	t := Token{text: []byte(text), firstDot: strings.IndexByte(text, '.'), lastDot: strings.LastIndexByte(text, '.')}
	switch kind := compact.KindOf(text); {
	case text == "":
		return Token{}, verdict.Errorf(verdict.Malformed, "the token is empty")
	case strings.HasPrefix(text, "{"):
		return Token{}, notCompact(text)
	case kind == compact.SDJWT:
		return Token{}, verdict.Errorf(verdict.Malformed, "this is an SD-JWT (RFC 9901), a signed token with disclosures; a plain signed token is required here")
	case kind == compact.JWE && isSigned(text):
		return Token{}, NotEncrypted(text)
	case kind == compact.JWE:
		header, _ := headerOf(text)
		return Token{}, verdict.Errorf(verdict.EncryptedToken, "the token has 5 parts: it is encrypted (JWE), not signed (JWS)").
			Hintf("open it first: jwt decrypt TOKEN %s", OpensWith(header))
	case kind != compact.JWS:
		return Token{}, verdict.Errorf(verdict.Malformed, "a token has 3 parts joined by dots (5 when encrypted), this has %d", strings.Count(text, ".")+1)
	case t.firstDot > base64Len(MaxHeaderBytes):
		return Token{}, verdict.Errorf(verdict.TooLarge, "the header is larger than %d bytes", MaxHeaderBytes)
	}
	return t, nil
}

// OpensWith returns the flag of the kind of key that the header of an encrypted token names.
func OpensWith(header jsonobject.Object) string {
	switch alg, _ := header.Text("alg"); {
	case strings.HasPrefix(alg, "PBES2-"):
		return "--password SOURCE"
	case alg == "dir", strings.HasPrefix(alg, "A"): // A128KW, A256GCMKW
		return "--secret SOURCE"
	}
	return "--key private.pem"
}

// isSigned reports whether a text of five parts has a header without "enc", which every
// JWE must have (RFC 7516 §4.1.2).
func isSigned(text string) bool {
	header, ok := headerOf(text)
	_, encrypted := header.Get("enc")
	return ok && !encrypted
}

func headerOf(text string) (jsonobject.Object, bool) {
	part, _, _ := strings.Cut(text, ".")
	if len(part) > base64Len(MaxHeaderBytes) {
		return jsonobject.Object{}, false
	}
	b, _, err := base64url.DecodeLax(part)
	if err != nil {
		return jsonobject.Object{}, false
	}
	header, err := jsonobject.Parse(b)
	return header, err == nil
}

// NotEncrypted returns the error for five parts whose header is not that of a JWE.
func NotEncrypted(text string) error {
	header, _ := headerOf(text)
	alg := "no alg"
	if name, ok := header.Text("alg"); ok {
		alg = "alg " + phrase.Quote(name)
	}
	return verdict.Errorf(verdict.Malformed, "the text has 5 parts, but its header is not that of an encrypted token (%s, no enc)", alg).
		Hintf("two signed tokens run together? pass one of them, of 3 parts")
}

// notCompact distinguishes a token in the JSON serialization (RFC 7515 §7.2, RFC 7516 §7.2)
// from any other JSON object.
func notCompact(text string) error {
	if o, err := jsonobject.Parse([]byte(text)); err == nil {
		for _, name := range []string{"signature", "signatures", "ciphertext"} {
			if _, ok := o.Get(name); ok {
				return verdict.Errorf(verdict.UnsupportedSerialization, "this is a token in the JSON serialization: a JWT is compact (RFC 7519 §1)")
			}
		}
	}
	return verdict.Errorf(verdict.Malformed, "this is JSON, not a token of 3 parts joined by dots")
}

func base64Len(n int) int { return (n*8 + 5) / 6 }

func (t Token) fill(parts [3][]byte) (Token, error) {
	t.Payload, t.Signature = parts[1], parts[2]
	header, err := jsonobject.Parse(parts[0])
	switch {
	case errors.Is(err, jsonobject.ErrTooDeep):
		return Token{}, verdict.Errorf(verdict.LimitExceeded, "the header is %w", err)
	case err != nil:
		return Token{}, verdict.Errorf(verdict.Malformed, "the header is not a JSON object: %w", err)
	}
	t.Header = header
	return t, nil
}

func (t Token) notBase64url(part string, i int, err error) error {
	var e *base64url.Error
	if !errors.As(err, &e) {
		return verdict.Errorf(verdict.Malformed, "the %s is not base64url: %w", part, err)
	}
	at := [3]int{0, t.firstDot + 1, t.lastDot + 1}[i] + e.Offset
	switch e.Fault {
	case base64url.Length, base64url.SpareBits:
		e := verdict.Errorf(verdict.Malformed, "the %s is not base64url: %w", part, err)
		if i == 2 {
			return e.Hintf("its end is cut off or changed: copy the token whole, to its last character")
		}
		return e
	case base64url.Space:
		return verdict.Errorf(verdict.Malformed, "the %s contains white space, 0x%02x at byte %d of the token: a token is one unbroken line", part, e.Byte, at).
			Hintf("join it first: tr -d '[:space:]'")
	case base64url.Padding, base64url.Standard:
		return verdict.Errorf(verdict.Malformed, "the %s is not base64url: %q (%s) at byte %d of the token", part, e.Byte, e.Fault, at).
			Hintf("to look inside anyway: jwt inspect")
	default:
		return verdict.Errorf(verdict.Malformed, "the %s is not base64url: byte 0x%02x at byte %d of the token", part, e.Byte, at)
	}
}

// Segments returns the three base64url parts as sent.
func (t Token) Segments() [3]string {
	s := t.segments()
	return [3]string{string(s[0]), string(s[1]), string(s[2])}
}

func (t Token) segments() [3][]byte {
	return [3][]byte{t.text[:t.firstDot], t.text[t.firstDot+1 : t.lastDot], t.text[t.lastDot+1:]}
}

// SigningInput returns the text that is signed (RFC 7515 §2).
func (t Token) SigningInput() string { return string(t.signingInput()) }

func (t Token) signingInput() []byte {
	if t.isUnencoded() {
		return t.joined.input
	}
	return t.text[:t.lastDot:t.lastDot]
}

// Alg returns the unverified "alg" of the header, and false if it is absent or not a
// string.
func (t Token) Alg() (string, bool) {
	return t.Header.Text("alg")
}

// KeyID returns the "kid" of the header; ok is false if it is absent. A kid that is not a
// string is malformed (RFC 7515 §4.1.4).
func (t Token) KeyID() (kid string, ok bool, err error) {
	v, ok := t.Header.Get("kid")
	if !ok {
		return "", false, nil
	}
	kid, isText := v.Text()
	if !isText {
		return "", false, verdict.Errorf(verdict.Malformed, "kid: is %s, must be a string (RFC 7515 §4.1.4)", v.Noun()).
			Hintf("the issuer must write kid as a string")
	}
	return kid, true, nil
}

// parameters lists the header members of RFC 7515 §4.1 with their JSON types, each by its
// first character. alg and crit have checks of their own.
var parameters = [...]struct {
	name    string
	kind    byte
	section string
}{
	{"jku", '"', "4.1.2"},
	{"jwk", '{', "4.1.3"},
	{"kid", '"', "4.1.4"},
	{"x5u", '"', "4.1.5"},
	{"x5c", '[', "4.1.6"},
	{"x5t", '"', "4.1.7"},
	{"x5t#S256", '"', "4.1.8"},
	{"typ", '"', "4.1.9"},
	{"cty", '"', "4.1.10"},
}

// checkTypes refuses a header with a member of a wrong type, even if that member is ignored
// here: another parser could read the header differently.
func (t Token) checkTypes() error {
	for _, p := range parameters {
		v, ok := t.Header.Get(p.name)
		if !ok {
			continue
		}
		must := ""
		switch texts, isTexts := v.Texts(); {
		case p.kind == '[' && (!isTexts || len(texts) == 0):
			must = "an array of strings and not empty"
		case v.Kind() == p.kind:
		case p.kind == '{':
			must = "a JWK"
		default:
			must = "a string"
		}
		if must != "" {
			return verdict.Errorf(verdict.Malformed, "%s: is %s, must be %s (RFC 7515 §%s)", p.name, v.Noun(), must, p.section).
				Hintf("the issuer must write %s as %s", p.name, must)
		}
	}
	return nil
}
