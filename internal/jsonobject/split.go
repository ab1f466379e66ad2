package jsonobject

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file cut text that is known to be valid JSON. They stop
// at the end of a text that is not, and always move forward.

// split returns the members of the object that starts at start.
func split(src []byte, start int) []Member {
	text := string(src) // one copy that all names are cut from
	const most = 16     // that room is made for before they are seen; more get theirs as they come
	members := make([]Member, 0, min(bytes.Count(src, []byte{':'}), most))
	for at := skipSpace(src, start+1); at < len(src) && src[at] != '}'; {
		end := skipString(src, at)
		name, _ := unquoteText(text[at:end])
		valueStart := skipSpace(src, skipSpace(src, end)+1)
		valueEnd := skipValue(src, valueStart)
		members = append(members, Member{Name: name, Value: Value(src[valueStart:valueEnd:valueEnd])})
		at = skipComma(src, valueEnd)
	}
	return members
}

// skipSpace returns where the next byte that is not white space stands.
func skipSpace(src []byte, at int) int {
	for at < len(src) && (src[at] == ' ' || src[at] == '\n' || src[at] == '\r' || src[at] == '\t') {
		at++
	}
	return min(at, len(src))
}

// skipComma returns where the next member or element starts, or the end of its list.
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

// tooDeep returns where the text, valid or not, nests deeper than limit; -1 if
// it does not.
func tooDeep(src []byte, limit int) int {
	if bytes.Count(src, []byte{'{'})+bytes.Count(src, []byte{'['}) <= limit {
		return -1 // as nearly always: so few brackets cannot
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

// unquoteText returns the text of a JSON string, cut from quoted where nothing
// in it is escaped.
func unquoteText(quoted string) (string, bool) {
	if len(quoted) >= 2 && !strings.Contains(quoted, `\`) {
		return quoted[1 : len(quoted)-1], true
	}
	b, err := jsontext.AppendUnquote(nil, quoted)
	return string(b), err == nil
}
