package jsonobject

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file split text that is known to be valid JSON. On invalid text
// they stop at the end at the latest, and always move forward.

// split returns the members of the object that starts at start.
func split(src []byte, start int) []Member {
	n, nameBytes := measure(src, start)
	members := make([]Member, 0, n)
	var names strings.Builder // all names are slices of this text
	names.Grow(nameBytes)
	for at := skipSpace(src, start+1); at < len(src) && src[at] != '}'; {
		end, value, next := cutMember(src, at)
		from := names.Len()
		names.Write(src[at:end])
		name, _ := unquoteText(names.String()[from:])
		members = append(members, Member{Name: name, Value: value})
		at = next
	}
	return members
}

// measure returns the number of members and the total length of their names to allocate
// for. Both are estimates if there are few members and exact otherwise: a slice that
// grows takes three times as much memory.
func measure(src []byte, start int) (members, nameBytes int) {
	const few, usual = 16, 8
	if n := bytes.Count(src, []byte{':'}); n <= few {
		return n, n * usual
	}
	for at := skipSpace(src, start+1); at < len(src) && src[at] != '}'; members++ {
		end, _, next := cutMember(src, at)
		nameBytes += end - at
		at = next
	}
	return members, nameBytes
}

// cutMember returns the end of the name that starts at at, the value after it, and where
// the next name starts or the object ends.
func cutMember(src []byte, at int) (nameEnd int, value Value, next int) {
	nameEnd = skipString(src, at)
	start := skipSpace(src, skipSpace(src, nameEnd)+1)
	end := skipValue(src, start)
	return nameEnd, Value(src[start:end:end]), skipComma(src, end)
}

// skipSpace returns the offset of the next byte that is not white space.
func skipSpace(src []byte, at int) int {
	for at < len(src) && (src[at] == ' ' || src[at] == '\n' || src[at] == '\r' || src[at] == '\t') {
		at++
	}
	return min(at, len(src))
}

// skipComma returns where the next member or element starts, or where the list ends.
func skipComma(src []byte, at int) int {
	at = skipSpace(src, at)
	if at < len(src) && src[at] == ',' {
		at++
	}
	return skipSpace(src, at)
}

// skipString returns the end of the string whose opening quote is at at.
func skipString(src []byte, at int) int {
	for at++; at < len(src); at++ {
		switch src[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(src)
}

// skipValue returns the end of the value that starts at at.
func skipValue(src []byte, at int) int {
	if at >= len(src) {
		return len(src)
	}
	switch src[at] {
	case '"':
		return skipString(src, at)
	case '{', '[':
		return skipNested(src, at)
	}
	for at++; at < len(src); at++ {
		switch src[at] {
		case ',', ']', '}', ' ', '\n', '\r', '\t':
			return at
		}
	}
	return len(src)
}

func skipNested(src []byte, at int) int {
	for depth := 0; at < len(src); at++ {
		switch src[at] {
		case '"':
			at = skipString(src, at) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
	return len(src)
}

// tooDeep returns where the text, valid or not, exceeds the nesting limit, or -1.
func tooDeep(src []byte, limit int) int {
	if bytes.Count(src, []byte{'{'})+bytes.Count(src, []byte{'['}) <= limit {
		return -1 // the usual case: not enough brackets
	}
	depth := 0
	for at := 0; at < len(src); at++ {
		switch src[at] {
		case '"':
			at = skipString(src, at) - 1
		case '{', '[':
			if depth++; depth > limit {
				return at
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

func unquote(quoted []byte) (string, bool) {
	return unquoteText(string(quoted))
}

// unquoteText returns the content of a JSON string. If it has no escapes, the result is a
// slice of quoted.
func unquoteText(quoted string) (string, bool) {
	if len(quoted) >= 2 && !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1], true
	}
	b, err := jsontext.AppendUnquote(nil, quoted)
	return string(b), err == nil
}
