package scan

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"jwt/internal/compact"
	"jwt/internal/verdict"
)

// noToken returns the error for a text without a token: where it stops looking like one,
// with a hint.
func (c *chooser) noToken() error {
	text := c.text
	if hasUTF16Mark(text.b) {
		return stopped(text, 0, 0)
	}
	if other, ok := formatOf(credential(text)); ok {
		return other.notJWT()
	}
	if err := c.missingChunk(); err != nil {
		return err
	}
	if len(c.refused) > 0 {
		r := c.refused[0]
		return stopped(text, max(0, r.token-text.off), max(0, r.at-text.off))
	}
	if bytes.HasPrefix(text.b, []byte("-----BEGIN ")) {
		return stopped(text, 0, bytes.IndexByte(text.b, ' ')).Hintf("this is PEM: a key is given with --key")
	}
	if c.http && bytes.HasPrefix(text.b, []byte("HTTP/")) {
		if hint := fromTranscript(text.b); hint != "" {
			return stopped(text, 0, 4).Hintf("%s", hint)
		}
	}
	if hint := fromRedirect(text.b); hint != "" {
		return stopped(text, 0, bytes.IndexByte(text.b, ':')).Hintf("%s", hint)
	}
	body, _ := cutCarrier(text)
	start := body.off - text.off
	if i := bytes.Index(body.b, []byte("eyJ")); i >= 0 {
		start += i
	}
	end := start
	for end < len(text.b) && inToken(text.b[end]) {
		end++
	}
	return stopped(text, start, end)
}

// stopped returns the error for a text that could have been a token from start on, except
// for the byte at end.
func stopped(text span, start, end int) *verdict.Error {
	b := text.b
	if at := startOfCharacter(b, end); at < end {
		start, end = min(start, at), at
	}
	if end >= len(b) {
		for start > 0 && inToken(b[start-1]) {
			start-- // text before the header counts, too
		}
		if i := bytes.Index(b[start:], compact.Ellipsis); i > 0 {
			return elided(text.at(start + i))
		}
		return wrongParts(b[start:])
	}
	if end == start-1 && isSpace(b[end]) && endsInTwoSchemes(b[:start]) {
		return verdict.Errorf(verdict.Malformed, "no token found: the scheme occurs twice before byte %d", text.at(start)).
			Hintf("remove one of the two words")
	}
	e := verdict.Errorf(verdict.Malformed, "no token found: the text stops looking like one at byte %d (%s)", text.at(end), describe(b[end:]))
	if hint := hintFor(b, start, end); hint != "" {
		return e.Hintf("%s", hint)
	}
	return e
}

// startOfCharacter returns where the character begins that i is inside of, or i.
func startOfCharacter(b []byte, i int) int {
	for n := 1; i < len(b) && n < utf8.UTFMax && n <= i; n++ {
		if r, size := utf8.DecodeRune(b[i-n:]); r != utf8.RuneError && size > n {
			return i - n
		}
	}
	return i
}

// endsInTwoSchemes reports whether a text ends in Bearer Bearer.
func endsInTwoSchemes(b []byte) bool {
	rest, ok := cutLastScheme(bytes.TrimRight(b, " "))
	if !ok {
		return false
	}
	_, again := cutLastScheme(rest)
	return again
}

// wrongParts returns the error for a text that has only token characters.
func wrongParts(b []byte) *verdict.Error {
	if _, rest, ok := bytes.Cut(b, []byte{'~'}); ok && countParts(b) == 3 && !compact.EndsPresentation(rest) {
		return verdict.Errorf(verdict.Malformed, "no token found: an SD-JWT ends with a ~ or a Key Binding JWT, this with neither (RFC 9901 §4)").
			Hintf("was it cut off? copy it again, the last character too")
	}
	n := countParts(b)
	e := verdict.Errorf(verdict.Malformed, "no token found: a token has 3 parts joined by dots (5 when encrypted), this has %d", n)
	switch {
	case looksLikeFile(b):
		return e.Hintf("to read a file, write @%s", b)
	case isPlaceholder(b):
		return e.Hintf("%s", placeholderMessage)
	case isScheme(b):
		return e.Hintf("nothing follows %s: is the variable set?", b)
	}
	if hint := incomplete(b, n); hint != "" {
		return e.Hintf("%s", hint)
	}
	return e
}

