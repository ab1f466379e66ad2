package jsonobject

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits on the list of duplicates. A hostile text may repeat a name a million times, or
// have very long names.
const (
	maxListed      = 100
	maxListedBytes = 16 << 10
)

// walk reads a text token by token and returns its duplicate names, or why it is not
// JSON. The depth of the text is limited already.
func walk(src []byte) (duplicates []string, err error) {
	w := walker{
		src: src,
		dec: jsontext.NewDecoder(bytes.NewBuffer(src), jsontext.AllowDuplicateNames(true)),
	}
	if err := w.value(); err != nil {
		return nil, err
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	return w.duplicates, nil
}

type walker struct {
	src  []byte
	dec  *jsontext.Decoder
	path []step // to the position of the decoder

	duplicates  []string
	listedBytes int
}

// A step leads from a value to one inside it: to a member by name, or to an element by
// index. index is negative for a member.
type step struct {
	name  string
	index int
}

func (w *walker) value() error {
	token, err := w.dec.ReadToken()
	if err != nil {
		return w.syntaxError(err)
	}
	switch token.Kind() {
	case '{':
		return w.members()
	case '[':
		return w.elements()
	}
	return nil
}

func (w *walker) members() error {
	var listed map[string]bool // the names seen, and whether each was listed
	for {
		token, err := w.dec.ReadToken()
		if err != nil {
			return w.syntaxError(err)
		}
		if token.Kind() == '}' {
			return nil
		}
		name := token.String()
		w.path = append(w.path, step{name: name, index: -1})
		done, seen := listed[name]
		if seen && !done {
			w.list()
		}
		if listed == nil {
			listed = map[string]bool{}
		}
		listed[name] = seen
		if err := w.value(); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
}

func (w *walker) elements() error {
	for i := 0; w.dec.PeekKind() != ']'; i++ {
		w.path = append(w.path, step{index: i})
		if err := w.value(); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return w.syntaxError(err)
	}
	return nil
}

// list records the last name of the path as a duplicate.
func (w *walker) list() {
	if len(w.duplicates) >= maxListed || w.listedBytes >= maxListedBytes {
		return
	}
	var pointer strings.Builder
	for _, s := range w.path {
		pointer.WriteByte('/')
		if s.index >= 0 {
			pointer.WriteString(strconv.Itoa(s.index))
		} else {
			pointer.WriteString(escapePointer(s.name))
		}
	}
	w.duplicates = append(w.duplicates, pointer.String())
	w.listedBytes += pointer.Len()
}

// end refuses anything but white space after the value.
func (w *walker) end() error {
	start := skipSpace(w.src, int(w.dec.InputOffset()))
	if start == len(w.src) {
		return nil
	}
	return &SyntaxError{Offset: start, Reason: "more text after the end of the value"}
}

// syntaxError converts an error of the decoder to a SyntaxError with our wording.
func (w *walker) syntaxError(err error) error {
	var s *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return &SyntaxError{Offset: len(w.src), Reason: "the text ends too early", Err: err}
	case errors.As(err, &s):
		return &SyntaxError{Offset: int(s.ByteOffset), Reason: s.Err.Error(), Err: err}
	default:
		return &SyntaxError{Offset: int(w.dec.InputOffset()), Reason: err.Error(), Err: err}
	}
}

// escapePointer returns a name as one reference token of RFC 6901 §3.
func escapePointer(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
