package render

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
)

// A Field is one member of an Object.
type Field struct {
	Name  string
	Value any
}

// An Object is a JSON object in the making: members in the order they are
// printed in. Values are nil, bool, int, int64, string, []string, []any, Object,
// []Object, jsontext.Value, jsonobject.Value and jsonobject.Object; the last three
// are reproduced member for member and digit for digit.
type Object []Field

// Add appends a member.
func (o *Object) Add(name string, value any) { *o = append(*o, Field{name, value}) }

// JSON returns the object as JSON text without a final newline: on one line, or
// indented for people.
func (o Object) JSON(indent bool) []byte {
	return format(appendValue(nil, o), indent)
}

// JSON returns any value that an Object may hold as JSON text.
func JSON(value any, indent bool) []byte { return format(appendValue(nil, value), indent) }

// kept makes the jsontext package a formatter that changes white space alone.
var kept = []jsontext.Options{
	jsontext.AllowDuplicateNames(true),
	jsontext.PreserveRawStrings(true),
}

func format(text []byte, indent bool) []byte {
	v := jsontext.Value(text)
	var err error
	if indent {
		err = v.Indent(append(kept[:len(kept):len(kept)], jsontext.WithIndent("  "))...)
	} else {
		err = v.Compact(kept...)
	}
	if err != nil {
		panic("render: not JSON: " + err.Error()) // every value an Object may hold is valid JSON
	}
	return EscapeJSON(v)
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
		return append(dst, jsonobject.Quote(v)...)
	case jsonobject.Value:
		return append(dst, v...)
	case jsontext.Value:
		return append(dst, v...)
	case jsonobject.Object:
		return append(dst, v.Bytes()...)
	case Object:
		return appendObject(dst, v)
	case []string:
		return appendArray(dst, v)
	case []any:
		return appendArray(dst, v)
	case []Object:
		return appendArray(dst, v)
	default:
		panic(fmt.Sprintf("render: no JSON for a %T", value))
	}
}

func appendObject(dst []byte, o Object) []byte {
	dst = append(dst, '{')
	for i, f := range o {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, jsonobject.Quote(f.Name)...)
		dst = append(dst, ':')
		dst = appendValue(dst, f.Value)
	}
	return append(dst, '}')
}

func appendArray[T any](dst []byte, elements []T) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, e)
	}
	return append(dst, ']')
}
