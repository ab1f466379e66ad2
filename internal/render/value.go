package render

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
)

// A Remark is a note for people after a member.
type Remark struct {
	Text  string
	Style Style
}

// Object appends a JSON object as it was written, re-indented, with its numbers digit for
// digit and its strings readable. remark, which may be nil, is called for each member of the
// outermost object.
func (t *Text) Object(o jsonobject.Object, remark func(m jsonobject.Member) Remark) *Text {
	w := valueWriter{t: t, dec: jsontext.NewDecoder(bytes.NewBuffer(o.Bytes()), jsontext.AllowDuplicateNames(true))}
	if remark != nil {
		members := o.Members()
		w.remark = func(i int) Remark { return remark(members[i]) }
	}
	w.value(0)
	return t.Line()
}

// Value appends a JSON value, re-indented.
func (t *Text) Value(v jsonobject.Value) *Text {
	w := valueWriter{t: t, dec: jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true))}
	w.value(0)
	return t.Line()
}

// A valueWriter prints valid JSON token by token, so that it reads nothing twice.
type valueWriter struct {
	t      *Text
	dec    *jsontext.Decoder
	remark func(member int) Remark
}

// indented is the number of levels with lines of their own; deeper levels are on one
// line. Otherwise indentation could multiply the size of a token by a hundred.
const indented = 20

func (w *valueWriter) value(depth int) {
	switch kind := w.dec.PeekKind(); {
	case kind == '{' && depth < indented:
		w.list('{', '}', depth, true)
	case kind == '[' && depth < indented:
		w.list('[', ']', depth, false)
	default:
		w.t.Styled(Literal, w.raw())
	}
}

func (w *valueWriter) list(open, shut jsontext.Kind, depth int, named bool) {
	w.dec.ReadToken()
	if w.dec.PeekKind() == shut {
		w.dec.ReadToken()
		w.t.Put(string(rune(open)), string(rune(shut)))
		return
	}
	w.t.Put(string(rune(open))).Line()
	for i := 0; w.dec.PeekKind() != shut; i++ {
		w.indent(depth + 1)
		if named {
			w.t.Styled(Name, w.raw()).Put(": ")
		}
		w.value(depth + 1)
		if w.dec.PeekKind() != shut {
			w.t.Put(",")
		}
		if depth == 0 && named && w.remark != nil {
			if r := w.remark(i); r.Text != "" {
				w.t.Put("  ").Styled(r.Style, "// "+r.Text)
			}
		}
		w.t.Line()
	}
	w.dec.ReadToken()
	w.indent(depth)
	w.t.Put(string(rune(shut)))
}

// raw returns the next name or value on one line, as it was written except for letters
// written as \uXXXX.
func (w *valueWriter) raw() string {
	v, err := w.dec.ReadValue()
	if err != nil {
		panic("render: not JSON: " + err.Error()) // the value was parsed before
	}
	if kind := v.Kind(); kind == '{' || kind == '[' {
		v = appendCompact(nil, v)
	}
	return string(spelledOut(v))
}

func (w *valueWriter) indent(depth int) { w.t.Put(strings.Repeat("  ", depth)) }
