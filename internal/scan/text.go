package scan

import (
	"bytes"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/verdict"
)

// A finder reads a text line by line and notes each token that stands whole in
// its dressing, and each that does not.
type finder struct {
	field   string
	items   []item
	refused []refusal // tokens that run into text which is no dressing
	err     error

	missed    bool // field is there, but its value is no token
	missWhere string
	missText  span

	damaged     item // the best member of a token response whose value is a broken token
	damagedText span

	http    bool // the text is an HTTP transcript
	headers bool // the next line is among the headers of one
	verbose bool // the transcript is as curl -v writes it

	inHeader bool // the line in hand is a header

	level    int // how deep the dressings nest
	quiet    int // inside JSON, where text about tokens refuses nothing
	attempts int // how often text that looked like JSON was none
}

// Dressings nest a few deep at most (a header in quotes, with a URL in it); a
// text that looks like JSON over and over is not read over and over.
const (
	maxLevel    = 8
	maxAttempts = 8
	maxRefused  = 8
)

// A refusal is a token that does not end, or begin, where its dressing does.
type refusal struct {
	token int // where in the text the token begins
	at    int // and where stands what is in the way
}

// A context says what the piece of text in hand is the value of.
type context struct {
	name  string
	where string
	path  string
	rank  int
	depth int
	fold  bool
}