// incomplete says which parts of a token b has, by the n parts that dots join.
func incomplete(b []byte, n int) string {
	switch {
	case n == 1:
		return onePart(b)
	case n == 2:
		return twoParts(b)
	case bytes.Count(b, []byte("eyJ")) > 2:
		return "two tokens run together? pass one of them"
	}
	return ""
}

const opaqueMessage = "an opaque token says nothing by itself, only its issuer can read it"

// onePart says what a text without a dot is.
func onePart(b []byte) string {
	first, _, _ := bytes.Cut(b, []byte{'.'}) // of an SD-JWT, a disclosure may have one
	switch {
	case inBraces(decodeHeader(first)):
		return "this is one part of a token: all parts are needed"
	case encodedAgain(b):
		return onceMore
	case bytes.HasPrefix(b, []byte("eyJ")):
		return "it begins like a token and is cut off in its header: copy it whole"
	}
	return opaqueMessage
}

// twoParts says what a text with one dot is.
func twoParts(b []byte) string {
	first, second, _ := bytes.Cut(b, []byte{'.'})
	header := decodeHeader(first)
	isJSON := inBraces(header)
	switch {
	case !isJSON && endsJSON(first):
		return "its beginning is missing: copy the token whole, from eyJ on"
	case len(first) > 0 && !startsLikeHeader(b[0]):
		return opaqueMessage
	case isJSON && !hasMember(header, "alg"):
		return "the first part has no alg, so it is not a header: is this the second half of a token?"
	case isJSON && !inBraces(decodeHeader(second)):
		return "it is cut off in its payload: copy the token whole, to its last character"
	}
	return "the signature is missing; even an unsecured token ends with a dot"
}

// endsJSON reports whether b ends like the Base64 of a JSON object: with readable text and a brace.
func endsJSON(b []byte) bool {
	for _, tail := range [...]int{16, 18, 19} { // from the start of four characters; too long to be readable by chance
		if len(b) <= tail {
			return false
		}
		text := decodePart(b[len(b)-tail:])
		if bytes.HasSuffix(text, []byte{'}'}) && !bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			return true
		}
	}
	return false
}

// countParts counts the parts of a token, for an SD-JWT those before its first tilde.
func countParts(b []byte) int {
	b, _, _ = bytes.Cut(b, []byte{'~'})
	return bytes.Count(b, []byte{'.'}) + 1
}

// describe names the first character of b: 0x2b '+', or U+200B, zero width space.
func describe(b []byte) string {
	r, size := utf8.DecodeRune(b)
	switch {
	case r > ' ' && r < 0x7f:
		return fmt.Sprintf("0x%02x '%c'", b[0], r)
	case size == 1:
		names := map[byte]string{0: " NUL", '\t': " tab", '\n': " line feed", '\v': " vertical tab", '\r': " carriage return", ' ': " space"}
		return fmt.Sprintf("0x%02x%s", b[0], names[b[0]])
	default:
		return fmt.Sprintf("U+%04X%s", r, nameOfRune(r))
	}
}

// looksLikeFile reports whether b could be the name of a file.
func looksLikeFile(b []byte) bool {
	if len(b) > 255 || bytes.HasPrefix(b, []byte("eyJ")) || bytes.ContainsAny(b, " \t\r\n\x00\"'`{}<>=&") || bytes.Contains(b, []byte("://")) {
		return false
	}
	for _, suffix := range [...]string{".jwt", ".jws", ".jwe", ".txt", ".json", ".token", ".tok", ".log", ".har", ".env", ".pem", ".key", ".pub", ".crt", ".cer", ".der", ".jwk", ".jwks"} {
		if bytes.HasSuffix(bytes.ToLower(b), []byte(suffix)) {
			return true
		}
	}
	return bytes.HasPrefix(b, []byte("/")) || bytes.HasPrefix(b, []byte("./")) || bytes.HasPrefix(b, []byte("../")) || bytes.HasPrefix(b, []byte("~/"))
}

