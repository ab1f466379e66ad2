package inspect

import (
	"bytes"
	"iter"
	"strconv"
	"strings"

	"jwt/internal/bcp"
	"jwt/internal/compact"
	"jwt/internal/iana"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/vendors"
)

// A Member is a header parameter, a claim, or a member inside one.
type Member struct {
	Part  string // header, payload or disclosed
	Path  string // the argument of jsonobject.Object.Lookup: dots descend, [0] indexes
	Name  string // the last step of the path, as the token has it
	Depth int    // 0 in the header or the payload itself
	Value jsonobject.Value

	// Opened says that the members of Value follow as members of their own.
	Opened bool
	// Meaning is what is known of the name; the zero value if nothing is.
	Meaning iana.Name
	// Key describes the key if Value is a JWK.
	Key string
	// Holds is the number of tokens of Nested in Value, a string or a list.
	Holds int
}

// Limits on members of members; those of the header and the payload are all
// listed.
const (
	maxOpened    = 6    // levels
	maxInnerRows = 4096 // members of members, in all
	maxPath      = 1024 // bytes of a path that more is added to
)

// Members lists the members of the header, then those of the payload, then the disclosed
// claims. Each is made when the caller asks for it, because a token can have a quarter of a
// million.
func (t Token) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		w := t.walker(yield)
		_ = w.object(bcp.Header, t.Header) && w.object(bcp.Payload, t.Claims) && w.disclosures(t.Disclosures)
	}
}

// A note has fields of a member that take work to find.
type note struct {
	key   string // Member.Key
	holds int    // Member.Holds
}

// look visits all members once. It notes which are keys and returns the nested tokens.
func (t *Token) look() []inside {
	var tokens []inside
	notes, number := map[int]note{}, 0
	w := t.walker(func(m Member) bool {
		if m.Key != "" {
			notes[number] = note{key: m.Key}
		}
		if !m.Opened {
			tokens = appendTokens(tokens, m, number)
		}
		number++
		return true
	})
	w.object(bcp.Header, t.Header)
	if token, ok := tokenIn(string(t.Payload)); ok && !t.HasClaims() {
		tokens = append(tokens, inside{bcp.Payload, "", token, -1})
	}
	w.object(bcp.Payload, t.Claims)
	w.disclosures(t.Disclosures)
	if d := t.Disclosures; d != nil && d.KeyBinding != nil {
		tokens = append(tokens, inside{KeyBinding, "", d.KeyBinding.Text(), -1})
	}
	t.notes = notes
	return tokens
}

// A walker lists the members of one token until yield returns false.
type walker struct {
	vendor    string
	encrypted bool
	rows      int // members of members that may still be listed
	notes     map[int]note
	number    int // of the next member
	yield     func(Member) bool
}

func (t *Token) walker(yield func(Member) bool) *walker {
	return &walker{vendor: t.Vendor, encrypted: t.Kind == compact.JWE, rows: maxInnerRows, notes: t.notes, yield: yield}
}

func (w *walker) object(part string, o jsonobject.Object) bool {
	for _, m := range o.Members() {
		if !w.visit(Member{Part: part, Path: m.Name, Name: m.Name, Value: m.Value}, []string{m.Name}) {
			return false
		}
	}
	return true
}

// visit lists one member and what is inside it. names is its path without array
// indexes.
func (w *walker) visit(m Member, names []string) bool {
	m.Meaning = w.meaning(m.Part, names)
	about, looked := w.notes[w.number], w.notes != nil
	m.Key, m.Holds = about.key, about.holds
	if m.Meaning.Kind == iana.Key && !looked {
		m.Key = describeKey(m.Value)
	}
	w.number++
	var inner []Member
	if m.Key == "" && m.Depth < maxOpened && len(m.Path) <= maxPath {
		inner = innerMembers(m, w.rows)
	}
	m.Opened = len(inner) > 0
	if !w.yield(m) {
		return false
	}
	w.rows -= len(inner)
	for _, i := range inner {
		path := names
		if m.Value.Kind() == '{' {
			path = append(names[:len(names):len(names)], i.Name)
		}
		if !w.visit(i, path) {
			return false
		}
	}
	return true
}

