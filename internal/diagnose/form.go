package diagnose

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"jwt/internal/jsonobject"
)

// A form is how a JSON writer formats a value: white space, order of members and escapes.
type form struct {
	name         string
	comma, colon string
	indent       string // of one level; "" for all on one line
	sorted       bool   // members by name

	verbatim bool   // strings and numbers unchanged
	ascii    bool   // \u escapes for all that is not ASCII
	escaped  string // more characters to escape, as \u… but for / as \/
	floats   bool   // numbers as ECMAScript prints them
}

// forms lists the formats of common JSON writers.
var forms = []form{
	{name: "compact JSON", comma: ",", colon: ":", verbatim: true},
	{name: "JavaScript's JSON.stringify writes it", comma: ",", colon: ":", floats: true},
	{name: "Python's json.dumps writes it", comma: ", ", colon: ": ", ascii: true},
	{name: "Python's json.dumps writes it, sorted", comma: ", ", colon: ": ", ascii: true, sorted: true},
	{name: "Python's json.dumps writes it without escapes", comma: ", ", colon: ": "},
	{name: "compact JSON in ASCII", comma: ",", colon: ":", ascii: true},
	{name: "compact JSON, sorted", comma: ",", colon: ":", sorted: true},
	{name: "compact JSON in ASCII, sorted", comma: ",", colon: ":", sorted: true, ascii: true},
	{name: "PHP's json_encode writes it", comma: ",", colon: ":", ascii: true, escaped: "/"},
	{name: "Go's encoding/json writes it", comma: ",", colon: ":", escaped: "<>&\u2028\u2029"},
	{name: "Go's encoding/json writes it, sorted", comma: ",", colon: ":", sorted: true, escaped: "<>&\u2028\u2029"},
	{name: "JSON indented by two spaces", comma: ",", colon: ": ", indent: "  "},
	{name: "JSON indented by four spaces", comma: ",", colon: ": ", indent: "    "},
	{name: "JSON indented by tabs", comma: ",", colon: ": ", indent: "\t"},
}

func (f form) write(t tree) []byte { return f.append(nil, t, "\n") }

// append writes t; newline begins a line at the depth of t.
func (f form) append(dst []byte, t tree, newline string) []byte {
	open, end := "{", "}"
	switch t.value.Kind() {
	case '"':
		return f.appendString(dst, t.value)
	case '0':
		return f.appendNumber(dst, t.value)
	case '[':
		open, end = "[", "]"
	case '{':
	default:
		return append(dst, t.value...)
	}
	if len(t.children) == 0 {
		return append(dst, open+end...)
	}
	inner := ""
	if f.indent != "" {
		inner = newline + f.indent
	}
	dst = append(dst, open...)
	for i, place := range t.order(f.sorted) {
		if i > 0 {
			dst = append(dst, f.comma...)
		}
		dst = append(dst, inner...)
		if t.names != nil {
			dst = append(f.appendString(dst, jsonobject.Quote(t.names[place])), f.colon...)
		}
		dst = f.append(dst, t.children[place], inner)
	}
	if f.indent != "" {
		dst = append(dst, newline...)
	}
	return append(dst, end...)
}

func (f form) appendString(dst []byte, v jsonobject.Value) []byte {
	text, ok := v.Text()
	if f.verbatim || !ok {
		return append(dst, v...)
	}
	quoted := string(jsonobject.Quote(text)) // with as few escapes as possible
	if !f.ascii && f.escaped == "" {
		return append(dst, quoted...)
	}
	for _, r := range quoted {
		switch {
		case r == '/' && strings.ContainsRune(f.escaped, r):
			dst = append(dst, `\/`...)
		case strings.ContainsRune(f.escaped, r), f.ascii && r >= utf8.RuneSelf:
			dst = appendEscape(dst, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

func appendEscape(dst []byte, r rune) []byte {
	for _, unit := range utf16.AppendRune(nil, r) {
		hex := strconv.FormatUint(uint64(unit), 16)
		dst = append(dst, `\u`+strings.Repeat("0", 4-len(hex))+hex...)
	}
	return dst
}

// appendNumber follows Number::toString of ECMAScript if the form requires it.
func (f form) appendNumber(dst []byte, v jsonobject.Value) []byte {
	n, err := strconv.ParseFloat(string(v), 64)
	if !f.floats || err != nil {
		return append(dst, v...)
	}
	if n == 0 {
		return append(dst, '0')
	}
	if abs := math.Abs(n); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, n, 'f', -1, 64)
	}
	s := strconv.FormatFloat(n, 'e', -1, 64)
	return append(dst, strings.Replace(strings.Replace(s, "e-0", "e-", 1), "e+0", "e+", 1)...)
}