func (f *finder) lines(s span) {
	f.verbose = bytes.HasPrefix(s.b, []byte("* ")) || bytes.Contains(s.b, []byte("\n< ")) || bytes.Contains(s.b, []byte("\n> "))
	plain, word, ended := -1, -1, -1
	for len(s.b) > 0 && f.err == nil {
		if n, ok := f.jsonLines(s); ok {
			s, ended = s.from(n), -1
			continue
		}
		line, n := cutLine(s)
		s = s.from(n)
		before := len(f.items)
		f.line(line)
		line = line.trim()
		if isContinuation(bytes.TrimFunc(line.b, isOdd)) && len(f.items) == before {
			if word = line.off; ended >= 0 { // the token of the line above may go on here
				f.withdraw(ended, word)
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
		f.withdraw(plain, word)
	}
}

// isOdd tells the characters that neither a token nor prose begins with.
func isOdd(r rune) bool { return r <= ' ' || r >= 0x7f }

func (it item) endsAt(off int) bool { return it.off+len(it.token) == off }

// withdraw takes back the items from i on: the first of them may be cut short,
// because the text goes on at byte at.
func (f *finder) withdraw(i, at int) {
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

// isContinuation reports whether a line or word might be the rest of a token
// that was cut.
func isContinuation(b []byte) bool {
	if _, pure := partsOf(b); !pure {
		return false
	}
	return bytes.ContainsFunc(b, func(r rune) bool { return r != '-' && r != '_' && r != '.' })
}

// line reads one line, which in a transcript is a header, a piece of a body, or
// what curl -v says about the connection.
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
	c := context{}
	if f.http && !f.inHeader {
		c = context{name: "body", where: "response body"}
	}
	if bytes.HasPrefix(s.b, []byte("- ")) { // an element of a YAML list
		s = s.from(2)
	}
	f.unit(s, c)
}

// isStartLine reports whether b is the first line of an HTTP message (RFC 9112
// §2.1).
func isStartLine(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/")) || bytes.HasSuffix(b, []byte(" HTTP/1.1")) || bytes.HasSuffix(b, []byte(" HTTP/2"))
}

// unit reads a piece of text that stands for itself: a line, what is between
// quotes, the value of a header.
func (f *finder) unit(s span, c context) {
	s = s.trim()
	if f.value(s, c) || f.field == "" && !carriesToken(s.b) {
		return
	}
	if f.level >= maxLevel {
		f.refuseAny(s)
		return
	}
	f.level++
	defer func() { f.level-- }()

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
		f.cookies(s, "cookie ")
	default:
		f.words(s)
	}
}

// value takes s if it is a token as a whole, with or without a scheme.
func (f *finder) value(s span, c context) bool {
	bare, _ := cutScheme(s)
	it := item{off: bare.off, where: c.where, name: c.name, path: c.path, rank: c.rank, depth: c.depth, fold: c.fold}
	named := f.field != "" && c.name != "" && (it.called(f.field) || c.path == f.field)
	if !isToken(bare.b) && !(named && isCompact(bare.b)) {
		if named && !f.missed {
			f.missed, f.missWhere, f.missText = true, c.where, s
		}
		return false
	}
	if len(f.items) == maxItems {
		f.err = verdict.Errorf(verdict.LimitExceeded, "more than %d tokens in one text", maxItems)
		return true
	}
	it.token = string(bare.b)
	f.items = append(f.items, it)
	return true
}

// cutHeader splits "Name: value".
func cutHeader(s span) (name string, value span, ok bool) {
	i := 0
	for i < len(s.b) && isTokenByte(s.b[i]) {
		i++
	}
	if i == 0 || i == len(s.b) || s.b[i] != ':' || isToken(s.b[:i]) || bytes.HasPrefix(s.b[i:], []byte("://")) {
		return "", span{}, false
	}
	return string(s.b[:i]), s.from(i + 1).trim(), true
}

func (f *finder) header(name string, value span) {
	c := context{name: name, where: name, fold: true}
	lower := strings.ToLower(name)
	switch lower {
	case "cookie", "set-cookie":
		if !hasQuoted(value.b) {
			f.cookies(value, "cookie ")
			return
		}
	case "authorization", "proxy-authorization":
		c.where += " header"
	default:
		if f.inHeader {
			c.where += " header"
		}
	}
	f.unit(value, c)
}

// cookies reads name=value pairs between semicolons (RFC 6265 §4.1.1 and
// §4.2.1). A token is whole only if what follows it is a pair too, or one of the
// attributes that have no value.
func (f *finder) cookies(s span, kind string) {
	for len(s.b) > 0 {
		end := bytes.IndexByte(s.b, ';')
		pair, rest := s, s.from(len(s.b))
		if end >= 0 {
			pair, rest = s.sub(0, end), s.from(end+1)
		}
		if beginsPair(rest.b) {
			f.pair(pair.trim(), kind)
		} else if start, stop, ok := next(pair.b, 0); ok {
			f.refuse(s, start, stop)
		}
		s = rest
	}
}

func beginsPair(b []byte) bool {
	b, _, _ = bytes.Cut(b, []byte{';'})
	b = bytes.Trim(b, whiteSpace)
	switch {
	case len(b) == 0, bytes.IndexByte(b, '=') >= 0:
		return true
	}
	return equalFold(b, "Secure") || equalFold(b, "HttpOnly") || equalFold(b, "Partitioned")
}

// pair reads "name=value", where words may stand before the name: export TOKEN=….
func (f *finder) pair(s span, kind string) {
	i := bytes.IndexByte(s.b, '=')
	if i < 0 || bytes.Contains(s.b[:i], []byte("://")) {
		f.words(s)
		return
	}
	front := bytes.TrimRight(s.b[:i], " \t")
	name := front[bytes.LastIndexAny(front, " \t")+1:]
	if len(name) < len(front) {
		kind = ""
	}
	if carriesToken(front) {
		f.refuseAny(s)
		return
	}
	value := s.from(i + 1).trim()
	key := strings.TrimLeft(string(name), "-$")
	if !f.value(value, context{name: key, where: kind + key}) {
		f.refuseAny(value)
	}
}

// parameters reads a word: a URL with its query and fragment (RFC 6750 §2.3,
// RFC 6749 §4.2.2), a form body, or one name=value.
func (f *finder) parameters(s span) {
	hash := bytes.IndexByte(s.b, '#')
	switch {
	case hash < 0:
		f.resource(s)
		return
	case bytes.HasPrefix(s.b[hash:], []byte("#/")): // the path of a page that is one program
		f.resource(s.from(hash + 1))
	default:
		f.query(s.from(hash+1), "URL parameter ")
	}
	f.resource(s.sub(0, hash))
}

// resource reads a URL up to its fragment, or what stands in its query alone.
func (f *finder) resource(s span) {
	mark := bytes.IndexByte(s.b, '?')
	switch {
	case mark >= 0:
		f.path(s.sub(0, mark))
		f.query(s.from(mark+1), "URL parameter ")
	case bytes.Contains(s.b, []byte("://")):
		f.path(s)
	case bytes.IndexByte(s.b, '&') >= 0:
		f.query(s, "form parameter ")
	default:
		f.query(s, "")
	}
}

// query reads name=value between ampersands. A token is whole only if what
// follows it is such a pair too.
func (f *finder) query(s span, kind string) {
	for len(s.b) > 0 {
		end, piece, rest := len(s.b), s, span{}
		if i := bytes.IndexByte(s.b, '&'); i >= 0 {
			end, piece, rest = i, s.sub(0, i), s.from(i+1)
		}
		equals := bytes.IndexByte(piece.b, '=')
		following, _, _ := bytes.Cut(rest.b, []byte{'&'})
		whole := len(following) == 0 || bytes.IndexByte(following, '=') >= 0
		if equals < 0 || !whole || isToken(piece.b[:equals]) {
			if start, stop, ok := next(piece.b, 0); ok {
				f.refuse(s.sub(0, min(end+1, len(s.b))), start, stop)
			}
		} else {
			name := strings.TrimLeft(string(piece.b[:equals]), "-$")
			if !f.value(piece.from(equals+1), context{name: name, where: kind + name}) {
				f.refuseAny(piece)
			}
		}
		s = rest
	}
}

// path reads the part of a URL before its query, where mailed links carry tokens.
func (f *finder) path(s span) {
	if !bytes.Contains(s.b, []byte("://")) {
		f.refuseAny(s)
		return
	}
	for len(s.b) > 0 {
		end := bytes.IndexByte(s.b, '/')
		if end < 0 {
			end = len(s.b)
		}
		if part := s.sub(0, end); !f.value(part, context{name: "path", where: "URL path"}) {
			f.refuseAny(part)
		}
		s = s.from(min(end+1, len(s.b)))
	}
}

// words reads text with white space in it. White space ends a token only where
// a name or a URL began it, and only if what follows cannot be more of it.
func (f *finder) words(s span) {
	var name, previous []byte
	for i := 0; i < len(s.b); {
		if isSpace(s.b[i]) {
			i++
			continue
		}
		end := i
		for end < len(s.b) && !isSpace(s.b[end]) {
			end++
		}
		word := s.sub(i, end)
		start, stop, carries := next(word.b, 0)
		switch {
		case !carries && f.field == "":
		case isCompact(word.b) && isOption(previous) && !goesOn(s.b[end:]):
			f.value(word, context{name: string(bytes.TrimLeft(previous, "-")), where: string(previous)})
		case isCompact(word.b) && string(previous) == "=" && !goesOn(s.b[end:]):
			f.value(word, context{name: string(name), where: string(name)})
		case !isCompact(word.b) && !goesOn(s.b[end:]):
			f.parameters(word)
		case carries:
			f.refuse(s, i+start, i+stop)
		}
		name, previous, i = previous, word.b, end
	}
}

// goesOn reports whether b begins with a word that may be the rest of a token:
// no flag, and no name=value, name:value or name/value.
func goesOn(b []byte) bool {
	word := bytes.TrimLeft(b, " \t")
	if end := bytes.IndexAny(word, " \t"); end >= 0 {
		word = word[:end]
	}
	if isOption(word) {
		return false
	}
	end := 0
	for end < len(word) && isTokenByte(word[end]) {
		end++
	}
	return isContinuation(word[:end]) && (end == len(word) || strings.IndexByte("=:/", word[end]) < 0)
}

// isOption reports whether word is a flag of a command line, -x or --long-name.
func isOption(word []byte) bool {
	if long, ok := bytes.CutPrefix(word, []byte("--")); ok {
		return len(long) > 1 && !bytes.ContainsFunc(long, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	}
	return len(word) == 2 && word[0] == '-' && base64url.Is(word[1])
}

// refuseAny notes the first token in s as one that does not stand by itself.
func (f *finder) refuseAny(s span) {
	if start, end, ok := next(s.b, 0); ok {
		f.refuse(s, start, end)
	}
}

// refuse notes the token between start and end of s, and what is in its way:
// the byte after it, or the one before.
func (f *finder) refuse(s span, start, end int) {
	at := end
	if end == len(s.b) && start > 0 {
		at = start - 1
	}
	f.refuseAt(s.at(start), s.at(at))
}

func (f *finder) refuseAt(token, at int) {
	if f.quiet == 0 && len(f.refused) < maxRefused {
		f.refused = append(f.refused, refusal{token, at})
	}
}
