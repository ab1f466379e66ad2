package scan

import (
	"bytes"
	"cmp"
	"strings"

	"jwt/internal/compact"
	"jwt/internal/verdict"
)

// A piece is a part of the text, and how it is read. Carriers split pieces into smaller ones,
// until they are values.
type piece struct {
	span
	carrier
	nesting
	form      form
	from, to  int     // of asText: where tokens are searched for, in the span
	touched   int     // of asRefused: the offset of the text that touches the token
	otherwise []piece // of asValue: what is read if it is not a token
	escaped   bool    // a string of JSON in which escapes were decoded
}

// A form is a way to read a piece.
type form int

const (
	asUnit    form = iota // the token, or another carrier
	asValue               // the token
	asText                // text around tokens
	asRefused             // a token that does not end where its carrier ends
	asChunk               // a part of a cookie that is too large for one
)

// A carrier is what holds a value: a header, a cookie, a parameter, a member.
type carrier struct {
	name  string // "" in plain text
	where string // for messages
	path  string // of the JSON member, from the root
	rank  int    // among the members of a token response, from 1, the best; 0 for others
	depth int    // of the JSON member
	fold  bool   // the name is that of a header, which is case-insensitive

	quoted bool // the value is in quotes after the scheme of a header, which a server gets, too
}

// A nesting is what a piece has from the carriers around it.
type nesting struct {
	around    carrier // the nearest
	level     int     // number of carriers
	encodings int     // how often the text was decoded from Base64
	inJSON    bool    // prose in JSON is usually text about tokens, which refuses nothing
	inHeaders bool    // of an HTTP message
	alias     string  // the "name" beside the JSON member "value", as in a HAR
}

// within returns the nesting of a piece that a carrier made, in another.
func (n nesting) within(outer nesting) nesting {
	outer.alias = cmp.Or(n.alias, outer.alias)
	outer.inJSON = outer.inJSON || n.inJSON
	outer.inHeaders = outer.inHeaders || n.inHeaders
	return outer
}

// Limits on the work. Carriers nest a few levels at most, such as a quoted header with a
// URL. The number of attempts to parse text as JSON is limited, too.
const (
	maxLevel    = 8
	maxAttempts = 8
	maxRefused  = 8
)

// maxItems is the maximum number of tokens in one text. More are a task for another
// command.
const maxItems = 4096

// A reader reads a text and collects what its carriers hold.
type reader struct {
	findings
	text     span   // the input
	field    string // the wanted carrier
	inWords  bool   // accept a complete token in prose
	deep     bool   // read Base64, too
	lax      bool   // accept padding in a carrier
	attempts int    // number of texts that looked like JSON and were not
}

// Findings are what a text holds, for choose.
type findings struct {
	pairs   []pair
	refused []refusal
	wrapped []wrapping
	chunks  []chunk
	opaque  []opaqueValue // values in place of a token that are not one
	invalid *opaqueValue  // the value of the wanted carrier, which is not a token
	http    bool          // the text is an HTTP transcript
	err     error
}

// A pair is a token and its carrier.
type pair struct {
	carrier
	alias    string
	token    string
	off      int
	line     int  // in which it was found; the lines of one piece of JSON count as one
	encoded  bool // it was in Base64
	prefixed bool // it followed a prefix of GitHub
	inProse  bool // in prose inside a JSON string
}

// A refusal is a token that does not begin or end where its carrier does.
type refusal struct {
	token int // where the token begins
	at    int // where the text that touches it begins
}

// An opaqueValue is one that should be a token and is not a JWT.
type opaqueValue struct {
	carrier
	value span
}

// read reads one piece.
func (r *reader) read(p piece) {
	switch {
	case r.err != nil:
	case p.form == asUnit:
		r.unit(p)
	case p.form == asText:
		r.inText(p)
	case p.form == asRefused:
		r.refuse(p.off, p.touched, p.nesting)
	case p.form == asChunk && len(r.chunks) < maxChunks:
		c, _ := chunkOf(p.name, p.span) // isChunk has read it
		r.chunks = append(r.chunks, c)
	case !r.value(p):
		r.noteOpaque(p)
		r.readAll(p.otherwise, p.nesting)
	}
}

// readAll reads pieces in the carrier that they were in.
func (r *reader) readAll(pieces []piece, in nesting) {
	for _, p := range pieces {
		p.nesting = p.within(in)
		r.read(p)
	}
}

// unit reads a self-contained piece of text: a line, quoted text, the value of a header.
func (r *reader) unit(p piece) {
	if p.escaped {
		r.noteWrapped(p)
	}
	before := len(r.pairs)
	p.span = p.trim()
	switch {
	case r.value(p):
	case r.field == "" && !r.deep && !carriesToken(p.b):
	case p.level >= maxLevel:
		if start, end, ok := next(p.b, 0); ok {
			r.refuse(p.at(start), endOfToken(p.span, start, end), p.nesting)
		}
	default:
		inner := p.nesting
		inner.level, inner.around = p.level+1, p.carrier
		r.readAll(r.split(p), inner)
	}
	if len(r.pairs) == before {
		r.noteOpaque(p)
	}
}

