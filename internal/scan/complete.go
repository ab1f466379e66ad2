package scan

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"jwt/internal/compact"
)

// isComplete reports whether the last part of a token has the length that its algorithm
// produces. Such a token is complete, whatever text surrounds it. A token is never known
// to be complete if its algorithm has no fixed length.
func isComplete(token []byte) bool {
	issued, rest, disclosing := bytes.Cut(token, []byte{'~'})
	if disclosing {
		binding := rest[bytes.LastIndexByte(rest, '~')+1:] // a disclosure may follow a tilde, nothing follows a Key Binding JWT
		return isToken(issued) && isToken(binding) && isComplete(issued) && isComplete(binding)
	}
	dots, pure := compact.Dots(token)
	want := sizesOf(decodeHeader(token))
	return pure && dots == want.dots && want.fit(len(token)-1-bytes.LastIndexByte(token, '.'))
}

// begins reports whether a token may begin after b.
func begins(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if c, n := lastEscape(b); n > 0 {
		return isQuote(c) || c < utf8.RuneSelf && opens(rune(c))
	}
	r, _ := utf8.DecodeLastRune(b)
	return opens(r)
}

func opens(r rune) bool { return isBlank(r) || strings.ContainsRune("([{<>,;:=|&?#", r) }

// ends reports whether a token may end before b.
func ends(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if c, n := firstEscape(b); n > 0 {
		return isQuote(c) || c < utf8.RuneSelf && closes(rune(c))
	}
	r, _ := utf8.DecodeRune(b)
	return closes(r) || r == '.' // the full stop or the HMAC that next cut off
}

func closes(r rune) bool { return isBlank(r) || strings.ContainsRune(")]}<>,;|&#@", r) }

// resumes reports whether the text after a complete token looks like more of that token:
// the disclosures of an SD-JWT, or another part.
func resumes(b []byte) bool {
	const farthest = 64
	i := 0
	for i < min(len(b), farthest) && !inToken(b[i]) {
		i++
	}
	word := b[i:]
	end := 0
	for end < len(word) && inToken(word[end]) {
		end++
	}
	isPath := end < len(word) && word[end] == '/'
	return end > 0 && !isPath && (word[0] == '.' && end > 1 || bytes.IndexByte(word[:end], '~') >= 0)
}

// lastEscape returns the byte of a percent-encoding at the end of b, and the length of
// the encoding. The byte may be encoded several times.
func lastEscape(b []byte) (c byte, n int) {
	if len(b) < 3 {
		return 0, 0
	}
	c, ok := hexByte(b[len(b)-2:])
	rest := b[:len(b)-2]
	for bytes.HasSuffix(rest, []byte("25")) {
		rest = rest[:len(rest)-2]
	}
	if !ok || !bytes.HasSuffix(rest, []byte{'%'}) {
		return 0, 0
	}
	return c, len(b) - len(rest) + 1
}

// firstEscape is lastEscape for the beginning of b.
func firstEscape(b []byte) (c byte, n int) {
	rest, ok := bytes.CutPrefix(b, []byte{'%'})
	if !ok {
		return 0, 0
	}
	for bytes.HasPrefix(rest, []byte("25")) {
		rest = rest[2:]
	}
	if len(rest) < 2 {
		return 0, 0
	}
	if c, ok = hexByte(rest[:2]); !ok {
		return 0, 0
	}
	return c, len(b) - len(rest) + 2
}

func hexByte(b []byte) (byte, bool) {
	var decoded [1]byte
	_, err := hex.Decode(decoded[:], b)
	return decoded[0], err == nil
}

// nameOf returns the name whose value begins after b: name=, name:, name%3D, <name>.
func nameOf(b []byte) []byte {
	b = withoutMark(b[max(0, len(b)-maxName):])
	switch c, n := lastEscape(b); {
	case n > 0 && (c == '=' || c == ':'):
		return lastName(b[:len(b)-n])
	case n > 0:
		return nil
	}
	if tag, ok := bytes.CutSuffix(b, []byte{'>'}); ok {
		tag = tag[bytes.LastIndexByte(tag, '<')+1:]
		tag, _, _ = bytes.Cut(tag, []byte{' '})
		if len(tag) > 0 && isWord(tag) {
			return tag
		}
		return nil
	}
	name, _ := nameBefore(b)
	return name
}

// lastName returns the name that b ends with.
func lastName(b []byte) []byte {
	start := len(b)
	for start > 0 && isTokenByte(b[start-1]) {
		start--
	}
	return b[afterEscape(b, start, len(b)):]
}

// afterEscape returns where the token characters that begin at start really begin: after
// the digits of a percent-encoding.
func afterEscape(b []byte, start, end int) int {
	if start > 0 && b[start-1] == '%' {
		if _, n := firstEscape(b[start-1 : end]); n > 0 {
			return start - 1 + n
		}
	}
	return start
}
