package scan

import (
	"bytes"

	"jwt/internal/compact"
	"jwt/internal/verdict"
)

// A finder reads a text line by line and records the tokens that are complete in their
// carrier and those that are not.
type finder struct {
	text    span // the input
	field   string
	batch   bool // hints may name --batch
	inWords bool // accept a complete token in prose
	wrapped []wrapping
	items   []item
	refused []refusal // tokens that run into other text
	err     error

	fieldInvalid bool // the field exists, but its value is not a token
	fieldWhere   string
	fieldText    span

	damaged     item // the best member of a token response whose value is a damaged token
	damagedText span

	deep      bool // read Base64, too
	lax       bool // accept padding in a carrier
	encodings int  // how often the current text was decoded from Base64
	chunks    []chunk

	http    bool // the text is an HTTP transcript
	headers bool // the next line is a header of the transcript
	verbose bool // curl -v wrote the transcript

	around   carrier // of the current piece of text
	inHeader bool    // the current line is a header

	level      int // nesting depth of the carriers
	insideJSON int // depth of JSON; a token in prose there refuses nothing
	attempts   int // number of texts that looked like JSON and were not
}

// Limits on the work. Carriers nest a few levels at most, such as a quoted header with a
// URL. The number of attempts to parse text as JSON is limited, too.
const (
	maxLevel    = 8
	maxAttempts = 8
	maxRefused  = 8
)

// A refusal is a token that does not begin or end where its carrier does.
type refusal struct {
	token int // where the token begins
	at    int // where the text that touches it begins
}

// A carrier describes the carrier of the current piece of text.
type carrier struct {
	name  string
	where string
	path  string
	rank  int
	depth int
	fold  bool
}

// lines reads all of the text. A token at the end of a line may be the first part of a
// wrapped one: it is refused if the next line has only token characters, and, if it has
// no name, if any line does.
func (f *finder) lines(s span) {
	f.verbose = bytes.HasPrefix(s.b, []byte("* ")) || bytes.HasPrefix(s.b, []byte("> ")) || bytes.HasPrefix(s.b, []byte("< ")) || bytes.Contains(s.b, []byte("\n< ")) || bytes.Contains(s.b, []byte("\n> "))
	plain, word, ended := -1, -1, -1
	for len(s.b) > 0 && f.err == nil {
		if n, ok := f.jsonLines(s); ok {
			s, ended = s.from(n), -1
			continue
		}
		if n, ok := f.armour(s); ok {
			s, ended = s.from(n), -1
			continue
		}
		line, n := cutLine(s)
		s = s.from(n)
		before := len(f.items)
		f.line(line)
		line = line.trim()
		if isContinuation(bytes.TrimFunc(line.b, isSpaceOrNonASCII)) && len(f.items) == before {
			if word = line.off; ended >= 0 { // the token of the line above may continue here
				f.refuseFrom(ended, word)
			}
		}
		ended = -1
		if last := len(f.items) - 1; last >= before && f.items[last].endsAt(line.at(len(line.b))) {
			if ended = last; f.items[last].name == "" {
				plain = last
			}
		}
	}
	if word >= 0 && plain >= 0 && plain < len(f.items) {
		f.refuseFrom(plain, word)
	}
	f.joinChunks()
}

// isSpaceOrNonASCII reports characters that begin neither a token nor prose.
func isSpaceOrNonASCII(r rune) bool { return r <= ' ' || r >= 0x7f }

func (it item) endsAt(off int) bool { return it.off+len(it.token) == off }

// refuseFrom refuses the items from i on if item i may be cut off, because the text
// continues at byte at.
func (f *finder) refuseFrom(i, at int) {
	if isComplete([]byte(f.items[i].token)) && !resumes(f.text.b[at-f.text.off:]) {
		return
	}
	f.refuseAt(f.items[i].off, at)
	f.items = f.items[:i]
}

// cutLine returns the first line of s without its end, and where the next begins.
func cutLine(s span) (line span, n int) {
	i := bytes.IndexByte(s.b, '\n')
	if i < 0 {
		return s, len(s.b)
	}
	end := i
	if end > 0 && s.b[end-1] == '\r' {
		end--
	}
	return s.sub(0, end), i + 1
}

