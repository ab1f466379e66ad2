package render

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// A Field is one member of an Object.
type Field struct {
	Name  string
	Value any
}

// An Object is a JSON object with its members in the order of the output. Values are of any
// type that encoding/json takes; a jsontext.Value, jsonobject.Value or jsonobject.Object is
// reproduced member for member and digit for digit.
type Object []Field

// Members are the members of a JSON object, in the order of the output.
type Members interface {
	// AppendMembers appends the members as JSON, with a comma before each unless dst ends with
	// the brace of their object.
	AppendMembers(dst []byte) []byte
}

// AppendMembers appends the members of the object.
func (o Object) AppendMembers(dst []byte) []byte {
	for _, f := range o {
		dst = appendValue(appendName(dst, f.Name), f.Value)
	}
	return dst
}

// Joined are the members of one object after those of another.
type Joined []Members

// AppendMembers appends the members of all.
func (j Joined) AppendMembers(dst []byte) []byte {
	for _, m := range j {
		dst = m.AppendMembers(dst)
	}
	return dst
}

// AppendLine appends the object with a number and members, on one line.
func AppendLine(dst []byte, number int, m Members) []byte {
	start := len(dst)
	dst = strconv.AppendInt(append(dst, `{"line":`...), int64(number), 10)
	dst = m.AppendMembers(dst)
	if r, ok := m.(*Reports); !ok || !r.areEscaped() {
		dst = escapedFrom(dst, start)
	}
	return append(dst, "}\n"...)
}

// escapedFrom escapes the JSON text that dst has from start on.
func escapedFrom(dst []byte, start int) []byte {
	if isPlain(dst[start:]) {
		return dst
	}
	return append(dst[:start], EscapeJSON(dst[start:])...)
}

// appendName appends the name of a member, with a comma unless it is the first.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(jsonobject.AppendQuote(dst, name), ':')
}

// Add appends a member.
func (o *Object) Add(name string, value any) { *o = append(*o, Field{name, value}) }

// JSON returns the object as JSON text without a final newline: on one line, or
// indented for people.
func (o Object) JSON(indent bool) []byte { return JSON(o, indent) }

// JSON returns any value that an Object may hold as JSON text.
func JSON(value any, indent bool) []byte {
	if !indent {
		return AppendJSON(nil, value)
	}
	v := jsontext.Value(appendValue(nil, value))
	if err := v.Indent(append(kept[:len(kept):len(kept)], jsontext.WithIndent("  "))...); err != nil {
		panic("render: not JSON: " + err.Error()) // every value an Object may hold is valid JSON
	}
	return EscapeJSON(v)
}

// AppendJSON appends the JSON text of a value, on one line, to dst.
func AppendJSON(dst []byte, value any) []byte {
	start := len(dst)
	return escapedFrom(appendValue(dst, value), start)
}

// kept are the options with which jsontext changes only white space.
var kept = []jsontext.Options{
	jsontext.AllowDuplicateNames(true),
	jsontext.PreserveRawStrings(true),
}

// appendCompact appends valid JSON text of a token without the white space between its values.
func appendCompact(dst, text []byte) []byte {
	if !isSpaced(text) {
		return append(dst, text...)
	}
	v := jsontext.Value(bytes.Clone(text))
	if err := v.Compact(kept...); err != nil {
		panic("render: not JSON: " + err.Error()) // it was parsed before
	}
	return append(dst, v...)
}

// isSpaced reports whether JSON text has white space outside its strings.
func isSpaced(text []byte) bool {
	inString := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			inString = !inString
		case '\\':
			i++ // a backslash occurs only in strings
		case ' ', '\t', '\r', '\n':
			if !inString {
				return true
			}
		}
	}
	return false
}

func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case string:
		return jsonobject.AppendQuote(dst, v)
	case jsonobject.Value:
		return appendCompact(dst, v)
	case jsontext.Value:
		return appendCompact(dst, v)
	case jsonobject.Object:
		return appendSource(dst, v)
	case members: // which has the method of an Inspection
		return v.append(dst)
	case verdict.Text:
		return appendWritten(dst, v)
	case Members:
		return appendObject(dst, v)
	case []string:
		return appendArray(dst, v, jsonobject.AppendQuote)
	case []any:
		return appendArray(dst, v, appendValue)
	case []verdict.Check:
		return append(appendChecks(append(dst, '['), v), ']')
	case []Object:
		return appendArray(dst, v, appendObject[Object])
	default: // a struct with tags
		text, err := json.Marshal(v)
		if err != nil {
			return jsonobject.AppendQuote(dst, err.Error())
		}
		return append(dst, text...)
	}
}

func appendObject[M Members](dst []byte, m M) []byte {
	return append(m.AppendMembers(append(dst, '{')), '}')
}

// appendSource appends an object of a token without the white space between its values.
func appendSource(dst []byte, o jsonobject.Object) []byte {
	if !o.Spaced() {
		return append(dst, o.Bytes()...)
	}
	return appendCompact(dst, o.Bytes())
}

func appendArray[T any](dst []byte, elements []T, appendElement func([]byte, T) []byte) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendElement(dst, e)
	}
	return append(dst, ']')
}
