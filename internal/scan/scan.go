// Package scan finds the one token that a text carries: a header line, a cookie,
// a URL, a JSON response, a curl transcript (RFC 6750 §2, RFC 6749 §4.2.2 and
// §5.1, RFC 6265 §4). A token that does not end where its carrier ends is an error,
// never a shorter token, unless its last part has the length of its algorithm
// (isComplete): such a token may be in any text.
package scan

import (
	"bytes"
	"slices"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/verdict"
)

// A Found is the token of a text and its position.
type Found struct {
	Token   string   // exactly as in the text; joined, if Wrapped
	Where   string   // for messages: "Authorization header", "cookie session"; "" for a bare token
	Offset  int      // bytes from the start of the text
	Wrapped bool     // it was on several lines and is joined here
	Encoded bool     // it was in Base64 and is decoded here
	GitHub  bool     // it followed a prefix of GitHub
	Others  []string // the names of other members of the JSON response that carry tokens
}

// Options select the token and the forms that are accepted.
type Options struct {
	// Field names the JSON member (dots descend), header, cookie or parameter
	// that carries the token. If it is empty, the text must have one token.
	Field string
	// Join accepts more, for commands that show a token but do not trust it: a token
	// wrapped over lines, a token in prose, padding and the standard Base64 alphabet.
	// The parser reports the last two.
	Join bool
	// Batch lets hints name --batch, which the command has.
	Batch bool
}

// maxItems is the maximum number of tokens in one text. More are a task for another
// command.
const maxItems = 4096

// One returns the token of text. Its errors are malformed, unless the text is the JSON
// serialization of a JWS or JWE (unsupported_serialization) or exceeds a limit
// (limit_exceeded).
func One(text []byte, o Options) (Found, error) {
	found, err := one(text, o)
	if err == nil && mayBeOther(found.Token) {
		if other, ok := formatOf([]byte(found.Token)); ok {
			return Found{}, other.notJWT()
		}
	}
	return found, err
}

// mayBeOther reports whether a text with the separators of a token may be another
// credential: it begins differently, or its second part is the time of a cookie.
func mayBeOther(token string) bool {
	if !strings.HasPrefix(token, "eyJ") {
		return true
	}
	first := strings.IndexByte(token, '.')
	second := strings.IndexByte(token[first+1:], '.')
	return second == 6 || second == 7
}

