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

// header reads the value of a header, or of another name before a colon, as in YAML.
func (f *finder) header(name string, value span) {
	c := carrier{name: name, where: name, fold: true}
	switch strings.ToLower(name) {
	case "cookie", "set-cookie":
		if !hasQuoted(value.b) {
			f.cookies(value)
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

// cookies reads name=value pairs that semicolons separate (RFC 6265 §4.1.1 and §4.2.1).
// It accepts a token only if another pair follows it, or an attribute without a value.
func (f *finder) cookies(s span) {
	for len(s.b) > 0 {
		end := bytes.IndexByte(s.b, ';')
		pair, rest := s, s.from(len(s.b))
		if end >= 0 {
			pair, rest = s.sub(0, end), s.from(end+1)
		}
		if beginsPair(rest.b) {
			f.pair(pair.trim())
		} else {
			f.tokensInText(s, 0, len(pair.b), carrier{})
		}
		s = rest
	}
}

// cookieJarLine reads a line of a cookie jar (curl -c, exports of browsers): seven fields
// with tabs between them, the last two of which are the name and the value.
func (f *finder) cookieJarLine(s span) bool {
	const fields = 7
	if bytes.Count(s.b, []byte{'\t'}) != fields-1 {
		return false
	}
	valueAt := bytes.LastIndexByte(s.b, '\t') + 1
	nameAt := bytes.LastIndexByte(s.b[:valueAt-1], '\t') + 1
	name := string(s.b[nameAt : valueAt-1])
	value := s.from(valueAt)
	if carriesToken(s.b[:valueAt]) || !isToken(value.b) {
		return false
	}
	return f.value(value, carrier{name: name, where: "cookie " + name})
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

// pair reads "name=value". Words before the name make it a variable instead of a cookie:
// export TOKEN=….
func (f *finder) pair(s span) {
	i := bytes.IndexByte(s.b, '=')
	if i < 0 || bytes.Contains(s.b[:i], []byte("://")) {
		f.prose(s)
		return
	}
	front := bytes.TrimRight(s.b[:i], " \t")
	name := front[bytes.LastIndexAny(front, " \t")+1:]
	kind := "cookie "
	if len(name) < len(front) {
		kind = ""
	}
	if carriesToken(front) {
		f.tokensInText(s, 0, len(s.b), carrier{})
		return
	}
	value := s.from(i + 1).trim()
	key := strings.TrimLeft(string(name), "-$")
	if f.noteChunk(key, value) {
		return
	}
	if c := (carrier{name: key, where: kind + key}); !f.value(value, c) {
		f.tokensInText(value, 0, len(value.b), c)
	}
}

// parameters reads text without white space: a URL with its query and fragment (RFC 6750
// §2.3, RFC 6749 §4.2.2), a form body, or one name=value.
func (f *finder) parameters(s span) {
	hash := bytes.IndexByte(s.b, '#')
	switch {
	case hash < 0:
		f.resource(s)
		return
	case bytes.HasPrefix(s.b[hash:], []byte("#/")): // the path of a single-page application
		f.resource(s.from(hash + 1))
	default:
		f.query(s.from(hash+1), "URL parameter ")
	}
	f.resource(s.sub(0, hash))
}

// resource reads a URL up to its fragment, or only a query.
func (f *finder) resource(s span) {
	mark := bytes.IndexByte(s.b, '?')
	switch {
	case mark >= 0:
		f.path(s.sub(0, mark))
		f.query(s.from(mark+1), "URL parameter ")
	case bytes.Contains(s.b, []byte("://")), bytes.HasPrefix(s.b, []byte{'/'}):
		f.path(s)
	case bytes.IndexByte(s.b, '&') >= 0:
		f.query(s, "form parameter ")
	default:
		f.query(s, "")
	}
}

// query reads name=value pairs that ampersands separate. It accepts a token only if
// another pair follows it or nothing does.
func (f *finder) query(s span, kind string) {
	for len(s.b) > 0 {
		end, piece, rest := len(s.b), s, span{}
		if i := bytes.IndexByte(s.b, '&'); i >= 0 {
			end, piece, rest = i, s.sub(0, i), s.from(i+1)
		}
		equals := bytes.IndexByte(piece.b, '=')
		following, _, _ := bytes.Cut(rest.b, []byte{'&'})
		delimited := len(following) == 0 || bytes.IndexByte(following, '=') >= 0
		if equals < 0 || !delimited || isToken(piece.b[:equals]) {
			f.tokensInText(s, 0, end, carrier{})
		} else {
			name := strings.TrimLeft(string(piece.b[:equals]), "-$")
			value := piece.from(equals + 1)
			if !f.noteChunk(name, value) && !f.value(value, carrier{name: name, where: kind + name}) {
				f.tokensInText(piece, 0, len(piece.b), carrier{})
			}
		}
		s = rest
	}
}

// path reads the part of a URL before its query. Links in mails carry tokens there.
func (f *finder) path(s span) {
	if !bytes.Contains(s.b, []byte("://")) && !bytes.HasPrefix(s.b, []byte{'/'}) {
		f.tokensInText(s, 0, len(s.b), carrier{})
		return
	}
	for len(s.b) > 0 {
		end := bytes.IndexByte(s.b, '/')
		if end < 0 {
			end = len(s.b)
		}
		part := s.sub(0, end)
		switch {
		case f.value(part, carrier{name: "path", where: "URL path"}):
		case f.deep && bytes.HasPrefix(part.b, []byte(":_auth=")): // of npm
			f.query(part.from(1), "")
		default:
			f.tokensInText(part, 0, len(part.b), carrier{})
		}
		s = s.from(min(end+1, len(s.b)))
	}
}