func (w *walker) meaning(part string, names []string) iana.Name {
	var known iana.Name
	switch {
	case part != bcp.Header:
		known, _ = vendors.Claim(w.vendor, names...)
	case len(names) == 1:
		known, _ = iana.Header(names[0])
		if w.encrypted {
			known = ofJWE(known)
		}
	}
	return known
}

// ofJWE replaces the meaning of header parameters that JWS and JWE share by that in a JWE (RFC
// 7516 §4.1), where the key is the recipient's.
func ofJWE(known iana.Name) iana.Name {
	set := func(meaning, section string) { known.Meaning, known.Spec = meaning, "RFC 7516 §4.1."+section }
	switch known.Name {
	case "alg":
		set("Algorithm that encrypts or agrees on the key", "1")
	case "jku":
		set("URL of a JWK Set with the recipient's key", "4")
	case "jwk":
		set("Public key it was encrypted to", "5")
	case "kid":
		set("Name of the key it was encrypted to", "6")
	case "x5u":
		set("URL of the certificate it was encrypted to", "7")
	case "x5c":
		set("Certificate chain it was encrypted to", "8")
	case "x5t":
		set("SHA-1 thumbprint of that certificate", "9")
	case "x5t#S256":
		set("SHA-256 thumbprint of that certificate", "10")
	case "typ":
		set("Media type of the whole token", "11")
	case "cty":
		set("Media type of what is encrypted", "12")
	case "crit":
		set("Extensions a recipient must understand", "13")
	}
	return known
}

// innerMembers returns the members of an object, or the elements of an array that contains
// objects; other arrays are shown as one value. It returns nil if there are more than most.
func innerMembers(m Member, most int) []Member {
	var inner []Member
	switch m.Value.Kind() {
	case '{':
		o, _ := m.Value.Object()
		if len(o.Members()) > most {
			return nil
		}
		for _, i := range o.Members() {
			inner = append(inner, Member{Part: m.Part, Path: m.Path + "." + i.Name, Name: i.Name, Depth: m.Depth + 1, Value: i.Value})
		}
	case '[':
		if !bytes.ContainsRune(m.Value, '{') {
			return nil
		}
		elements, _ := m.Value.Elements()
		if len(elements) > most {
			return nil
		}
		objects := false
		for i, e := range elements {
			objects = objects || e.Kind() == '{'
			index := "[" + strconv.Itoa(i) + "]"
			inner = append(inner, Member{Part: m.Part, Path: m.Path + index, Name: index, Depth: m.Depth + 1, Value: e})
		}
		if !objects {
			return nil
		}
	}
	return inner
}

// An inside is a text that looks like a token, and its place.
type inside struct {
	part, path, text string
	member           int // the number of the member; -1 for a whole part
}

// appendTokens appends the tokens that m, the member of that number, is or lists.
func appendTokens(tokens []inside, m Member, number int) []inside {
	if !bytes.Contains(m.Value, []byte(`"eyJ`)) && !bytes.Contains(m.Value, []byte(`"Bearer eyJ`)) {
		return tokens
	}
	find := func(v jsonobject.Value, path string) {
		text, _ := v.Text()
		if token, ok := tokenIn(text); ok {
			tokens = append(tokens, inside{m.Part, path, token, number})
		}
	}
	find(m.Value, m.Path)
	elements, _ := m.Value.Elements()
	for i, e := range elements {
		find(e, m.Path+"["+strconv.Itoa(i)+"]")
	}
	return tokens
}

// tokenIn returns the token that text looks like.
func tokenIn(text string) (token string, ok bool) {
	text = strings.TrimPrefix(text, "Bearer ")
	return text, compact.Looks(text)
}

// describeKey describes a JWK, or returns "" if it is not usable.
func describeKey(v jsonobject.Value) string {
	set, err := jwk.Parse(v)
	if err != nil || len(set.Keys) != 1 {
		return ""
	}
	k := set.Keys[0]
	switch {
	case k.IsSecret():
		return "a secret key"
	case k.IsPrivate():
		return "a private key, " + k.Kind()
	default:
		return k.Kind() + ", thumbprint " + k.Thumbprint()
	}
}
