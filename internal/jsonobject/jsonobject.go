// Package jsonobject reads a JSON object (RFC 8259 §4) and keeps its exact text: member
// order, digits and spelling. Names are case-sensitive, and duplicates are always
// reported.
package jsonobject

import (
	"bytes"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is the maximum nesting depth of objects and arrays, including the outermost
// object.
const MaxDepth = 100

// ErrTooDeep is the cause of a *SyntaxError for text nested deeper than MaxDepth.
var ErrTooDeep error = depthError{}

// A depthError is used instead of fmt.Errorf, which would slow down every start.
type depthError struct{}

func (depthError) Error() string { return fmt.Sprintf("nested deeper than %d", MaxDepth) }

// A SyntaxError describes where and why a text is not one JSON object.
type SyntaxError struct {
	Offset int // bytes from the start
	Reason string
	Err    error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// Unwrap returns the cause, such as ErrTooDeep.
func (e *SyntaxError) Unwrap() error { return e.Err }

// A Value is the exact text of one valid JSON value, without white space around it.
type Value []byte

// A Member is a name and its value.
type Member struct {
	Name  string // unescaped
	Value Value
}

// An Object is a JSON object and the exact bytes that it was read from. The zero Object
// is {}.
type Object struct{ *content }

// A content is what an Object is read from. It never changes, unless it is that of a Reader.
type content struct {
	src    []byte
	spaced bool // there may be white space between values

	plain      bool
	places     []place  // of the members of plain text
	members    []Member // of other text
	duplicates []string
}

// read returns what the object is read from.
func (o Object) read() *content {
	if o.content == nil {
		return &content{src: []byte("{}"), plain: true}
	}
	return o.content
}

// Parse reads src as one JSON object, with nothing but white space around it. It keeps
// src, which must not change afterwards. It accepts duplicate names at every depth, and
// Duplicates lists them.
func Parse(src []byte) (Object, error) { return parse(src, MaxDepth) }

func parse(src []byte, maxDepth int) (Object, error) {
	var r Reader
	if r.readPlain(src) {
		plain := r.content
		return Object{&plain}, nil
	}
	return parseAny(src, maxDepth)
}

// parseAny reads a text that is not plain. It lets jsontext check the grammar, which is fastest
// without positions and reasons, and walks only one with an error or duplicates again.
func parseAny(src []byte, maxDepth int) (Object, error) {
	if at := tooDeep(src, maxDepth); at >= 0 {
		return Object{}, &SyntaxError{Offset: at, Reason: ErrTooDeep.Error(), Err: ErrTooDeep}
	}
	c := content{src: src, spaced: true}
	if !jsontext.Value(src).IsValid() {
		var err error
		if c.duplicates, err = walk(src); err != nil {
			return Object{}, err
		}
	}
	start := skipSpace(src, 0)
	if k := Value(src[start:]); k.Kind() != '{' {
		return Object{}, &SyntaxError{Offset: start, Reason: "not a JSON object but " + k.Noun()}
	}
	c.members = split(src, start)
	return Object{&c}, nil
}

// Bytes returns the text of the object, exactly as it was read or last edited.
func (o Object) Bytes() []byte { return o.read().src }

// Members returns the members in the order of the text. Do not modify them.
func (o Object) Members() []Member {
	c := o.read()
	if !c.plain {
		return c.members
	}
	members := make([]Member, len(c.places))
	for i, p := range c.places {
		members[i] = Member{Name: string(c.name(p)), Value: c.at(p)}
	}
	return members
}

// All ranges over the members in the order of the text. A name is valid only in its turn.
func (o Object) All() iter.Seq2[[]byte, Value] {
	return func(yield func(name []byte, v Value) bool) {
		c := o.read()
		for _, p := range c.places {
			if !yield(c.name(p), c.at(p)) {
				return
			}
		}
		for _, m := range c.members {
			if !yield([]byte(m.Name), m.Value) {
				return
			}
		}
	}
}

// Len returns the number of members.
func (o Object) Len() int {
	c := o.read()
	return len(c.places) + len(c.members)
}

// Spaced reports whether the text may have white space outside its strings.
func (o Object) Spaced() bool { return o.read().spaced }

func (c *content) name(p place) []byte { return c.src[p.name.from+1 : p.name.to-1] }

func (c *content) at(p place) Value { return p.value.of(c.src) }

// Duplicates returns a JSON Pointer (RFC 6901) for each duplicate member, also in nested
// objects. A long list is truncated, but never empty if there are duplicates.
func (o Object) Duplicates() []string { return o.read().duplicates }

// Get returns the value with this name, compared by code point. Of duplicates it returns
// the last, as most parsers do; check Duplicates before you rely on it.
func (o Object) Get(name string) (Value, bool) {
	c := o.read()
	for _, p := range c.places { // without duplicates; most names differ in their first byte
		const quotes = 2
		if p.name.size() == len(name)+quotes && (name == "" || c.src[p.name.from+1] == name[0]) && string(c.name(p)) == name {
			return c.at(p), true
		}
	}
	for _, m := range slices.Backward(c.members) {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// Text returns the string with this name, and false if it is absent or not a string.
func (o Object) Text(name string) (string, bool) {
	v, ok := o.Get(name)
	if !ok {
		return "", false
	}
	return v.Text()
}

// Set replaces the value of the member with this name, or appends a member. The rest of
// the object keeps its order and spelling.
func (o *Object) Set(name string, value Value) {
	at := -1
	members := make([]Member, 0, o.Len()+1)
	for _, m := range o.Members() {
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

// Delete removes every member with this name and reports whether there was one.
func (o *Object) Delete(name string) bool {
	members := make([]Member, 0, o.Len())
	for _, m := range o.Members() {
		if m.Name != name {
			members = append(members, m)
		}
	}
	if len(members) == o.Len() {
		return false
	}
	o.rebuild(members)
	return true
}

func (o *Object) rebuild(members []Member) {
	// The value was read with a depth limit, so an edit cannot fail because of it.
	edited, err := parse(Join(members), math.MaxInt)
	if err != nil {
		panic("jsonobject: a member's value is not JSON: " + err.Error()) // a Value is always valid
	}
	*o = edited
}

// Join returns the object with these members.
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

// ParseValue reads src as one JSON value of any kind, and returns its text without the
// white space around it. It keeps src. A value may be nested as deep as a member of an
// object, one level less than MaxDepth.
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

// AppendQuote appends s to dst as a JSON string.
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

// quotesItself reports whether no character of s needs an escape, which is the usual
// case.
func quotesItself[T string | []byte](s T) bool {
	at := 0
	for at+8 <= len(s) && isPlainWord(wordAt(s, at)) {
		at += 8
	}
	for ; at < len(s); at++ {
		if c := s[at]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// wordAt returns eight bytes of s, the first as the lowest byte.
func wordAt[T string | []byte](s T, at int) uint64 {
	s = s[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// isPlainWord reports whether eight bytes are printable ASCII without quotes and backslashes.
func isPlainWord(w uint64) bool { return specialBytes(w) == 0 }

// specialBytes returns the high bit of each byte that is not printable ASCII, or is a quote or a
// backslash. The lowest bit is exact; a byte above it may be marked wrongly.
func specialBytes(w uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^'"'*ones, w^'\\'*ones
	// In any byte the high bit, a borrow below ' ', the carry of DEL, or a borrow of a zero.
	return (w | (w - ' '*ones) | (w + ones) | (quote-ones)&^quote | (backslash-ones)&^backslash) & high
}

func Int(n int64) Value { return strconv.AppendInt(nil, n, 10) }

// Kind returns the first byte of the value: '{', '[', '"', 't', 'f' or 'n', and '0' for
// every number.
func (v Value) Kind() byte {
	if len(v) == 0 {
		return 0
	}
	if c := v[0]; c != '-' && (c < '0' || c > '9') {
		return c
	}
	return '0'
}

// KindName returns the name of the kind in RFC 8259: "string", "number", "object", …
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

// Noun returns KindName with an article, if it takes one: "a string", "an array", "null".
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

// Text returns the content of v if v is a string.
func (v Value) Text() (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	return unquote(v)
}

// IsText reports whether v is a string with that content.
func (v Value) IsText(content string) bool {
	switch {
	case v.Kind() != '"':
		return false
	case len(v) >= 2 && bytes.IndexByte(v, '\\') < 0:
		return string(v[1:len(v)-1]) == content
	}
	text, ok := v.Text()
	return ok && text == content
}

// Texts returns the elements of v if v is an array of strings.
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

// Any returns v as a string, bool or []string, and anything else as its exact JSON, a
// jsontext.Value.
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

// Elements returns the elements of v if v is an array.
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

// Members returns the members of v in the order of the text if v is an object.
func (v Value) Members() ([]Member, bool) {
	if v.Kind() != '{' {
		return nil, false
	}
	return split(v, 0), true
}

// Object returns v as an Object if v is an object.
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
