package scan

import (
	"bytes"
	"strings"
)

// hasQuoted reports whether b contains an opening quote.
func hasQuoted(b []byte) bool {
	for i, c := range b {
		if isQuote(c) && opensQuote(b, i) {
			return true
		}
	}
	return false
}

// opensQuote reports whether the quote at i is an opening one, judged by the text before
// it: the quote of Python's b'…' is one, the apostrophe of "don't" is not.
func opensQuote(b []byte, i int) bool {
	if i > 0 && (b[i-1] == 'b' || b[i-1] == '$') {
		i--
	}
	return i == 0 || strings.IndexByte(" \t=:,([{<>+;&|!?^", b[i-1]) >= 0
}

// closesQuote reports whether the quote at i ends the quoted text. The text must end there,
// or continue with white space or punctuation: a token that touches more text might be only
// a piece of one.
func closesQuote(b []byte, i int) bool {
	return i+1 == len(b) || strings.IndexByte(" \t,;:=)]}<>&|+/\\?^", b[i+1]) >= 0
}

// quoted splits a command line or a line of source: quoted text is a carrier, the rest is
// prose.
func (r *reader) quoted(s span, c carrier) (pieces []piece) {
	plain := 0 // start of the text outside quotes
	for i := 0; i < len(s.b); i++ {
		if !isQuote(s.b[i]) || !opensQuote(s.b, i) {
			continue
		}
		pieces = append(pieces, r.prose(s.sub(plain, i))...)
		end, escapes := endOfQuote(s.b, i)
		before, ok := nameBefore(s.b[:i])
		if end < 0 || !closesQuote(s.b, end) || !ok {
			return append(pieces, refusedQuote(s, i, end)...)
		}
		inner := piece{span: s.sub(i+1, end), carrier: c}
		if i > 0 && s.b[i-1] == '^' { // the shell of Windows: ^"…^"
			inner.span = s.sub(i+1, i+1+len(bytes.TrimSuffix(inner.b, []byte{'^'})))
		}
		if escapes {
			inner.span = span{b: unescape(inner.b), off: inner.off}
		}
		inner.quoted = isAuthorization(c.name) && isScheme(trimBlanks(s.b[:i]))
		if name := string(before); name != "" {
			inner.carrier = carrier{name: name, where: name, fold: true}
			if equalFold(before, "Authorization") {
				inner.where += " header"
			}
		}
		pieces = append(pieces, inner)
		i, plain = end, end+1
	}
	return append(pieces, r.prose(s.from(plain))...)
}

// refusedQuote returns the first token after a quotation from i to end that is not closed
// or touches other text.
func refusedQuote(s span, i, end int) []piece {
	start, stop, ok := next(s.b, i)
	if !ok {
		return nil
	}
	p := piece{span: s.from(start), form: asRefused}
	switch {
	case end < 0:
		p.touched = s.at(i)
	case !closesQuote(s.b, end):
		p.touched = s.at(end + 1)
	default:
		p.touched = endOfToken(s, start, stop)
	}
	return []piece{p}
}

// endOfQuote returns where the quotation that begins at i ends, or -1. escapes reports
// whether it contains escaped quotes, which only double quotes allow.
func endOfQuote(b []byte, i int) (end int, escapes bool) {
	quote := b[i]
	for j := i + 1; j < len(b); j++ {
		switch {
		case b[j] == quote:
			return j, escapes
		case b[j] == '\\' && quote == '"' && j+1 < len(b):
			j++
			escapes = escapes || b[j] == quote
		}
	}
	return -1, false
}

func unescape(b []byte) []byte {
	plain := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\') {
			i++
		}
		plain = append(plain, b[i])
	}
	return plain
}

// maxName limits how far back a name is searched, in bytes.
const maxName = 128

// nameBefore returns the name of the quoted text after b: "name": "…", name = "…", name:
// Bearer "…". ok is false if a scheme occurs twice.
func nameBefore(b []byte) (name []byte, ok bool) {
	b = trimBlanks(b[max(0, len(b)-maxName):])
	if rest, isWord := cutLastScheme(b); isWord {
		if _, again := cutLastScheme(rest); again {
			return nil, false
		}
		b = rest
	}
	b = trimBlanks(bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("$")), []byte("b")))
	if len(b) == 0 || b[len(b)-1] != ':' && b[len(b)-1] != '=' {
		return nil, true
	}
	b = trimBlanks(b[:len(b)-1])
	if len(b) > 0 && isQuote(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	start := len(b)
	for start > 0 && isTokenByte(b[start-1]) {
		start--
	}
	return bytes.TrimLeft(b[start:], "-"), true
}

// cutLastScheme removes a scheme from the end of b if it is a separate word.
func cutLastScheme(b []byte) ([]byte, bool) {
	i := len(b)
	for i > 0 && !isSpace(b[i-1]) && b[i-1] != ':' && b[i-1] != '=' {
		i--
	}
	if !isScheme(b[i:]) {
		return b, false
	}
	return trimBlanks(b[:i]), true
}

// trimBlanks removes white space from the end of a line.
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
