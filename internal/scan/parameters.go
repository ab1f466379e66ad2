package scan

import (
	"bytes"
	"strings"
)

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

// header returns the value of a header, or of another name before a colon, as in YAML.
func (r *reader) header(name string, value span, inHeaders bool) []piece {
	if isCookie := strings.EqualFold(name, "Cookie") || strings.EqualFold(name, "Set-Cookie"); isCookie && !hasQuoted(value.b) {
		return r.cookies(value)
	}
	return []piece{{span: value, carrier: headerCarrier(name, inHeaders)}}
}

// headerCarrier returns the carrier of a value after a name and a colon.
func headerCarrier(name string, inHeaders bool) carrier {
	c := carrier{name: name, where: name, fold: true}
	if inHeaders || isAuthorization(name) {
		c.where += " header"
	}
	return c
}

// textIn returns the piece of text between from and to of s.
func textIn(s span, from, to int, c carrier) piece {
	return piece{span: s, carrier: c, form: asText, from: from, to: to}
}

// allText returns all of s as text.
func allText(s span, c carrier) []piece { return []piece{textIn(s, 0, len(s.b), c)} }

// cookies splits name=value pairs that semicolons separate (RFC 6265 §4.1.1 and §4.2.1).
// It accepts a token only if another pair follows it, or an attribute without a value.
func (r *reader) cookies(s span) (pieces []piece) {
	for len(s.b) > 0 {
		end := bytes.IndexByte(s.b, ';')
		pair, rest := s, s.from(len(s.b))
		if end >= 0 {
			pair, rest = s.sub(0, end), s.from(end+1)
		}
		if beginsPair(rest.b) {
			pieces = append(pieces, r.cookie(pair.trim())...)
		} else {
			pieces = append(pieces, textIn(s, 0, len(pair.b), carrier{}))
		}
		s = rest
	}
	return pieces
}

// tabbedLine returns the value in a line with tabs between its fields, of which the last two are a name
// and a value: of a cookie jar (curl -c, exports of browsers), which has seven, or of the storage that
// a browser's tools show, which has two.
func tabbedLine(s span) (piece, bool) {
	kind := ""
	switch bytes.Count(s.b, []byte{'\t'}) {
	case 6:
		kind = "cookie "
	case 1:
	default:
		return piece{}, false
	}
	valueAt := bytes.LastIndexByte(s.b, '\t') + 1
	nameAt := bytes.LastIndexByte(s.b[:valueAt-1], '\t') + 1
	name := string(s.b[nameAt : valueAt-1])
	value := s.from(valueAt)
	ok := strings.Trim(name, "0123456789") != "" && !carriesToken(s.b[:valueAt]) && isToken(value.b)
	return piece{span: value, form: asValue, carrier: carrier{name: name, where: kind + name}}, ok
}

// beginsPair reports whether the text after a semicolon is a pair, a known attribute or
// empty.
func beginsPair(b []byte) bool {
	b, _, _ = bytes.Cut(b, []byte{';'})
	b = bytes.Trim(b, whiteSpace)
	switch {
	case len(b) == 0, bytes.IndexByte(b, '=') >= 0:
		return true
	}
	return equalFold(b, "Secure") || equalFold(b, "HttpOnly") || equalFold(b, "Partitioned")
}

// cookie returns the value of "name=value". Words before the name make it a variable instead
// of a cookie: export TOKEN=….
func (r *reader) cookie(s span) []piece {
	i := bytes.IndexByte(s.b, '=')
	if i < 0 || bytes.Contains(s.b[:i], []byte("://")) {
		return r.prose(s)
	}
	front := bytes.TrimRight(s.b[:i], " \t")
	name := front[bytes.LastIndexAny(front, " \t")+1:]
	kind := "cookie "
	if len(name) < len(front) {
		kind = ""
	}
	if carriesToken(front) {
		return allText(s, carrier{})
	}
	key := strings.TrimLeft(string(name), "-$")
	c, value := carrier{name: key, where: kind + key}, s.from(i+1).trim()
	return []piece{named(value, c, allText(value, c))}
}

// named returns the value of a name, which may be a chunk of a cookie.
func named(value span, c carrier, otherwise []piece) piece {
	if isChunk(c.name, value) {
		return piece{span: value, carrier: c, form: asChunk, otherwise: otherwise}
	}
	return piece{span: value, carrier: c, form: asValue, otherwise: otherwise}
}

// parameters splits text without white space: a URL with its query and fragment (RFC 6750
// §2.3, RFC 6749 §4.2.2), a form body, or one name=value.
func (r *reader) parameters(s span) []piece {
	hash := bytes.IndexByte(s.b, '#')
	switch {
	case hash < 0:
		return r.resource(s)
	case bytes.HasPrefix(s.b[hash:], []byte("#/")): // the path of a single-page application
		return append(r.resource(s.from(hash+1)), r.resource(s.sub(0, hash))...)
	}
	return append(query(s.from(hash+1), "URL parameter "), r.resource(s.sub(0, hash))...)
}

// resource splits a URL up to its fragment, or only a query.
func (r *reader) resource(s span) []piece {
	mark := bytes.IndexByte(s.b, '?')
	switch {
	case mark >= 0:
		return append(r.path(s.sub(0, mark)), query(s.from(mark+1), "URL parameter ")...)
	case bytes.Contains(s.b, []byte("://")), bytes.HasPrefix(s.b, []byte{'/'}):
		return r.path(s)
	case bytes.IndexByte(s.b, '&') >= 0:
		return query(s, "form parameter ")
	}
	return query(s, "")
}

// query splits name=value pairs that ampersands separate. It accepts a token only if
// another pair follows it or nothing does.
func query(s span, kind string) (pieces []piece) {
	for len(s.b) > 0 {
		end, part, rest := len(s.b), s, span{}
		if i := bytes.IndexByte(s.b, '&'); i >= 0 {
			end, part, rest = i, s.sub(0, i), s.from(i+1)
		}
		equals := bytes.IndexByte(part.b, '=')
		following, _, _ := bytes.Cut(rest.b, []byte{'&'})
		delimited := len(following) == 0 || bytes.IndexByte(following, '=') >= 0
		if equals < 0 || !delimited || isToken(part.b[:equals]) {
			pieces = append(pieces, textIn(s, 0, end, carrier{}))
		} else {
			name := strings.TrimLeft(string(part.b[:equals]), "-$")
			pieces = append(pieces, named(part.from(equals+1), carrier{name: name, where: kind + name}, allText(part, carrier{})))
		}
		s = rest
	}
	return pieces
}

// path splits the part of a URL before its query. Links in mails carry tokens there.
func (r *reader) path(s span) (pieces []piece) {
	if !bytes.Contains(s.b, []byte("://")) && !bytes.HasPrefix(s.b, []byte{'/'}) {
		return allText(s, carrier{})
	}
	for len(s.b) > 0 {
		end := bytes.IndexByte(s.b, '/')
		if end < 0 {
			end = len(s.b)
		}
		part := s.sub(0, end)
		otherwise := allText(part, carrier{})
		if r.deep && bytes.HasPrefix(part.b, []byte(":_auth=")) { // of npm
			otherwise = query(part.from(1), "")
		}
		pieces = append(pieces, piece{span: part, form: asValue, carrier: carrier{name: "path", where: "URL path"}, otherwise: otherwise})
		s = s.from(min(end+1, len(s.b)))
	}
	return pieces
}
