// Package render turns results into output: text for people, JSON for programs. It escapes
// all bytes of a token that could move a terminal's cursor, hide text or reorder it.
package render

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape returns s in a form that is safe on a terminal, on one line: control characters,
// bidi and other invisible characters become \uXXXX, bytes that are not UTF-8 become \xXX.
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

// EscapeJSON returns a JSON text of the same value, whose strings have the characters that
// Escape replaces as \uXXXX, which means the same (RFC 8259 §7). Outside strings JSON has no
// such characters.
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
		if unsafe(r) && r != '\n' { // a line feed is white space between values: in a string it is escaped already
			writeEscape(&b, r)
		} else {
			b.WriteRune(r)
		}
	}
	return []byte(b.String())
}

// spelledOut returns a JSON text in which letters replace the escapes \uXXXX that many
// libraries write for all that is not ASCII. Escapes of characters that Escape replaces stay,
// and so do those of ASCII: they are unusual, so the reader should see them.
func spelledOut(text []byte) []byte {
	text = EscapeJSON(text)
	if !bytes.Contains(text, []byte(`\u`)) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		n := 1
		if text[i] == '\\' {
			var r rune
			if r, n = escaped(text[i:]); r >= utf8.RuneSelf && !unsafe(r) {
				out = utf8.AppendRune(out, r)
				i += n
				continue
			}
		}
		out = append(out, text[i:i+n]...)
		i += n
	}
	return out
}

// escaped reads the escape at the start of text. It returns its size and, if it is a \uXXXX
// of a character, the character, else -1.
func escaped(text []byte) (r rune, n int) {
	if r, n = unit(text); r < 0 || !utf16.IsSurrogate(r) {
		return r, n
	}
	low, m := unit(text[n:])
	if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
		return pair, n + m
	}
	return -1, n
}

func unit(text []byte) (r rune, n int) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1, min(2, len(text))
	}
	u, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1, 2
	}
	return rune(u), 6
}

const hexDigit = "0123456789abcdef"

func writeEscape(b *strings.Builder, r rune) {
	if r > 0xffff { // a surrogate pair in JSON
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

// isPlain reports whether text is printable ASCII, as most text is.
func isPlain(text []byte) bool {
	for ; len(text) >= 32; text = text[32:] {
		if w := text[:32]; (unplainBytes(w)|unplainBytes(w[8:])|unplainBytes(w[16:])|unplainBytes(w[24:]))&highBits != 0 {
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

const highBits = 0x8080808080808080

// unplainBytes returns a word with high bits if any of the first eight bytes of text is not printable
// ASCII: that of the byte, a borrow below ' ', or the carry of DEL.
func unplainBytes(text []byte) uint64 {
	const ones = highBits >> 7
	w := binary.NativeEndian.Uint64(text)
	return w | (w - ' '*ones) | (w + ones)
}

// unsafe reports characters that act on a terminal or are invisible: C0, DEL and C1
// controls, format characters (bidi, zero-width, tags, BOM), line and paragraph
// separators, default-ignorable and unassigned characters, and private use.
func unsafe(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	const brailleBlank = 0x2800
	return r == brailleBlank || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}
