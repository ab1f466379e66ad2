// Package jsonobject reads a JSON object (RFC 8259 §4) and keeps it exactly as sent:
// member order, digits and spelling. Names are case-sensitive, and duplicates are
// reported, never silently resolved.
package jsonobject

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep objects and arrays may nest, the outermost object counted.
const MaxDepth = 100

// ErrTooDeep is the cause of a *SyntaxError for text nested deeper than MaxDepth.
var ErrTooDeep error = depthError{}

// A depthError replaces a fmt.Errorf value, whose creation would slow every start.
type depthError struct{}

func (depthError) Error() string { return fmt.Sprintf("nested deeper than %d", MaxDepth) }

// A SyntaxError says where and why a text is not one JSON object.
type SyntaxError struct {
	Offset int // bytes from the start
	Reason string
	Err    error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// Unwrap returns the cause, ErrTooDeep among them.
func (e *SyntaxError) Unwrap() error { return e.Err }

// A Value is the exact text of one valid JSON value, without white space around it.
type Value []byte

// A Member is one name with its value, in the order of the text.
type Member struct {
	Name  string // unescaped
	Value Value
}

// An Object is one JSON object and the exact bytes it was read from. The zero
// Object is {}.
type Object struct {
	src        []byte
	members    []Member
	duplicates []string
}

// Parse reads src as one JSON object with nothing but white space around it.
// It keeps src, which must not change afterwards. Duplicate names are accepted
// here, at every depth, and listed by Duplicates.
func Parse(src []byte) (Object, error) { return parse(src, MaxDepth) }

// parse leaves the grammar to jsontext, which is at its fastest without a word
// about where and why; only a text it does not like is walked again for that.
func parse(src []byte, maxDepth int) (Object, error) {
	if at := tooDeep(src, maxDepth); at >= 0 {
		return Object{}, &SyntaxError{Offset: at, Reason: ErrTooDeep.Error(), Err: ErrTooDeep}
	}
	o := Object{src: src}
	if !jsontext.Value(src).IsValid() {
		var err error
		if o.duplicates, err = walk(src); err != nil {
			return Object{}, err
		}
	}
	start := skipSpace(src, 0)
	if k := Value(src[start:]); k.Kind() != '{' {
		return Object{}, &SyntaxError{Offset: start, Reason: "not a JSON object but " + k.Noun()}
	}
	o.members = split(src, start)
	return o, nil
}

// Bytes returns the text of the object, exactly as it was read or last edited.
func (o Object) Bytes() []byte {
	if o.src == nil {
		return []byte("{}")
	}
	return o.src
}

// Members returns the members in the order of the text. Do not modify them.
func (o Object) Members() []Member { return o.members }

// Duplicates returns a JSON Pointer (RFC 6901) for each duplicate member, including
// nested objects. A long list is cut, but is empty only if there are no duplicates.
func (o Object) Duplicates() []string { return o.duplicates }

// Get returns the value under name, compared code point by code point. Of duplicates it
// returns the last, as most parsers do; check Duplicates before any decision.
func (o Object) Get(name string) (Value, bool) {
	for i := len(o.members) - 1; i >= 0; i-- {
		if o.members[i].Name == name {
			return o.members[i].Value, true
		}
	}
	return nil, false
}

// Text returns the string under name, and false if it is absent or not a string.
func (o Object) Text(name string) (string, bool) {
	v, ok := o.Get(name)
	if !ok {
		return "", false
	}
	return v.Text()
}

// Set puts value under name: in the place of the member of that name, or at the
// end. The rest of the object keeps its order and its spelling of values.
func (o *Object) Set(name string, value Value) {
	at := -1
	members := make([]Member, 0, len(o.members)+1)
	for _, m := range o.members {
		if m.Name != name {
			members = append(members, m)
		} else if at < 0 {
			at = len(members)
			members = append(members, Member{name, value})
		}
	}
	if at < 0 {
		members = append(members, Member{name, value})
	}
	o.rebuild(members)
}

// Delete removes every member called name and reports whether there was one.
func (o *Object) Delete(name string) bool {
	members := make([]Member, 0, len(o.members))
	for _, m := range o.members {
		if m.Name != name {
			members = append(members, m)
		}
	}
	if len(members) == len(o.members) {
		return false
	}
	o.rebuild(members)
	return true
}

func (o *Object) rebuild(members []Member) {
	// The depth was limited when the value was read: an edit cannot fail for it.
	edited, err := parse(Join(members), math.MaxInt)
	if err != nil {
		panic("jsonobject: a member's value is not JSON: " + err.Error()) // a Value is valid by its contract
	}
	*o = edited
}

// Join returns the object that has those members.
func Join(members []Member) Value {
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(AppendQuote(out, m.Name), ':')
		out = append(out, m.Value...)
	}
	return append(out, '}')
}

