// Package render turns results into what is printed: text for people, JSON for
// programs. Nothing that came out of a token leaves it raw: what could move a
// terminal's cursor, hide, or reorder text is shown as an escape.
package render

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s as it may be shown on a terminal, on one line: control
// characters, bidi and other invisible characters become \uXXXX, bytes that are
// not UTF-8 become \xXX.
func Escape(s string) string {
	i := firstUnsafe(s)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte(hexDigit[s[i]>>4])
			b.WriteByte(hexDigit[s[i]&15])
		case unsafe(r):
			writeEscape(&b, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// EscapeJSON returns a JSON text with the same value in which no string holds a
// character raw that Escape would not show. JSON has such characters nowhere but
// in strings, and there \uXXXX means the same (RFC 8259 §7).
func EscapeJSON(text []byte) []byte {
	if isPlain(text) {
		return text
	}
	s := string(text)
	i := firstUnsafe(s)
	if i < 0 {
		return text
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if unsafe(r) && r != '\n' { // a line feed is white space between values: a string cannot hold one raw
			writeEscape(&b, r)
		} else {
			b.WriteRune(r)
		}
	}
	return []byte(b.String())
}

const hexDigit = "0123456789abcdef"

func writeEscape(b *strings.Builder, r rune) {
	if r > 0xffff { // a surrogate pair, as JSON spells it
		r -= 0x10000
		writeEscape(b, 0xd800+r>>10)
		writeEscape(b, 0xdc00+r&0x3ff)
		return
	}
	b.WriteString(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(hexDigit[r>>shift&15])
	}
}

// firstUnsafe returns where s first needs escaping, or -1.
func firstUnsafe(s string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || unsafe(r) {
			return i
		}
		i += n
	}
	return -1
}

// isPlain reports whether text is printable ASCII, which most is.
func isPlain(text []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] { // in any byte the high bit, a borrow below ' ', or the carry of DEL
		if w := binary.NativeEndian.Uint64(text); (w|(w-' '*ones)|(w+ones))&high != 0 {
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// unsafe holds for characters that act on a terminal or cannot be seen: C0, DEL
// and C1 controls, format characters (bidi, zero-width, tags, BOM), line and
// paragraph separators, and the rest that Unicode says is drawn as nothing.
func unsafe(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}
