package scan

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"jwt/internal/base64url"
	"jwt/internal/compact"
)

// maxHeader is the size of a header in base64url up to which it is decoded here. A token
// parser refuses larger ones (64 KiB) anyway.
const maxHeader = 88 << 10

func isTokenByte(c byte) bool { return c == '.' || base64url.Is(c) }

// inToken is isTokenByte with the tilde of an SD-JWT.
func inToken(c byte) bool { return c == '~' || isTokenByte(c) }

// isWord reports whether s has only token characters.
func isWord(s []byte) bool {
	for _, c := range s {
		if !inToken(c) {
			return false
		}
	}
	return true
}

// isToken reports whether s looks like a token inside other text: the compact shape, and
// a JSON object as its first part.
func isToken(s []byte) bool { return compact.Is(s) && hasHeader(s) }

// hasHeader reports whether the text up to the first dot decodes to text in braces. The
// parser decides whether that is JSON, because its error is better.
func hasHeader(s []byte) bool {
	dot := bytes.IndexByte(s, '.')
	if dot < 3 || !startsLikeHeader(s[0]) {
		return false
	}
	if dot > maxHeader {
		return s[0] == 'e'
	}
	return inBraces(decodeHeader(s))
}

// decodeHeader returns the bytes of the first part, or nil if it is not base64url.
func decodeHeader(token []byte) []byte {
	part, _, _ := bytes.Cut(token, []byte{'.'})
	header := make([]byte, base64.RawURLEncoding.DecodedLen(len(part)))
	n, err := base64.RawURLEncoding.Decode(header, part)
	if err != nil {
		return nil
	}
	return header[:n]
}

// startsLikeHeader avoids decoding most words: '{' is encoded as e, and white space
// before it as I, C or D.
func startsLikeHeader(c byte) bool { return c == 'e' || c == 'I' || c == 'C' || c == 'D' }

func inBraces(header []byte) bool {
	header = bytes.Trim(header, whiteSpace)
	return len(header) >= 2 && header[0] == '{' && header[len(header)-1] == '}'
}

// isLaxToken is isToken for text with padding or in the standard alphabet, which is not a
// valid token but can be shown.
func isLaxToken(s []byte) bool {
	if dots := bytes.Count(s, []byte{'.'}); dots != 2 && dots != 4 || bytes.Contains(s, compact.Ellipsis) {
		return false
	}
	for part := range bytes.SplitSeq(s, []byte{'.'}) {
		part = bytes.TrimRight(part, "=")
		for _, c := range part {
			if !base64url.Is(c) && c != '+' && c != '/' {
				return false
			}
		}
	}
	dot := bytes.IndexByte(s, '.')
	if dot > maxHeader {
		return false
	}
	header, _, err := base64url.DecodeLax(string(s[:dot]))
	return err == nil && inBraces(header)
}

// next returns the first token at or after from: the longest run of token characters, if
// it looks like a token, with the disclosures of an SD-JWT. It searches for dots, because
// most text has few.
func next(b []byte, from int) (start, end int, ok bool) {
	for {
		dot := bytes.IndexByte(b[from:], '.')
		if dot < 0 {
			return 0, 0, false
		}
		start, end = from+dot, from+dot
		for start > from && isTokenByte(b[start-1]) {
			start--
		}
		for end < len(b) && isTokenByte(b[end]) {
			end++
		}
		if start > from {
			start = min(afterEscape(b, start, end), end)
		}
		if at, n := inRun(b, start, end, start > from); n > 0 {
			return at, at + n, true
		}
		from = end
	}
}

// inRun returns where the token of a run of token characters begins and its length, which is 0
// without one. A full stop may end the token if the run is whole.
func inRun(b []byte, start, end int, whole bool) (at, n int) {
	run := b[start:end]
	if isToken(run) {
		for end < len(b) && inToken(b[end]) { // the disclosures of an SD-JWT
			end++
		}
		return start, end - start
	}
	if n := vendorPrefix(run); n > 0 && isToken(run[n:]) {
		return start + n, len(run) - n
	}
	if whole && beforeFullStop(b, start, end) {
		return start, len(run) - 1
	}
	return start, inCookieSigned(b[:start], run)
}

// vendorPrefix returns the length of what GitHub writes before a JWT: ghs_APPID_.
func vendorPrefix(b []byte) int {
	const longest = 32
	if len(b) < longest || b[0] != 'g' || b[1] != 'h' || b[3] != '_' {
		return 0
	}
	return bytes.Index(b[:longest], []byte("_eyJ")) + 1
}

// beforeFullStop reports whether the text between start and end is a token and the full
// stop of a sentence. A dot at the end of a bare token is an error.
func beforeFullStop(b []byte, start, end int) bool {
	if b[end-1] != '.' || end-start < 2 || b[end-2] == '.' {
		return false
	}
	if r, n := utf8.DecodeRune(b[end:]); n > 0 && !isBlank(r) {
		return false
	}
	return isToken(b[start:end-1]) && isComplete(b[start:end-1])
}

// inCookieSigned returns the length of the token in a cookie signed by Express: s:
// precedes it, and a dot and an HMAC follow it.
func inCookieSigned(before, run []byte) int {
	last := bytes.LastIndexByte(run, '.')
	if last < 0 || len(withoutMark(before)) == len(before) || !isToken(run[:last]) || !isComplete(run[:last]) {
		return 0
	}
	return last
}

// signedMarks precede the value of a cookie that Express signed.
var signedMarks = [...]string{"s:", "s%3A", "s%3a"}

// withoutMark removes the mark of a signed cookie from the end of the text before its
// value.
func withoutMark(before []byte) []byte {
	for _, mark := range signedMarks {
		if rest, ok := bytes.CutSuffix(before, []byte(mark)); ok && (len(rest) == 0 || !inToken(rest[len(rest)-1])) {
			return rest
		}
	}
	return before
}

func carriesToken(b []byte) bool {
	_, _, ok := next(b, 0)
	return ok
}

// schemes lists the words before a token: those of RFC 6750 §2.1 and RFC 9449 §7.1, and
// two that common frameworks use.
var schemes = [...]string{"bearer", "dpop", "jwt", "token"}

// cutScheme removes a scheme and the white space after it from the front.
func cutScheme(s span) (span, bool) {
	for _, scheme := range schemes {
		if len(s.b) > len(scheme) && isSpace(s.b[len(scheme)]) && equalFold(s.b[:len(scheme)], scheme) {
			n := len(scheme)
			for n < len(s.b) && isSpace(s.b[n]) {
				n++
			}
			return s.from(n), true
		}
	}
	return s, false
}

func isScheme(word []byte) bool {
	for _, scheme := range schemes {
		if equalFold(word, scheme) {
			return true
		}
	}
	return false
}

func equalFold(b []byte, s string) bool {
	return len(b) == len(s) && bytes.EqualFold(b, []byte(s))
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
