package scan

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/jsonobject"
	"jwt/internal/jwa"
)

// A Match is a token in a longer text.
type Match struct {
	Token   string // decoded, if Encoded
	Name    string // of the header, cookie, parameter or member that carries it; "" if unknown
	Start   int    // where the text spells it
	End     int
	Encoded bool // it was in Base64
	Wrapped bool // it was on several lines
	Kind    Kind
	Example string // where an Example was published

	Header    jsonobject.Object
	Encrypted bool // it is a JWE
}

// Claims returns the payload of a signed token, and whether it is claims.
func (m Match) Claims() (jsonobject.Object, bool) {
	_, rest, _ := strings.Cut(m.Token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	if m.Encrypted {
		return jsonobject.Object{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return jsonobject.Object{}, false
	}
	claims, err := jsonobject.Parse(b)
	return claims, err == nil
}

// A Kind says whether a match can be a credential.
type Kind string

// The kinds. A signature that does not have the length of its algorithm was cut off, or was
// never one, as in documents: eyJ….eyJ….signature.
const (
	Whole       Kind = "token"
	Example     Kind = "example" // published, so that anyone has it
	Placeholder Kind = "placeholder"
)

// A Searcher finds every token of a text, whatever surrounds it. It is not for concurrent use.
type Searcher struct {
	headers map[string]shape // of headers that were read before
}

// InToken reports whether a token may have the byte.
func InToken(c byte) bool { return inToken(c) }

// A shape is what a header says about the rest of its token.
type shape struct {
	ok     bool // it is the header of a token
	header jsonobject.Object
	dots   int // 2, or 4 for a JWE
	rsa    bool
	sizes  sizes
}

// fits reports whether the last part of a token can have n characters. A signature of RSA has
// the length of its key, which is at least 1024 bits in the wild.
func (h shape) fits(n int) bool { return h.sizes.fit(n) || h.rsa && n >= 171 }

// maxHeaders is the number of headers that a Searcher remembers.
const maxHeaders = 64

// Append appends the tokens of text from byte from on to dst. What stands before that byte can
// only name the first of them.
func (s *Searcher) Append(dst []Match, text []byte, from int) []Match {
	letters := [...]letter{{c: 'J'}, {c: 'K'}, {c: 'A', exact: true}, {c: 'w', exact: true}}
	for i := range letters {
		letters[i].find(text, from)
	}
	for {
		first := &letters[0]
		for i := range letters {
			if letters[i].at < first.at {
				first = &letters[i]
			}
		}
		at := first.at
		if at == len(text) {
			return dst
		}
		end := at + 1
		if !first.exact || at > from && beginsHeader(text[at-1:]) || at > from+1 && beginsHeader(text[at-2:]) {
			start := at
			for start > from && inToken(text[start-1]) {
				start--
			}
			for end < len(text) && inToken(text[end]) {
				end++
			}
			if end-start >= shortestToken {
				dst = s.run(dst, text, start, end)
				if last := len(dst) - 1; last >= 0 {
					end = max(end, dst[last].End) // of a wrapped one
				}
			}
			from = end
		}
		for i := range letters {
			if letters[i].at < end {
				letters[i].find(text, end)
			}
		}
	}
}

// A letter is searched for, because that is fast and it is rare. A header begins with eyJ in
// base64url, with eyA, ewo, ew0 or ewk if it is spaced, and with ZXlK in Base64 of that. Other
// Base64 of a token has a J or K somewhere.
type letter struct {
	c     byte
	exact bool // it matters only in the beginning of a header
	at    int  // where it is next
}

func (l *letter) find(text []byte, from int) {
	l.at = len(text)
	if i := bytes.IndexByte(text[from:], l.c); i >= 0 {
		l.at = from + i
	}
}

const (
	maxBefore     = 2 * maxName // bytes before a token that may name it
	shortestToken = len("eyJhbGciOiJub25lIn0.e30.")
	maxStarts     = 8 // of a header before one dot, and of Base64 in one run
)

// run appends the tokens between start and end, all of which are characters of tokens.
func (s *Searcher) run(dst []Match, text []byte, start, end int) []Match {
	starts, encodings := 0, 0
	for at := start; at < end; at++ {
		if text[at] == '.' {
			starts = 0
			continue
		}
		rest := text[at:end]
		switch {
		case starts < maxStarts && beginsHeader(rest):
			starts++
			if m, ok := s.at(text, at, end); ok {
				dst, at, start = append(dst, m), m.End-1, m.End
			}
		case encodings < maxStarts && encodedAt(rest) >= 0:
			encodings++
			if m, ok := s.encoded(text, at-encodedAt(rest), start); ok {
				dst, at, start, encodings = append(dst, m), m.End-1, m.End, 0
			}
		}
	}
	return dst
}

// at returns the token that begins at byte at of a text. Its first line has characters of
// tokens up to end.
func (s *Searcher) at(text []byte, at, end int) (Match, bool) {
	m, ok := s.token(text[at:end])
	m.Start, m.End = at, at+len(m.Token)
	if !ok || m.Kind == Placeholder && m.End == end {
		if w, isWrapped := s.wrapped(text, at, end); isWrapped {
			return w, true
		}
	}
	if ok {
		m.Name = nameAround(text, at)
	}
	return m, ok
}

// beginsHeader reports whether b is long enough for a token and begins like a header.
func beginsHeader(b []byte) bool { return len(b) >= shortestToken && opensHeader(b) }

// opensHeader reports whether b begins like a header in base64url: a brace, and a quote, a blank
// or a line break after it.
func opensHeader(b []byte) bool {
	if len(b) < 3 || b[0] != 'e' {
		return false
	}
	switch b[1] {
	case 'y':
		return b[2] == 'J' || b[2] == 'A' || b[2] == 'I'
	case 'w':
		return b[2] == 'o' || b[2] == '0' || b[2] == 'k'
	}
	return false
}

// token returns the token at the start of b.
func (s *Searcher) token(b []byte) (Match, bool) {
	m, ok := s.compact(b)
	if n := len(m.Token); ok && n < len(b) && b[n] == '~' {
		m.Token = string(b[:n+s.disclosures(b[n:])])
	}
	return m, ok
}

// compact returns the token at the start of b without disclosures.
func (s *Searcher) compact(b []byte) (Match, bool) {
	head := part(b, 0)
	if head == len(b) || b[head] != '.' || head > maxHeader {
		return Match{}, false
	}
	h := s.shape(b[:head])
	if !h.ok {
		return Match{}, false
	}
	end, last := head, 0
	for range h.dots {
		if end == len(b) || b[end] != '.' {
			return Match{}, false
		}
		last = end + 1
		end = part(b, last)
	}
	if h.dots == 2 && last == head+2 { // without a payload it is a detached signature
		return Match{}, false
	}
	end = last + h.sizes.cut(b[last:end])
	m := Match{Kind: Whole, Token: string(b[:end]), Header: h.header, Encrypted: h.dots == 4}
	switch source := exampleOf(b[head+1 : last-1]); {
	case source != "":
		m.Kind, m.Example = Example, source
	case len(h.sizes.last) > 0 && !h.fits(end-last) || h.dots == 2 && allSame(b[last:end]):
		m.Kind = Placeholder
	}
	return m, true
}

// part returns where the base64url that begins at i ends.
func part(b []byte, i int) int {
	for i < len(b) && base64url.Is(b[i]) {
		i++
	}
	return i
}

// disclosures returns the length of what an SD-JWT has after its signature.
func (s *Searcher) disclosures(b []byte) int {
	end := 0
	for end < len(b) && b[end] == '~' {
		last := end + 1
		end = part(b, last)
		if binding, ok := s.compact(b[last:]); ok {
			return last + len(binding.Token)
		}
		if end == len(b) || b[end] != '~' {
			return last
		}
	}
	return end
}

// shape reads a header, or remembers it.
func (s *Searcher) shape(encoded []byte) shape {
	if h, ok := s.headers[string(encoded)]; ok {
		return h
	}
	h := readShape(encoded)
	if len(s.headers) >= maxHeaders || s.headers == nil {
		s.headers = make(map[string]shape)
	}
	s.headers[string(encoded)] = h
	return h
}

func readShape(encoded []byte) shape {
	header, err := jsonobject.Parse(decodeHeader(encoded))
	if err != nil {
		return shape{}
	}
	if _, encrypted := header.Text("enc"); encrypted {
		return shape{ok: true, header: header, dots: 4, sizes: sizesFor(header)}
	}
	name, ok := header.Text("alg")
	alg, _ := jwa.Lookup(name)
	return shape{ok: ok, header: header, dots: 2, rsa: alg.KeyType == "RSA", sizes: sizesFor(header)}
}

// allSame reports whether a signature is one letter: xxxxxx.
func allSame(signature []byte) bool {
	return len(signature) > 0 && len(bytes.Trim(signature, string(signature[:1]))) == 0
}

// encodedAt returns how many characters of Base64 before b encode the bytes before eyJ, if b
// is the Base64 of that, for each of the three places in a group, or -1.
func encodedAt(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("ZXlK")):
		return 0
	case bytes.HasPrefix(b, []byte("V5S")):
		return 2
	case bytes.HasPrefix(b, []byte("leU")):
		return 3
	}
	return -1
}