// notToken returns the error for the name of a file that has the shape of a token.
func notToken(name []byte) error {
	return verdict.Errorf(verdict.Malformed, "no token found: %s looks like the name of a file", name).
		Hintf("to read a file, write @%s", name)
}

// maxListed is the number of tokens that an error lists.
const maxListed = 8

func (c *chooser) several(pairs []pair) error {
	var places []string
	for _, p := range pairs {
		places = append(places, p.place())
		if len(places) > maxListed {
			break
		}
	}
	for _, r := range c.refused {
		places = append(places, fmt.Sprintf("byte %d", r.token))
	}
	more := ""
	if len(places) > maxListed {
		places, more = places[:maxListed], " and more"
	}
	return verdict.Errorf(verdict.Malformed, "more than one token found: %s%s, want one", strings.Join(places, ", "), more).
		Hintf("%s", c.howToChoose(pairs))
}

// howToChoose returns a hint about how to select one of the tokens.
func (c *chooser) howToChoose(pairs []pair) string {
	labels := make(map[string]bool)
	path := ""
	for _, p := range pairs {
		labels[p.label()] = true
		if path == "" && p.path != c.Field {
			path = p.path
		}
	}
	alike := c.Field != "" || len(labels) == 1 && !labels[""]
	delete(labels, "")
	hint := "pass only the token that you want"
	switch {
	case c.Pasted:
		return hint
	case alike && path != "":
		return "choose one by its path: --field " + path
	case alike:
		return "they have the same name: " + hint
	case len(labels) > 0:
		hint = "choose one with --field NAME"
	}
	if c.Batch {
		hint += ", or pass one token per line to --batch"
	}
	return hint
}

// notAToken returns the error for the value that should be the token and is not one.
func notAToken(c opaqueValue) error {
	where := c.where
	bare, _ := cutScheme(c.value.trim())
	end := 0
	for end < len(bare.b) && inToken(bare.b[end]) {
		end++
	}
	other, known := formatOf(bare.b)
	switch {
	case len(bare.b) == 0:
		return verdict.Errorf(verdict.Malformed, "%s: is empty, want a token", where)
	case known:
		return verdict.Errorf(verdict.Malformed, "%s: is %s, not a JWT", where, other.name).Hintf("%s", other.hint)
	case end == len(bare.b):
		return verdict.Errorf(verdict.Malformed, "%s: is not a token: it has %d parts, want 3 (5 when encrypted)", where, countParts(bare.b))
	}
	e := verdict.Errorf(verdict.Malformed, "%s: stops looking like a token at byte %d (%s)", where, bare.at(end), describe(bare.b[end:]))
	if hint := hintFor(bare.b, 0, end); hint != "" {
		return e.Hintf("%s", hint)
	}
	return e
}

// noField returns the error for a --field that no token has, with the names that it could
// be.
func (c *chooser) noField() error {
	if compact.Is(c.text.b) {
		return verdict.Errorf(verdict.Malformed, "field %s: the text is a bare token, it has no fields", c.Field).
			Hintf("leave out --field")
	}
	e := verdict.Errorf(verdict.Malformed, "field %s: no such JSON member, header, cookie or parameter", c.Field)
	var names []string
	for _, p := range c.pairs {
		if label := p.label(); label != "" && len(names) < maxListed {
			names = append(names, label)
		}
	}
	if len(names) == 0 {
		return e
	}
	return e.Hintf("tokens are in: %s", strings.Join(names, ", "))
}
