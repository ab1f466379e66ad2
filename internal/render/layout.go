package render

import (
	"strings"
	"unicode/utf8"
)

// Columns counts the columns of a text from Escape. Characters of double width count as one:
// a line may then be too long, but is complete.
func Columns(s string) int { return utf8.RuneCountInString(s) }

// Middle shortens s to width columns by leaving out its middle.
func Middle(s string, width int) string {
	if len(s) <= width || Columns(s) <= width {
		return s
	}
	width = max(width, 3)
	end := (width - 1) / 3
	start := width - 1 - end
	return s[:byteAt(s, start)] + "…" + s[len(s)-bytesFromEnd(s, end):]
}

// byteAt returns the offset of the rune number n.
func byteAt(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// bytesFromEnd returns how many bytes the last n runes have.
func bytesFromEnd(s string, n int) int {
	size := 0
	for ; n > 0; n-- {
		_, k := utf8.DecodeLastRuneInString(s[:len(s)-size])
		size += k
	}
	return size
}

// chop breaks s into at most most lines of width columns, after a comma or space if one is
// near. If s does not fit, its middle is left out. most <= 0 means no limit.
func chop(s string, width, most int) []string {
	var lines []string
	for {
		cut := byteAt(s, width)
		if cut == len(s) {
			return append(lines, s)
		}
		if most > 0 && len(lines) == most-1 {
			return append(lines, Middle(s, width))
		}
		if near := strings.LastIndexAny(s[:cut], ", ") + 1; near > cut*2/3 {
			cut = near
		}
		lines = append(lines, s[:cut])
		s = s[cut:]
	}
}

// fold breaks prose into lines of width columns, between words where it can.
func fold(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case Columns(line)+1+Columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for Columns(line) > width {
			cut := byteAt(line, width)
			lines = append(lines, line[:cut])
			line = line[cut:]
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// foldWith is fold with a text after the prose that must not be broken, such as a section: on
// the last line, joined by sep, or on a line of its own.
func foldWith(prose, sep, tail string, width int) []string {
	lines := fold(prose, width)
	last := &lines[len(lines)-1]
	if Columns(*last)+Columns(sep)+Columns(tail) <= width {
		*last += sep + tail
		return lines
	}
	return append(lines, fold(tail, width)...)
}