// encoded returns the token whose Base64 begins in the group of four characters at. The text
// before byte from does not belong to it.
func (s *Searcher) encoded(text []byte, at, from int) (Match, bool) {
	begin := at // of what names the token
	for begin-4 >= max(from, at-maxName) && part(text, begin-4) >= begin {
		begin -= 4
	}
	for size := 4 << 10; at >= from; size *= 4 {
		end := begin
		for end < len(text) && end-begin < size && (base64url.Is(text[end]) || text[end] == '+' || text[end] == '/') {
			end++
		}
		plain := decodeGroups(text[begin:end])
		m, i, ok := s.decoded(plain, (at-begin)/4*3)
		if i+len(m.Token) == len(plain) && end-begin == size {
			continue // more of it may follow
		}
		m.Encoded, m.Start = true, at
		m.End = min(end, begin+(i+len(m.Token)+2)/3*4)
		if m.Name = nameAround(text, begin); m.Name == "" || i > 0 && isQuote(plain[i-1]) {
			m.Name = cmp.Or(nameAround(plain, i), m.Name)
		}
		return m, ok
	}
	return Match{}, false
}

// decoded returns the token that begins in the three bytes from i on, and where. Without one,
// its Token is what a longer text could make a token.
func (s *Searcher) decoded(plain []byte, i int) (Match, int, bool) {
	for last := min(i+2, len(plain)-1); i <= last; i++ {
		if !beginsHeader(plain[i:]) {
			continue
		}
		run := i
		for run < len(plain) && inToken(plain[run]) {
			run++
		}
		m, ok := s.token(plain[i:run])
		if !ok {
			m.Token = string(plain[i:run])
		}
		return m, i, ok
	}
	return Match{}, 0, false
}

