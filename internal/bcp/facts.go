package bcp

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// facts are the results of one walk over an object.
type facts struct {
	depth                                                        int // deepest nesting
	personal, secrets, privateKeys, controls, unsafeInts, tokens places
}

// places lists the first members with a finding, and the number of others.
type places struct {
	pointers []string
	more     int
}

const rememberedPlaces = 20

// A step is an object or array that contains the current value.
type step struct {
	name     string // of the current member of an object
	index    int    // in an array; -1 in an object
	kty, key bool   // the object has "kty", has a private member of a JWK
}

// A surveyor walks an object in one pass at any depth, and copies only names and strings.
type surveyor struct {
	dec  *jsontext.Decoder
	path []step
	facts
}

// factsOf surveys src, which jsonobject.Parse has accepted.
func factsOf(src []byte) facts {
	s := surveyor{dec: jsontext.NewDecoder(bytes.NewBuffer(src), jsontext.AllowDuplicateNames(true))}
	for {
		token, err := s.dec.ReadToken()
		if err != nil { // the end: the text is valid
			return s.facts
		}
		s.token(token)
	}
}

func (s *surveyor) token(token jsontext.Token) {
	switch token.Kind() {
	case '{':
		s.value('{', "")
		s.path = append(s.path, step{index: -1})
		s.depth = max(s.depth, len(s.path))
	case '[':
		s.value('[', "")
		s.path = append(s.path, step{})
		s.depth = max(s.depth, len(s.path))
	case '}', ']':
		s.leave()
	case '"':
		if s.isName() {
			s.name(token.String())
		} else {
			s.value('"', token.String())
		}
	default:
		s.value(byte(token.Kind()), token.String())
	}
}

// isName reports whether the last string was a name: the decoder has then read an odd
// number of names and values in the object.
func (s *surveyor) isName() bool {
	kind, length := s.dec.StackIndex(s.dec.StackDepth())
	return kind == '{' && length%2 == 1
}

func (s *surveyor) name(name string) {
	top := &s.path[len(s.path)-1]
	top.name = name
	switch name {
	case "kty":
		top.kty = true
	case "d", "k", "priv": // RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 9964
		top.key = true
	}
	if hasControl(name) {
		s.controls.add(s.pointer())
	}
}

// value checks a value; text is the content of a string or the text of a number.
func (s *surveyor) value(kind byte, text string) {
	if len(s.path) == 0 {
		return // the object itself
	}
	top := &s.path[len(s.path)-1]
	if top.index < 0 {
		s.member(*top, kind, text)
	}
	switch kind {
	case '"':
		s.text(text)
	case '0':
		if isUnsafe(text) {
			s.unsafeInts.add(s.pointer())
		}
	}
	if top.index >= 0 && kind != '{' && kind != '[' {
		top.index++
	}
}

func (s *surveyor) member(at step, kind byte, text string) {
	if !revealing(kind, text) {
		return
	}
	name := plain(at.name)
	switch {
	case isSecretName(name) && (kind == '"' || kind == '0'):
		s.secrets.add(s.pointer())
	case isPersonal(name), name == "name" && s.aboutPerson():
		s.personal.add(s.pointer())
	case isLogin(name) && kind == '"' && strings.Contains(text, "@"):
		s.personal.add(s.pointer())
	}
}

// revealing reports whether a value can be personal data or a secret: null, booleans and
// empty strings cannot.
func revealing(kind byte, text string) bool {
	switch kind {
	case 'n', 't', 'f':
		return false
	case '"':
		return text != ""
	}
	return true
}

// aboutPerson reports whether "name" is the name of a person, not of a pod or a role.
func (s *surveyor) aboutPerson() bool {
	if len(s.path) == 1 {
		return true
	}
	switch plain(s.path[len(s.path)-2].name) {
	case "user", "profile", "person", "customer", "account", "usermetadata", "userinfo":
		return true
	}
	return false
}

func (s *surveyor) text(text string) {
	if hasControl(text) {
		s.controls.add(s.pointer())
	}
	switch {
	case strings.Contains(text, "-----BEGIN ") && strings.Contains(text, "PRIVATE KEY-----"):
		s.privateKeys.add(s.pointer())
	case looksSecret(text):
		s.secrets.add(s.pointer())
	case isToken(text):
		s.tokens.add(s.pointer())
	}
}

func (s *surveyor) leave() {
	left := s.path[len(s.path)-1]
	s.path = s.path[:len(s.path)-1]
	if left.kty && left.key {
		s.privateKeys.add(s.pointer())
	}
	if len(s.path) == 0 {
		return
	}
	if top := &s.path[len(s.path)-1]; top.index >= 0 {
		top.index++
	}
}

// pointer returns the current value's name if it is in the outermost object, otherwise its
// JSON Pointer (RFC 6901), "" for the outermost object.
func (s *surveyor) pointer() string {
	if len(s.path) == 1 {
		return s.path[0].name
	}
	var b strings.Builder
	for _, at := range s.path {
		b.WriteByte('/')
		if at.index >= 0 {
			b.WriteString(strconv.Itoa(at.index))
		} else {
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(at.name, "~", "~0"), "/", "~1"))
		}
	}
	return b.String()
}

// add adds a place unless it equals the last one.
func (p *places) add(pointer string) {
	if n := len(p.pointers); n > 0 && p.pointers[n-1] == pointer {
		return
	}
	if len(p.pointers) == rememberedPlaces {
		p.more++
		return
	}
	p.pointers = append(p.pointers, pointer)
}

// hits returns one hit for all places.
func (p places) hits(part string) []hit {
	if len(p.pointers) == 0 {
		return nil
	}
	if p.pointers[0] == "" {
		return oneHit(part, "", "the whole "+part)
	}
	return oneHit(part, p.pointers[0], phrase.ListMore(p.pointers, p.more))
}

// memberOf returns the name of a member of the outermost object for its JSON Pointer, and
// any other pointer unchanged.
func memberOf(pointer string) string {
	name := strings.TrimPrefix(pointer, "/")
	if strings.Contains(name, "/") {
		return pointer
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
}

// get returns a member, its text if it is a string, and whether it exists.
func get(o jsonobject.Object, name string) (v jsonobject.Value, text string, ok bool) {
	v, ok = o.Get(name)
	text, _ = v.Text()
	return v, text, ok
}