// ParseValue reads src as one JSON value of any kind, and returns its text
// without the white space around it. It keeps src. A value may nest as deep as a
// member of an object can, one less than MaxDepth.
func ParseValue(src []byte) (Value, error) {
	if at := tooDeep(src, MaxDepth-1); at >= 0 {
		return nil, &SyntaxError{Offset: at, Reason: ErrTooDeep.Error(), Err: ErrTooDeep}
	}
	if !jsontext.Value(src).IsValid() {
		if _, err := walk(src); err != nil {
			return nil, err
		}
	}
	start := skipSpace(src, 0)
	return Value(src[start:skipValue(src, start)]), nil
}

// Quote returns s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func Quote(s string) Value { return AppendQuote(make([]byte, 0, len(s)+2), s) }

// AppendQuote appends s as a JSON string, as Quote returns it, to dst.
func AppendQuote(dst []byte, s string) []byte {
	if quotesItself(s) {
		return append(append(append(dst, '"'), s...), '"')
	}
	quoted, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(dst, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return quoted
}

// quotesItself reports whether nothing in s needs an escape, as in most strings.
func quotesItself(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Int returns n as a JSON number.
func Int(n int64) Value { return strconv.AppendInt(nil, n, 10) }

// Kind returns the first byte of the value: '{', '[', '"', 't', 'f' or 'n', and
// '0' for every number.
func (v Value) Kind() byte {
	if len(v) == 0 {
		return 0
	}
	if c := v[0]; c != '-' && (c < '0' || c > '9') {
		return c
	}
	return '0'
}

// KindName names the kind as RFC 8259 does: "string", "number", "object", …
func (v Value) KindName() string {
	switch v.Kind() {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case '0':
		return "number"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "nothing"
	}
}

// Noun is KindName as a sentence has it: "a string", "an array", "null".
func (v Value) Noun() string {
	switch kind := v.KindName(); kind {
	case "null", "nothing":
		return kind
	case "object", "array":
		return "an " + kind
	default:
		return "a " + kind
	}
}

// Text returns the string that v is, and false if v is not a string.
func (v Value) Text() (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	return unquote(v)
}

// Texts returns the strings of v when v is an array of nothing but strings.
func (v Value) Texts() ([]string, bool) {
	elements, ok := v.Elements()
	if !ok {
		return nil, false
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if texts[i], ok = e.Text(); !ok {
			return nil, false
		}
	}
	return texts, true
}

// Any returns v as string, bool or []string, and the exact JSON of anything else as
// a jsontext.Value.
func (v Value) Any() any {
	if s, ok := v.Text(); ok {
		return s
	}
	if list, ok := v.Texts(); ok {
		return list
	}
	switch v.Kind() {
	case 't', 'f':
		return v.Kind() == 't'
	case 'n':
		return jsontext.Value("null")
	default:
		return jsontext.Value(v)
	}
}

// Elements returns the elements of v when v is an array.
func (v Value) Elements() ([]Value, bool) {
	if v.Kind() != '[' {
		return nil, false
	}
	elements := []Value{}
	for at := skipSpace(v, 1); at < len(v) && v[at] != ']'; {
		end := skipValue(v, at)
		elements = append(elements, v[at:end:end])
		at = skipComma(v, end)
	}
	return elements, true
}

// Members returns the members of v in the order of the text when v is an object.
func (v Value) Members() ([]Member, bool) {
	if v.Kind() != '{' {
		return nil, false
	}
	return split(v, 0), true
}

// Object returns the object that v is, and false if v is not one.
func (v Value) Object() (Object, bool) {
	if v.Kind() != '{' {
		return Object{}, false
	}
	o, err := Parse(v)
	return o, err == nil
}

// Duplicates returns the duplicate members of the objects in v, as Object.Duplicates
// does. For an array it returns those of the first element that has any.
func (v Value) Duplicates() []string {
	switch v.Kind() {
	case '{':
		o, _ := v.Object()
		return o.Duplicates()
	case '[':
		elements, _ := v.Elements()
		for _, e := range elements {
			if twice := e.Duplicates(); len(twice) > 0 {
				return twice
			}
		}
	}
	return nil
}
