package jsonobject

import (
	"math"
	"unicode/utf8"
)

// A place is where a member is in the text of its object. The name has its quotes.
type place struct{ name, value part }

// A part is the bytes of a text from one offset to another.
type part struct{ from, to int32 }

func (p part) size() int { return int(p.to - p.from) }

func (p part) of(text []byte) []byte { return text[p.from:p.to:p.to] }

// Limits of plain text. Anything beyond is read by jsontext.
const (
	plainDepth   = 16
	plainMembers = 32 // of one object
	plainNames   = 64 // of the objects that are open at once
	plainBytes   = math.MaxInt32
)

// A plainReader checks and splits the usual text of an object in one walk that copies nothing. It
// gives up on whatever is not plain: an error, a duplicate name, an escape in a name, \u, deep
// nesting. What it accepts, jsontext accepts, with the same members and no duplicates (FuzzPlain).
type plainReader struct {
	src    []byte
	at     int
	spaced bool // there is white space outside strings

	names [plainNames]part // of the objects that are open, the outermost first
	named int

	places [plainMembers]place
	found  int
}

// readPlain returns the places of the members of src and whether it has white space between
// values. ok is false if the text is not plain.
func readPlain(src []byte) (places []place, spaced, ok bool) {
	if len(src) > plainBytes {
		return nil, false, false
	}
	r := plainReader{src: src}
	r.skipSpace()
	if r.peek() != '{' || !r.object(1) {
		return nil, false, false
	}
	r.skipSpace()
	if r.at != len(src) {
		return nil, false, false
	}
	return append(make([]place, 0, r.found), r.places[:r.found]...), r.spaced, true
}

// peek returns the next byte, or 0 at the end.
func (r *plainReader) peek() byte {
	if r.at < len(r.src) {
		return r.src[r.at]
	}
	return 0
}

// take skips the byte c and reports whether it was the next.
func (r *plainReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *plainReader) skipSpace() {
	if r.peek() > ' ' {
		return
	}
	if at := skipSpace(r.src, r.at); at > r.at {
		r.at, r.spaced = at, true
	}
}

func (r *plainReader) value(depth int) bool {
	switch c := r.peek(); c {
	case '"':
		return r.text(true)
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	default:
		return r.number()
	}
}

func (r *plainReader) word(word string) bool {
	end := r.at + len(word)
	if end > len(r.src) || string(r.src[r.at:end]) != word {
		return false
	}
	r.at = end
	return true
}

// text reads a string. Only one that may have escapes can have a backslash.
func (r *plainReader) text(escapes bool) bool {
	r.at++
	start, ascii := r.at, true
	for r.at+8 <= len(r.src) && isPlainWord(wordAt(r.src, r.at)) {
		r.at += 8
	}
	for r.at < len(r.src) {
		switch c := r.src[r.at]; {
		case c == '"':
			r.at++
			return ascii || utf8.Valid(r.src[start:r.at])
		case c < ' ':
			return false
		case c == '\\':
			if r.at++; !escapes || !isShortEscape(r.peek()) {
				return false
			}
		case c >= utf8.RuneSelf:
			ascii = false
		}
		r.at++
	}
	return false
}

// isShortEscape reports whether a backslash and c are an escape other than \u.
func isShortEscape(c byte) bool {
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	}
	return false
}

// number reads a number as RFC 8259 §6 has it.
func (r *plainReader) number() bool {
	r.take('-')
	if !r.take('0') && !r.digits() {
		return false
	}
	if r.take('.') && !r.digits() {
		return false
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		return r.digits()
	}
	return true
}

func (r *plainReader) digits() bool {
	start := r.at
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.at++
	}
	return r.at > start
}

func (r *plainReader) array(depth int) bool {
	r.at++
	r.skipSpace()
	if r.take(']') {
		return true
	}
	for depth < plainDepth {
		r.skipSpace()
		if !r.value(depth + 1) {
			return false
		}
		r.skipSpace()
		if !r.take(',') {
			return r.take(']')
		}
	}
	return false
}

func (r *plainReader) object(depth int) bool {
	r.at++
	r.skipSpace()
	if r.take('}') {
		return true
	}
	first := r.named // of the names of this object
	for depth < plainDepth {
		r.skipSpace()
		if !r.member(first, depth) {
			return false
		}
		r.skipSpace()
		if !r.take(',') {
			r.named = first
			return r.take('}')
		}
	}
	return false
}

// member reads a name that none of the names from first on is, and its value.
func (r *plainReader) member(first, depth int) bool {
	start := r.at
	if r.peek() != '"' || !r.text(false) || r.named == plainNames || r.named-first == plainMembers {
		return false
	}
	name := r.since(start)
	for _, other := range r.names[first:r.named] {
		if other.size() == name.size() && string(other.of(r.src)) == string(name.of(r.src)) {
			return false
		}
	}
	r.names[r.named] = name
	r.named++
	r.skipSpace()
	if !r.take(':') {
		return false
	}
	r.skipSpace()
	start = r.at
	if !r.value(depth + 1) {
		return false
	}
	if depth == 1 {
		r.places[r.found] = place{name, r.since(start)}
		r.found++
	}
	return true
}

func (r *plainReader) since(start int) part { return part{int32(start), int32(r.at)} }
