package scan

import "bytes"

// A span is a piece of the text and its offset. If exact is false, escapes were decoded
// inside it and only its start is known.
type span struct {
	b     []byte
	off   int
	exact bool
}

func (s span) from(i int) span { return s.sub(i, len(s.b)) }

func (s span) sub(i, j int) span { return span{s.b[i:j], s.at(i), s.exact} }

// at returns the offset of byte i of the span in the text.
func (s span) at(i int) int {
	if s.exact {
		return s.off + i
	}
	return s.off
}

const whiteSpace = " \t\r\n"

// trim removes white space at both ends, including the no-break spaces of web pages.
func (s span) trim() span {
	left := bytes.TrimLeftFunc(s.b, isBlank)
	start := len(s.b) - len(left)
	return s.sub(start, start+len(bytes.TrimRightFunc(left, isBlank)))
}

// isBlank reports whether r is white space: isSpace, a line end or the no-break space.
func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\u00a0' }