// decodeGroups returns the bytes of Base64 in either alphabet, which may be cut off.
func decodeGroups(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b)%4 == 1 {
		b = b[:len(b)-1]
	}
	for i, c := range b {
		switch c {
		case '+':
			b[i] = '-'
		case '/':
			b[i] = '_'
		}
	}
	plain, err := base64.RawURLEncoding.AppendDecode(nil, b)
	if err != nil {
		return nil
	}
	return plain
}

// nameAround returns the name of the value that begins at byte at of a text, from its line
// alone.
func nameAround(text []byte, at int) string {
	lines := text[max(0, at-maxBefore):at]
	before := lines[bytes.LastIndexByte(lines, '\n')+1:]
	if bytes.IndexByte(before, '\\') >= 0 { // JSON in JSON
		before = bytes.ReplaceAll(before, []byte{'\\'}, nil)
	}
	value := bytes.TrimRight(before, " \t")
	word := bytes.LastIndexAny(value, " \t:=\"'`") + 1
	if isScheme(value[word:]) || equalFold(value[word:], "Basic") {
		value = bytes.TrimRight(value[:word], " \t")
	}
	name := nameOf(bytes.TrimRight(value, "\"'`"))
	if name == "value" {
		return cmp.Or(nameBeside(lines), name)
	}
	return name
}

// nameBeside returns the name in {"name": "X", "value": "…"}, as in a HAR.
func nameBeside(before []byte) string {
	i := bytes.LastIndex(before, []byte(`"name"`))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(before[i+len(`"name"`):], ": ")
	fields := bytes.SplitN(rest, []byte{'"'}, 3)
	if len(fields) < 3 || len(fields[0]) > 0 || !isWord(fields[1]) {
		return ""
	}
	return string(fields[1])
}

// exampleOf returns who published a token with these parts between header and signature, or
// "". A signature may differ, because readers sign the example with secrets of their own.
func exampleOf(parts []byte) string {
	for part := range bytes.SplitSeq(parts, []byte{'.'}) {
		for _, e := range examples {
			if string(part) == e.part {
				return e.source
			}
		}
	}
	return ""
}

// An example is a published token, which is recognised by one of its parts.
type example struct{ source, part string }

var examples = []example{
	{"jwt.io", "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"},
	{"jwt.io", "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWUsImlhdCI6MTUxNjIzOTAyMn0"},
	{"jwt.io", "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWV9"},
	{"RFC 7515 and RFC 7519", "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"},
	{"RFC 7515", "UGF5bG9hZA"},
	{"RFC 7516", "48V1_ALb6US04U3b"},
	{"RFC 7516 and RFC 7519", "AxY8DCtDaGlsbGljb3RoZQ"},
}
