package jsonobject

import (
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A walker reads a text token by token, so that depth and repeated names are
// seen at every level while nothing but names is copied.
type walker struct {
	src []byte
	dec *jsontext.Decoder
}

// object reads the outermost object into o, up to the end of the text.
func (w *walker) object(o *Object) error {
	start := w.valueStart()
	token, err := w.dec.ReadToken()
	if err != nil {
		return w.syntaxError(err)
	}
	if token.Kind() != '{' {
		return &SyntaxError{Offset: start, Reason: "not a JSON object but " + article(token.Kind())}
	}
	var seen names
	for {
		name, err := w.dec.ReadToken()
		if err != nil {
			return w.syntaxError(err)
		}
		if name.Kind() == '}' {
			return w.end()
		}
		m := Member{Name: name.String()}
		if seen.twice(m.Name) {
			o.duplicates = append(o.duplicates, "/"+escapePointer(m.Name))
		}
		valueStart := w.valueStart()
		if err := w.value("/"+escapePointer(m.Name), o); err != nil {
			return err
		}
		m.Value = Value(w.src[valueStart:w.dec.InputOffset()])
		o.members = append(o.members, m)
	}
}

// value reads one value of any kind; path is its JSON Pointer, and repeated
// names inside it are added to o, which may be nil.
func (w *walker) value(path string, o *Object) error {
	if w.dec.StackDepth() >= MaxDepth {
		if k := w.dec.PeekKind(); k == '{' || k == '[' {
			return &SyntaxError{Offset: w.valueStart(), Reason: ErrTooDeep.Error(), Err: ErrTooDeep}
		}
	}
	token, err := w.dec.ReadToken()
	if err != nil {
		return w.syntaxError(err)
	}
	switch token.Kind() {
	case '{':
		return w.members(path, o)
	case '[':
		return w.elements(path, o)
	}
	return nil
}

func (w *walker) members(path string, o *Object) error {
	var seen names
	for {
		token, err := w.dec.ReadToken()
		if err != nil {
			return w.syntaxError(err)
		}
		if token.Kind() == '}' {
			return nil
		}
		name := token.String()
		at := path + "/" + escapePointer(name)
		if seen.twice(name) && o != nil {
			o.duplicates = append(o.duplicates, at)
		}
		if err := w.value(at, o); err != nil {
			return err
		}
	}
}

func (w *walker) elements(path string, o *Object) error {
	for i := 0; ; i++ {
		if w.dec.PeekKind() == ']' {
			_, err := w.dec.ReadToken()
			return err
		}
		at := path
		if k := w.dec.PeekKind(); k == '{' || k == '[' {
			at += "/" + strconv.Itoa(i)
		}
		if err := w.value(at, o); err != nil {
			return err
		}
	}
}

// end refuses anything but white space after the value.
func (w *walker) end() error {
	start := w.valueStart()
	switch _, err := w.dec.ReadToken(); err {
	case io.EOF:
		return nil
	case nil:
		return &SyntaxError{Offset: start, Reason: "more text after the end of the value"}
	default:
		return w.syntaxError(err)
	}
}

// valueStart is where the next value begins: the decoder's own offset still
// stands before the white space, colon or comma that leads to it.
func (w *walker) valueStart() int {
	i := int(w.dec.InputOffset())
	for i < len(w.src) && strings.IndexByte(" \t\r\n:,", w.src[i]) >= 0 {
		i++
	}
	return i
}

func (w *walker) syntaxError(err error) error {
	return asSyntaxError(err, len(w.src))
}

func article(k jsontext.Kind) string {
	switch k {
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	default:
		return "a boolean"
	}
}

// escapePointer spells a name as one reference token of RFC 6901 §3.
func escapePointer(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// names tells whether a name was seen before in one object. Objects are small,
// so a list does; a map takes over where a hostile one is large.
type names struct {
	list []string
	set  map[string]bool
}

const listedNames = 16

func (n *names) twice(name string) bool {
	if n.set != nil {
		if n.set[name] {
			return true
		}
		n.set[name] = true
		return false
	}
	for _, s := range n.list {
		if s == name {
			return true
		}
	}
	n.list = append(n.list, name)
	if len(n.list) > listedNames {
		n.set = make(map[string]bool, 2*len(n.list))
		for _, s := range n.list {
			n.set[s] = true
		}
	}
	return false
}
