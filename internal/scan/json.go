package scan

import (
	"bytes"
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

// jsonLines reads one JSON object or array at the start of s, which may span lines, and
// returns where it ends.
func (f *finder) jsonLines(s span) (n int, ok bool) {
	blank := len(s.b) - len(bytes.TrimLeft(s.b, whiteSpace))
	s = s.from(blank)
	if len(s.b) == 0 || s.b[0] != '{' && s.b[0] != '[' || f.attempts == maxAttempts {
		return 0, false
	}
	w := jsonWalk{f: f, s: s, dec: jsontext.NewDecoder(bytes.NewBuffer(s.b[:len(s.b):len(s.b)]), jsontext.AllowDuplicateNames(true))}
	items := len(f.items)
	f.insideJSON++
	err := w.value("", 0)
	f.insideJSON--
	if err != nil {
		f.attempts++
		f.items = f.items[:items]
		return 0, false
	}
	return blank + int(w.dec.InputOffset()), true
}

// jsonUnit reads s if all of it is one JSON object or array.
func (f *finder) jsonUnit(s span) bool {
	items := len(f.items)
	n, ok := f.jsonLines(s)
	if ok && n == len(s.b) {
		return true
	}
	f.items = f.items[:items]
	return false
}

// A jsonWalk reads one JSON value and records the strings in it that are tokens.
type jsonWalk struct {
	f     *finder
	s     span
	dec   *jsontext.Decoder
	steps []step // from the root to the current value
	last  []byte // the string read last
}

// A step leads from an object or array to one of its values.
type step struct {
	name  string
	index int // of an element; -1 for a member
}

func (w *jsonWalk) value(name string, depth int) error {
	if depth > jsonobject.MaxDepth {
		w.f.err = verdict.Errorf(verdict.LimitExceeded, "the JSON is nested deeper than %d", jsonobject.MaxDepth)
		return w.f.err
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
		return w.text(name, depth, raw)
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
		kind, before := w.dec.PeekKind(), len(w.f.items)
		has.note(name, kind)
		w.steps = append(w.steps, step{name, -1})
		if err := w.value(name, depth+1); err != nil {
			return err
		}
		switch {
		case name == "name" && kind == '"':
			named.name = string(w.last[:min(len(w.last), maxName)])
		case name == "value" && kind == '"':
			named.from, named.to = before, len(w.f.items)
		}
		w.steps = w.steps[:len(w.steps)-1]
	}
	named.apply(w.f.items)
	if what := has.name(); what != "" && depth == 0 && w.f.field == "" && w.f.level == 0 {
		w.f.err = verdict.Errorf(verdict.UnsupportedSerialization, "this is the JSON serialization of a %s, not a compact token", what).
			Hintf("join its parts with dots, in base64url: a JWT is compact (RFC 7519 §1)")
		return w.f.err
	}
	return nil
}

// A namedValue is an object with the members "name" and "value", such as a header or
// cookie of a HAR, or a variable of a container.
type namedValue struct {
	name     string
	from, to int // the items of its value
}

func (n namedValue) apply(items []item) {
	for i := n.from; n.name != "" && i < min(n.to, len(items)); i++ {
		items[i].alias = n.name
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

func (w *jsonWalk) text(name string, depth int, raw []byte) error {
	end := int(w.dec.InputOffset())
	s := w.s.sub(end-len(raw)+1, end-1)
	if bytes.IndexByte(raw, '\\') >= 0 {
		plain, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return err
		}
		s = span{b: plain, off: s.off}
		w.f.noteWrapped(s, w.path()+" of the JSON response")
	}
	w.last = s.b
	rank := 0
	if w.f.level == 0 { // JSON inside a command line is not a response
		rank = responseRank(name)
	}
	if rank == 0 && !w.f.deep && !w.mayBeField(name) && !carriesToken(s.b) {
		return nil
	}
	c := carrier{name: name, path: w.path(), rank: rank, depth: depth}
	c.where = c.path + " of the JSON response"
	switch {
	case c.path == "":
		c.name, c.where = "JSON", "the JSON response"
	case name == "":
		c.name = c.path
	}
	before := len(w.f.items)
	w.f.unit(s, c)
	if rank > 0 && len(w.f.items) == before {
		w.damaged(c, s)
	}
	return w.f.err
}

// mayBeField reports whether --field may mean a member of this name. If not, its path
// need not be built.
func (w *jsonWalk) mayBeField(name string) bool {
	field := w.f.field
	return field != "" && (strings.HasSuffix(field, name) || strings.HasSuffix(field, "]"))
}

// damaged records the value of a token response member that looks like a JWT but is not
// one. An opaque token is not damaged.
func (w *jsonWalk) damaged(c carrier, s span) {
	bare, _ := cutScheme(s.trim())
	if !bytes.HasPrefix(bare.b, []byte("eyJ")) {
		return
	}
	it := item{where: c.where, rank: c.rank, depth: c.depth}
	if w.f.damaged.rank == 0 || it.before(w.f.damaged) {
		w.f.damaged, w.f.damagedText = it, bare
	}
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