// isContinuation reports whether a line or word may be the rest of a wrapped token.
func isContinuation(b []byte) bool {
	return isWord(b) && bytes.ContainsFunc(b, func(r rune) bool { return r != '-' && r != '_' && r != '.' && r != '~' })
}

// line reads one line. In a transcript it is a header, a piece of a body, or a message of
// curl -v about the connection.
func (f *finder) line(s span) {
	f.inHeader = f.headers
	if f.verbose && len(s.b) > 0 {
		switch mark, _, _ := bytes.Cut(s.b, []byte{' '}); string(mark) {
		case "*":
			return
		case "<", ">":
			s, f.inHeader = s.from(1), true
		}
	}
	s = s.trim()
	switch {
	case len(s.b) == 0:
		f.headers = false
		return
	case isStartLine(s.b):
		f.http, f.inHeader, f.headers = true, true, !f.verbose
	}
	c := carrier{}
	if f.http && !f.inHeader {
		c = carrier{name: "body", where: "response body"}
	}
	if f.cookieJarLine(s) {
		return
	}
	if bytes.HasPrefix(s.b, []byte("- ")) { // an element of a YAML list
		s = s.from(2)
	}
	f.unit(s, c)
}

// isStartLine reports whether b is the first line of an HTTP message (RFC 9112 §2.1).
func isStartLine(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/")) || bytes.HasSuffix(b, []byte(" HTTP/1.1")) || bytes.HasSuffix(b, []byte(" HTTP/2"))
}

// unit reads a self-contained piece of text: a line, quoted text, the value of a header.
func (f *finder) unit(s span, c carrier) {
	s = s.trim()
	if f.value(s, c) || f.field == "" && !f.deep && !carriesToken(s.b) {
		return
	}
	if f.level >= maxLevel {
		f.refuseAny(s)
		return
	}
	around := f.around
	f.level, f.around = f.level+1, c
	defer func() { f.level, f.around = f.level-1, around }()

	name, value, isHeader := cutHeader(s)
	blank := bytes.ContainsAny(s.b, " \t")
	switch {
	case f.jsonUnit(s):
	case isHeader:
		f.header(name, value)
	case hasQuoted(s.b):
		f.quoted(s, c)
	case !blank && (bytes.IndexByte(s.b, ';') < 0 || bytes.Contains(s.b, []byte("://"))):
		f.parameters(s)
	case bytes.IndexByte(s.b, ';') >= 0:
		f.cookies(s)
	default:
		f.prose(s)
	}
}

// value records s if all of it is a token, with or without a scheme.
func (f *finder) value(s span, c carrier) bool {
	if f.deep && f.encoded(s, c) {
		return true
	}
	bare, _ := cutScheme(s)
	prefix := vendorPrefix(bare.b)
	bare = bare.from(prefix)
	it := item{off: bare.off, where: c.where, name: c.name, path: c.path, rank: c.rank, depth: c.depth, fold: c.fold}
	named := f.field != "" && c.name != "" && (it.hasName(f.field) || c.path == f.field)
	if !isToken(bare.b) && !(named && compact.Is(bare.b)) && !(f.lax && isLaxToken(bare.b)) {
		if named && !f.fieldInvalid {
			f.fieldInvalid, f.fieldWhere, f.fieldText = true, c.where, s
		}
		return false
	}
	if f.full() {
		return true
	}
	it.token, it.prefixed = string(bare.b), prefix > 0
	f.items = append(f.items, it)
	return true
}

// full reports whether maxItems is reached, and sets the error if it is.
func (f *finder) full() bool {
	if len(f.items) < maxItems {
		return false
	}
	f.err = verdict.Errorf(verdict.LimitExceeded, "more than %d tokens in one text", maxItems)
	return true
}

// refuseAny records the first token in s as one that is not delimited.
func (f *finder) refuseAny(s span) {
	if start, end, ok := next(s.b, 0); ok {
		f.refuse(s, start, end)
	}
}

// refuse records the token between start and end of s as not delimited, because of the
// byte after it or before it.
func (f *finder) refuse(s span, start, end int) {
	at := end
	if end == len(s.b) && start > 0 {
		at = start - 1
	}
	f.refuseAt(s.at(start), s.at(at))
}

func (f *finder) refuseAt(token, at int) {
	if f.insideJSON == 0 && len(f.refused) < maxRefused {
		f.refused = append(f.refused, refusal{token, at})
	}
}