func one(text []byte, o Options) (Found, error) {
	text = fromUTF16(text)
	s := span{b: text, exact: true}
	if bytes.HasPrefix(text, byteOrderMark) {
		s = s.from(len(byteOrderMark))
	}
	s = s.trim()
	if len(s.b) == 0 {
		return Found{}, verdict.Errorf(verdict.Malformed, "no token found: the input is empty")
	}
	plain := withoutColour(s)
	if o.Field == "" {
		switch {
		case !compact.Is(s.b):
		case looksLikeFile(s.b) && !hasHeader(s.b):
			return Found{}, notToken(s.b)
		case vendorPrefix(s.b) > 0: // onlyCarrier removes it
		default:
			return Found{Token: string(s.b), Offset: s.off}, nil
		}
		if found, ok, err := onlyCarrier(plain, o); ok || err != nil {
			return found, err
		}
	}
	f := finder{text: plain, field: o.Field, batch: o.Batch, inWords: o.Join}
	f.lines(plain)
	if found, ok, err := f.joinLines(plain, o); ok || err != nil {
		return found, err
	}
	f.readDeep(plain, o)
	found, err := f.choose(s)
	if err == nil && found.Encoded && found.Where == "" && !o.Join {
		return Found{}, f.noToken(s)
	}
	return found, err
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// A span is a piece of the text and its offset. If exact is false, escapes were decoded
// inside it and only its start is known.
type span struct {
	b     []byte
	off   int
	exact bool
}

func (s span) from(i int) span { return s.sub(i, len(s.b)) }

func (s span) sub(i, j int) span { return span{s.b[i:j], s.at(i), s.exact} }

// at returns the offset of byte i of the span in the text.
func (s span) at(i int) int {
	if s.exact {
		return s.off + i
	}
	return s.off
}

const whiteSpace = " \t\r\n"

// trim removes white space at both ends, including the no-break spaces of web pages.
func (s span) trim() span {
	left := bytes.TrimLeftFunc(s.b, isBlank)
	start := len(s.b) - len(left)
	return s.sub(start, start+len(bytes.TrimRightFunc(left, isBlank)))
}

// An item is one token that is complete in its carrier.
type item struct {
	token string
	off   int
	where string
	name  string // of the header, cookie, parameter or JSON member; "" in plain text
	alias string // the "name" beside the JSON member "value", as in a HAR
	path  string // of the JSON member, from the root
	rank  int    // among the members of a token response, from 1, the best; 0 for others
	depth int    // of the JSON member
	fold  bool   // the name is that of a header, which is case-insensitive

	encoded  bool // it was in Base64
	prefixed bool // it followed a prefix of GitHub
	inProse  bool // in prose inside a JSON string, usually text about tokens
}

func (it item) hasName(field string) bool {
	return it.name == field || it.alias == field || it.fold && strings.EqualFold(it.name, field)
}

// hasNameFold is hasName without case for names of headers, variables and HAR entries.
// Names of cookies and JSON members are case-sensitive.
func (it item) hasNameFold(field string) bool {
	return strings.EqualFold(it.alias, field) || (it.fold || it.where == it.name) && strings.EqualFold(it.name, field)
}

// choose returns the one token of the text.
func (f *finder) choose(text span) (Found, error) {
	switch {
	case f.err != nil:
		return Found{}, f.err
	case f.field != "":
		return f.chooseField(text)
	}
	if slices.ContainsFunc(f.items, func(it item) bool { return !it.inProse }) {
		f.items = slices.DeleteFunc(f.items, func(it item) bool { return it.inProse })
	}
	if best, ok := f.response(); ok {
		return f.chooseResponse(best)
	}
	if access, ok := f.withProof(); ok && len(f.refused) == 0 {
		return access, nil
	}
	switch {
	case len(f.items)+len(f.refused) == 0:
		return Found{}, f.noToken(text)
	case distinct(f.items) > 1, len(f.refused) > 1, !f.inWords && len(f.items) > 1 && slices.ContainsFunc(f.items, item.isBare):
		return Found{}, f.several(f.items)
	case len(f.refused) > 0 && len(f.items) > 0:
		return Found{}, f.several(f.items)
	case len(f.refused) > 0:
		return Found{}, f.noToken(text)
	}
	return f.items[0].found(), nil
}

// isBare reports whether the token has no carrier. Two of them are not one token where
// trust is decided (RFC 7515 §5.2).
func (it item) isBare() bool { return it.name == "" }

// response returns the best item among the members of a JSON token response.
func (f *finder) response() (best item, ok bool) {
	for _, it := range f.items {
		if it.rank > 0 && (!ok || it.before(best)) {
			best, ok = it, true
		}
	}
	return best, ok
}

func (it item) before(other item) bool {
	if it.rank != other.rank {
		return it.rank < other.rank
	}
	return it.depth < other.depth
}

// chooseResponse returns the best member of a token response. It fails if equally good
// members differ, or if a better member is damaged.
func (f *finder) chooseResponse(best item) (Found, error) {
	if f.damaged.rank > 0 && f.damaged.before(best) {
		return Found{}, f.notAToken(f.damaged.where, f.damagedText)
	}
	var equal []item
	found := best.found()
	for _, it := range f.items {
		switch {
		case it.rank == best.rank && it.depth == best.depth:
			equal = append(equal, it)
		case it.token != best.token && len(found.Others) < maxListed && !slices.Contains(found.Others, it.label()):
			found.Others = append(found.Others, it.label())
		}
	}
	if distinct(equal) > 1 {
		return Found{}, f.several(equal)
	}
	return found, nil
}

func (f *finder) chooseField(text span) (Found, error) {
	// A member of the root whose name contains dots precedes a path, and a name in the
	// given case precedes the same name in another.
	var member, byPath, byName, bySound []item
	for _, it := range f.items {
		switch {
		case it.depth == 1 && it.name == f.field:
			member = append(member, it)
		case it.path == f.field:
			byPath = append(byPath, it)
		case it.name == f.field, it.alias == f.field:
			byName = append(byName, it)
		case it.hasNameFold(f.field):
			bySound = append(bySound, it)
		}
	}
	matches := member
	for _, others := range [][]item{byPath, byName, bySound} {
		if len(matches) == 0 {
			matches = others
		}
	}
	switch {
	case len(matches) == 0 && f.fieldInvalid:
		return Found{}, f.notAToken(f.fieldWhere, f.fieldText)
	case len(matches) == 0:
		return Found{}, f.noField(text)
	case distinct(matches) > 1:
		return Found{}, f.several(matches)
	}
	return matches[0].found(), nil
}

func (it item) found() Found {
	return Found{Token: it.token, Where: it.where, Offset: it.off, Encoded: it.encoded, GitHub: it.prefixed}
}

// withProof returns the access token of a request that also has a DPoP proof (RFC 9449 §7.1).
func (f *finder) withProof() (Found, bool) {
	var access, proofs []item
	for _, it := range f.items {
		if it.fold && strings.EqualFold(it.name, "DPoP") {
			proofs = append(proofs, it)
		} else {
			access = append(access, it)
		}
	}
	if len(proofs) == 0 || distinct(access) != 1 {
		return Found{}, false
	}
	found := access[0].found()
	found.Others = []string{proofs[0].name}
	return found, true
}

// label returns the --field value that selects this token.
func (it item) label() string {
	switch {
	case it.alias != "":
		return it.alias
	case it.path != "":
		return it.path
	}
	return it.name
}

func distinct(items []item) int {
	if len(items) < 2 {
		return len(items)
	}
	seen := make(map[string]bool, len(items))
	for _, it := range items {
		seen[it.token] = true
	}
	return len(seen)
}