// split returns the pieces of a unit, by the first carrier that it has the form of.
func (r *reader) split(p piece) []piece {
	s := p.span
	if pieces, n, ok := r.json(s, p.level+1); ok && n == len(s.b) || r.err != nil {
		return pieces
	}
	name, value, isHeader := cutHeader(s)
	blank := bytes.ContainsAny(s.b, " \t")
	switch {
	case isHeader:
		return r.header(name, value, p.inHeaders)
	case hasQuoted(s.b):
		return r.quoted(s, p.carrier)
	case !blank && (bytes.IndexByte(s.b, ';') < 0 || bytes.Contains(s.b, []byte("://"))):
		return r.parameters(s)
	case bytes.IndexByte(s.b, ';') >= 0:
		return r.cookies(s)
	}
	return r.prose(s)
}

// value records a piece if all of it is a token, with or without a scheme.
func (r *reader) value(p piece) bool {
	if r.deep && r.encoded(p) {
		return true
	}
	bare, _ := cutScheme(p.span)
	prefix := vendorPrefix(bare.b)
	bare = bare.from(prefix)
	found := pair{carrier: p.carrier, alias: p.alias, off: bare.off, encoded: p.encodings > 0, prefixed: prefix > 0}
	named := r.field != "" && p.name != "" && (found.hasName(r.field) || p.path == r.field)
	if !isToken(bare.b) && !(named && compact.Is(bare.b)) && !(r.lax && isLaxToken(bare.b)) {
		if named && r.invalid == nil {
			r.invalid = &opaqueValue{p.carrier, p.span}
		}
		return false
	}
	found.token = string(bare.b)
	r.add(found)
	return true
}

// add records a token, up to maxItems.
func (r *reader) add(p pair) {
	if len(r.pairs) == maxItems {
		r.err = verdict.Errorf(verdict.LimitExceeded, "more than %d tokens in one text", maxItems)
		return
	}
	r.pairs = append(r.pairs, p)
}

// isDamaged reports whether the value looks like a JWT.
func (c opaqueValue) isDamaged() bool {
	bare, _ := cutScheme(c.value)
	return c.rank > 0 && bytes.HasPrefix(bare.b, []byte("eyJ"))
}

// noteOpaque records a value that is not a token where an access token should be. That another
// token is in the text does not mean that it is the one that a server would check.
func (r *reader) noteOpaque(p piece) {
	c := opaqueValue{p.carrier, p.trim()}
	if name, value, ok := cutHeader(p.span); ok && mayAuthorize(name) {
		c = opaqueValue{headerCarrier(name, p.inHeaders), value}
	}
	if len(c.value.b) > 0 && len(r.opaque) < maxListed && (c.isDamaged() || mayAuthorize(c.name)) {
		r.opaque = append(r.opaque, c)
	}
}

// mayAuthorize reports whether the value of a name is the access token of a request.
func mayAuthorize(name string) bool { return isAuthorization(name) || isAccessToken(name) }

func isAuthorization(name string) bool {
	return strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Proxy-Authorization")
}

// isAccessToken reports whether a name is access_token, in any spelling.
func isAccessToken(name string) bool {
	return strings.EqualFold(name, "access_token") || strings.EqualFold(name, "accessToken") || strings.EqualFold(name, "access-token")
}

// refuse records a token that other text touches.
func (r *reader) refuse(token, at int, n nesting) {
	if !n.inJSON && len(r.refused) < maxRefused {
		r.refused = append(r.refused, refusal{token, at})
	}
}

// endOfToken returns the offset of what touches the token between start and end of s: of the
// byte after it, or else before it.
func endOfToken(s span, start, end int) int {
	if end == len(s.b) && start > 0 {
		return s.at(start - 1)
	}
	return s.at(end)
}

// inText reads the tokens in text that is not a carrier. It accepts a complete token that white
// space or punctuation delimits, if it is the value of a name or inWords is set. It refuses all
// others, as a server would.
func (r *reader) inText(p piece) {
	for from := p.from; from < p.to; {
		start, end, ok := next(p.b[:p.to], from)
		if !ok {
			return
		}
		if r.delimited(p, start, end) {
			r.addInText(p, start, end)
		} else {
			r.refuse(p.at(start), endOfToken(p.span, start, end), p.nesting)
		}
		from = end
	}
}

// delimited reports whether the text around the token between start and end cannot be a part of
// it.
func (r *reader) delimited(p piece, start, end int) bool {
	before, token := p.b[:start], p.b[start:end]
	_, once := nameBefore(before) // the second of two schemes is not a token
	named := r.inWords || p.name != "" || len(nameOf(before)) > 0
	return named && once && begins(before) && ends(p.b[end:]) && compact.Is(token) && isComplete(token) &&
		!resumes(bytes.TrimPrefix(r.after(p.span, end), []byte{'.'}))
}

// after returns the text after byte end of s. If s is exact, that is the rest of the input.
func (r *reader) after(s span, end int) []byte {
	if s.exact {
		return r.text.b[s.at(end)-r.text.off:]
	}
	return s.b[end:]
}

func (r *reader) addInText(p piece, start, end int) {
	c := p.carrier
	if c.name == "" {
		c = p.around
		if name := nameOf(p.b[:start]); len(name) > 0 && !carriesToken(name) {
			c.name, c.where = string(name), string(name)
		}
	}
	c.rank = 0
	r.add(pair{carrier: c, alias: p.alias, token: string(p.b[start:end]), off: p.at(start), encoded: p.encodings > 0, inProse: p.inJSON})
}
