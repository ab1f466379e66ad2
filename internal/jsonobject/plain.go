package jsonobject

import (
	"encoding/binary"
	"math"
	"math/bits"
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

// A Reader reads many objects. An object is valid until the next one is read. Only one goroutine may
// use it.
//
// It checks and splits the usual text of an object in one walk that copies nothing. It gives up on
// whatever is not plain: an error, a duplicate name, an escape in a name, \u, deep nesting. What it
// accepts, jsontext accepts, with the same members and no duplicates (FuzzPlain).
type Reader struct {
	content // of the object that is read

	names [plainNames]part // of the objects that are open, the outermost first
	named int

	usual   usual
	asUsual bool // the members so far have the usual names
}

// Parse is the function Parse.
func (r *Reader) Parse(src []byte) (Object, error) {
	if r.readPlain(src) {
		return Object{&r.content}, nil
	}
	return parseAny(src, MaxDepth)
}

// readPlain finds the members of src and whether it has white space between values. It reports
// whether the text is plain.
func (r *Reader) readPlain(src []byte) bool {
	const usual = 16 // members
	if len(src) > plainBytes {
		return false
	}
	if r.places == nil {
		r.places = make([]place, 0, usual)
	}
	r.src, r.spaced, r.plain, r.places = src, false, true, r.places[:0]
	r.named, r.asUsual = 0, true
	at := r.skipSpace(0)
	if r.peek(at) != '{' {
		return false
	}
	at = r.object(at, 1)
	if at < 0 || r.skipSpace(at) != len(src) {
		return false
	}
	if !r.asUsual || len(r.places) != len(r.usual.names) {
		r.usual.keep(src, r.places)
	}
	return true
}

// notPlain is the end of a value that is not plain.
const notPlain = -1

// peek returns the byte at at, or 0 at the end.
func (r *Reader) peek(at int) byte {
	if at < len(r.src) {
		return r.src[at]
	}
	return 0
}

func (r *Reader) skipSpace(at int) int {
	if at < len(r.src) && r.src[at] > ' ' {
		return at
	}
	return r.skipSpaces(at)
}

// skipSpaces is apart, so that skipSpace is inlined.
//
//go:noinline
func (r *Reader) skipSpaces(at int) int {
	end := skipSpace(r.src, at)
	r.spaced = r.spaced || end > at
	return end
}

// value returns the end of the value that starts at at, as the functions below do.
func (r *Reader) value(at, depth int) int {
	switch r.peek(at) {
	case '"':
		return r.text(at, true)
	case '{':
		return r.object(at, depth)
	case '[':
		return r.array(at, depth)
	case 't':
		return r.word(at, "true")
	case 'f':
		return r.word(at, "false")
	case 'n':
		return r.word(at, "null")
	default:
		return r.number(at)
	}
}

func (r *Reader) word(at int, word string) int {
	end := at + len(word)
	if end > len(r.src) || string(r.src[at:end]) != word {
		return notPlain
	}
	return end
}

// text reads a string. Only one that may have escapes can have a backslash.
func (r *Reader) text(at int, escapes bool) int {
	src, start, ascii := r.src, at, true
	for at++; at < len(src); at++ {
		if at+8 <= len(src) {
			special := specialBytes(binary.LittleEndian.Uint64(src[at:]))
			if special == 0 {
				at += 7
				continue
			}
			at += bits.TrailingZeros64(special) / 8
		}
		switch c := src[at]; {
		case c == '"':
			at++
			if ascii || utf8.Valid(src[start:at]) {
				return at
			}
			return notPlain
		case c < ' ':
			return notPlain
		case c == '\\':
			if at++; !escapes || !isShortEscape(r.peek(at)) {
				return notPlain
			}
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return notPlain
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
func (r *Reader) number(at int) int {
	if r.peek(at) == '-' {
		at++
	}
	if r.peek(at) == '0' {
		at++
	} else if at = r.digits(at); at < 0 {
		return notPlain
	}
	if r.peek(at) == '.' {
		if at = r.digits(at + 1); at < 0 {
			return notPlain
		}
	}
	if c := r.peek(at); c == 'e' || c == 'E' {
		if at++; r.peek(at) == '+' || r.peek(at) == '-' {
			at++
		}
		return r.digits(at)
	}
	return at
}

// digits reads at least one digit.
func (r *Reader) digits(at int) int {
	end := at
	for end < len(r.src) && '0' <= r.src[end] && r.src[end] <= '9' {
		end++
	}
	if end == at {
		return notPlain
	}
	return end
}

func (r *Reader) array(at, depth int) int {
	at = r.skipSpace(at + 1)
	if r.peek(at) == ']' {
		return at + 1
	}
	for depth < plainDepth {
		if at = r.value(r.skipSpace(at), depth+1); at < 0 {
			return notPlain
		}
		at = r.skipSpace(at)
		switch r.peek(at) {
		case ',':
			at++
		case ']':
			return at + 1
		default:
			return notPlain
		}
	}
	return notPlain
}

func (r *Reader) object(at, depth int) int {
	at = r.skipSpace(at + 1)
	if r.peek(at) == '}' {
		return at + 1
	}
	siblings := nameSet{first: r.named}
	for depth < plainDepth {
		if at = r.member(r.skipSpace(at), depth, &siblings); at < 0 {
			return notPlain
		}
		at = r.skipSpace(at)
		switch r.peek(at) {
		case ',':
			at++
		case '}':
			r.named = siblings.first
			return at + 1
		default:
			return notPlain
		}
	}
	return notPlain
}

// member reads a name that its object does not have yet, and its value.
func (r *Reader) member(start, depth int, siblings *nameSet) int {
	end := r.name(start, depth, siblings)
	if end < 0 {
		return notPlain
	}
	name := part{int32(start), int32(end)}
	at := r.skipSpace(end)
	if r.peek(at) != ':' {
		return notPlain
	}
	from := r.skipSpace(at + 1)
	to := r.value(from, depth+1)
	if depth == 1 && to >= 0 {
		r.places = append(r.places, place{name, part{int32(from), int32(to)}})
	}
	return to
}

// name reads a name that its object does not have yet.
func (r *Reader) name(start, depth int, siblings *nameSet) int {
	if depth == 1 && r.asUsual {
		if size := r.usual.match(r.src[start:], len(r.places)); size > 0 {
			return start + size
		}
		r.asUsual = false
		for _, p := range r.places {
			r.addName(siblings, p.name)
		}
	}
	if r.peek(start) != '"' {
		return notPlain
	}
	end := r.text(start, false)
	if end < 0 || !r.addName(siblings, part{int32(start), int32(end)}) {
		return notPlain
	}
	return end
}

// A nameSet is the names of an object that is open.
type nameSet struct {
	first int    // of the names, in those of the reader
	marks uint64 // has a bit for each, which others may share
}

// addName adds a name to those of its object. It reports false if the object has it already, or if
// the list is full.
func (r *Reader) addName(to *nameSet, name part) bool {
	if r.named == plainNames || r.named-to.first == plainMembers {
		return false
	}
	text := name.of(r.src)
	bit := uint64(1) << ((text[1]*5 ^ text[len(text)-2]*3 ^ byte(len(text))) % 64) // inside the quotes
	if to.marks&bit != 0 {
		for _, other := range r.names[to.first:r.named] {
			if other.size() == name.size() && string(other.of(r.src)) == string(text) {
				return false
			}
		}
	}
	to.marks |= bit
	r.names[r.named] = name
	r.named++
	return true
}
