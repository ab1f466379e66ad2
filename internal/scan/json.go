package scan

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// responseNames lists the members of a token response that carry tokens, the preferred
// first: RFC 6749 §5.1, OpenID Connect Core §3.1.3.3, and other spellings in use.
var responseNames = [...]string{
	"access_token", "accessToken", "AccessToken", "access", "token",
	"id_token", "idToken", "IdToken", "jwt", "JWT", "bearer", "bearerToken", "auth_token", "authToken",
}

func responseRank(name string) int {
	for i, n := range responseNames {
		if n == name {
			return i + 1
		}
	}
	return 0
}

// json reads one JSON object or array at the start of s, which may span lines, and returns its
// strings that may be tokens, and where it ends.
func (r *reader) json(s span, level int) (pieces []piece, n int, ok bool) {
	blank := len(s.b) - len(bytes.TrimLeft(s.b, whiteSpace))
	s = s.from(blank)
	if len(s.b) == 0 || s.b[0] != '{' && s.b[0] != '[' || r.attempts == maxAttempts {
		return nil, 0, false
	}
	w := jsonWalk{
		text: s, field: r.field, deep: r.deep, isResponse: level == 0,
		dec: jsontext.NewDecoder(bytes.NewBuffer(s.b[:len(s.b):len(s.b)]), jsontext.AllowDuplicateNames(true)),
	}
	err := w.value("", 0)
	if err == nil {
		return w.pieces, blank + int(w.dec.InputOffset()), true
	}
	if e := (*verdict.Error)(nil); errors.As(err, &e) { // not the end of what looked like JSON
		r.err = e
	}
	r.attempts++
	return nil, 0, false
}

// A jsonWalk reads one JSON value and collects the strings in it that may be tokens.
type jsonWalk struct {
	text       span
	field      string
	deep       bool
	isResponse bool // JSON inside a command line is not
	dec        *jsontext.Decoder
	steps      []step // from the root to the current value
	last       []byte // the string read last
	pieces     []piece
}

// A step leads from an object or array to one of its values.
type step struct {
	name  string
	index int // of an element; -1 for a member
}

func (w *jsonWalk) value(name string, depth int) error {
	if depth > jsonobject.MaxDepth {
		return verdict.Errorf(verdict.LimitExceeded, "the JSON is nested deeper than %d", jsonobject.MaxDepth)
	}
	switch w.dec.PeekKind() {
	case '{':
		return w.object(depth)
	case '[':
		return w.array(name, depth)
	case '"':
		raw, err := w.dec.ReadValue()
		if err != nil {
			return err
		}
		return w.string(name, depth, raw)
	default:
		_, err := w.dec.ReadToken()
		return err
	}
}

func (w *jsonWalk) object(depth int) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	var has serialization
	var named namedValue
	for {
		token, err := w.dec.ReadToken()
		if err != nil {
			return err
		}
		if token.Kind() == '}' {
			break
		}
		name := token.String()
		kind, before := w.dec.PeekKind(), len(w.pieces)
		has.note(name, kind)
		w.steps = append(w.steps, step{name, -1})
		if err := w.value(name, depth+1); err != nil {
			return err
		}
		switch {
		case name == "name" && kind == '"':
			named.name = string(w.last[:min(len(w.last), maxName)])
		case name == "value" && kind == '"':
			named.from, named.to = before, len(w.pieces)
		}
		w.steps = w.steps[:len(w.steps)-1]
	}
	named.apply(w.pieces)
	if what := has.name(); what != "" && depth == 0 && w.field == "" && w.isResponse {
		return verdict.Errorf(verdict.UnsupportedSerialization, "this is the JSON serialization of a %s, not a compact token", what).
			Hintf("join its parts with dots, in base64url: a JWT is compact (RFC 7519 §1)")
	}
	return nil
}

// A namedValue is an object with the members "name" and "value", such as a header or
// cookie of a HAR, or a variable of a container.
type namedValue struct {
	name     string
	from, to int // the pieces of its value
}

func (n namedValue) apply(pieces []piece) {
	for i := n.from; n.name != "" && i < n.to; i++ {
		pieces[i].alias = n.name
	}
}

// array reads the elements as values of the array's own name.
func (w *jsonWalk) array(name string, depth int) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	w.steps = append(w.steps, step{})
	for w.dec.PeekKind() != ']' {
		if err := w.value(name, depth+1); err != nil {
			return err
		}
		w.steps[len(w.steps)-1].index++
	}
	w.steps = w.steps[:len(w.steps)-1]
	_, err := w.dec.ReadToken()
	return err
}

// string keeps a string if it may be a token.
func (w *jsonWalk) string(name string, depth int, raw []byte) error {
	end := int(w.dec.InputOffset())
	p := piece{span: w.text.sub(end-len(raw)+1, end-1), nesting: nesting{inJSON: true}}
	if bytes.IndexByte(raw, '\\') >= 0 {
		plain, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return err
		}
		p.span, p.escaped = span{b: plain, off: p.off}, true
	}
	w.last = p.b
	rank := 0
	if w.isResponse {
		rank = responseRank(name)
	}
	wrapped := p.escaped && bytes.IndexByte(p.b, '\n') >= 0
	if rank == 0 && !w.deep && !wrapped && !w.mayBeField(name) && !mayAuthorize(name) && !carriesToken(p.b) {
		return nil
	}
	p.carrier = carrier{name: name, path: w.path(), rank: rank, depth: depth}
	p.where = p.path + " of the JSON response"
	switch {
	case p.path == "":
		p.name, p.where = "JSON", "the JSON response"
	case name == "":
		p.name = p.path
	}
	w.pieces = append(w.pieces, p)
	return nil
}

// mayBeField reports whether --field may mean a member of this name. If not, its path
// need not be built.
func (w *jsonWalk) mayBeField(name string) bool {
	return w.field != "" && (strings.HasSuffix(w.field, name) || strings.HasSuffix(w.field, "]"))
}

// maxPath limits the path of a token, in bytes.
const maxPath = 1 << 10

// path returns the path of the value in the form that commands accept, a.b[0].c, or "" if
// it is too long to type.
func (w *jsonWalk) path() string {
	var b strings.Builder
	for i, step := range w.steps {
		switch {
		case b.Len()+len(step.name) > maxPath:
			return ""
		case step.index >= 0:
			b.WriteString("[" + strconv.Itoa(step.index) + "]")
		case i > 0:
			b.WriteString("." + step.name)
		default:
			b.WriteString(step.name)
		}
	}
	return b.String()
}

// A serialization records the members of an object that belong to the JSON serializations
// (RFC 7515 §7.2, RFC 7516 §7.2).
type serialization struct {
	signature, signatures, ciphertext, header, payload bool
}

func (s *serialization) note(name string, kind jsontext.Kind) {
	switch {
	case name == "signature" && kind == '"':
		s.signature = true
	case name == "signatures" && kind == '[':
		s.signatures = true
	case name == "ciphertext" && kind == '"':
		s.ciphertext = true
	case name == "payload" && kind == '"':
		s.payload = true
	case name == "protected" && kind == '"', name == "header" && kind == '{', name == "unprotected" && kind == '{', name == "recipients" && kind == '[':
		s.header = true
	}
}

func (s *serialization) name() string {
	switch {
	case s.signatures, s.signature && (s.header || s.payload):
		return "JWS"
	case s.ciphertext && s.header:
		return "JWE"
	}
	return ""
}
