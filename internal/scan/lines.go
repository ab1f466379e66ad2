package scan

import (
	"bytes"
	"strings"
)

// lines reads all of the text, line by line. Afterwards it refuses a token that a line break
// may cut off.
func (r *reader) lines(s span) {
	t := transcript{verbose: isVerbose(s.b)}
	var all []line
	for len(s.b) > 0 && r.err == nil {
		before := len(r.pairs)
		pieces, n, ok := r.block(s)
		l := line{}
		if !ok {
			l.span, n = cutLine(s)
			pieces = t.pieces(l.span)
			l.span = l.trim()
		}
		r.readAll(pieces, nesting{})
		for i := before; i < len(r.pairs); i++ {
			r.pairs[i].line = len(all)
		}
		l.pairs = len(r.pairs) - before
		all = append(all, l)
		s = s.from(n)
	}
	r.http = t.http
	r.refuseCutOff(all)
	r.readAll(joinChunks(r.chunks), nesting{})
}

// block returns the pieces of several lines that belong together: JSON, or armour.
func (r *reader) block(s span) (pieces []piece, n int, ok bool) {
	if pieces, n, ok = r.json(s, 0); ok {
		return pieces, n, ok
	}
	return r.armour(s)
}

// A line is one line of the text, or a block, whose span is empty.
type line struct {
	span
	pairs int // how many were found in it
}

// mayContinue reports whether a line may be the rest of a wrapped token.
func (l line) mayContinue() bool {
	return l.pairs == 0 && isContinuation(bytes.TrimFunc(l.b, isSpaceOrNonASCII))
}

// refuseCutOff refuses the tokens at the end of a line that may be the first part of a wrapped
// one: if the next line has only token characters, and, if it has no name, if any line does.
func (r *reader) refuseCutOff(all []line) {
	kept := r.pairs[:0]
	word := -1 // offset of the last line that may continue a token
	for _, l := range all {
		if l.mayContinue() {
			word = l.off
		}
	}
	for i, p := range r.pairs {
		l := all[p.line]
		isLast := i+1 == len(r.pairs) || r.pairs[i+1].line != p.line
		atEnd := isLast && p.off+len(p.token) == l.at(len(l.b)) && len(l.b) > 0
		follows := atEnd && p.line+1 < len(all) && all[p.line+1].mayContinue()
		switch {
		case follows && r.isCutOff(p, all[p.line+1].off):
			r.refuse(p.off, all[p.line+1].off, nesting{})
		case atEnd && p.name == "" && word >= 0 && r.isCutOff(p, word):
			r.refuse(p.off, word, nesting{})
		default:
			kept = append(kept, p)
		}
	}
	r.pairs = kept
}

// isCutOff reports whether the text at byte at may be more of the token.
func (r *reader) isCutOff(p pair, at int) bool {
	return !isComplete([]byte(p.token)) || resumes(r.text.b[at-r.text.off:])
}

// isSpaceOrNonASCII reports characters that begin neither a token nor prose.
func isSpaceOrNonASCII(r rune) bool { return r <= ' ' || r >= 0x7f }

// isContinuation reports whether a line or word may be the rest of a wrapped token.
func isContinuation(b []byte) bool {
	return isWord(b) && bytes.ContainsFunc(b, func(r rune) bool { return r != '-' && r != '_' && r != '.' && r != '~' })
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

// A transcript knows which lines of HTTP messages are headers.
type transcript struct {
	http    bool   // the text is a transcript
	headers bool   // the next line is a header
	verbose bool   // curl -v wrote it
	block   string // the name whose value, a block of YAML, begins on the next line
}

func isVerbose(b []byte) bool {
	for _, mark := range [...]string{"* ", "> ", "< "} {
		if bytes.HasPrefix(b, []byte(mark)) {
			return true
		}
	}
	return bytes.Contains(b, []byte("\n< ")) || bytes.Contains(b, []byte("\n> "))
}

// pieces returns what is in a line: a header, a piece of a body, or nothing in a message of
// curl -v about the connection.
func (t *transcript) pieces(s span) []piece {
	inHeader := t.headers
	if t.verbose && len(s.b) > 0 {
		switch mark, _, _ := bytes.Cut(s.b, []byte{' '}); string(mark) {
		case "*":
			return nil
		case "<", ">":
			s, inHeader = s.from(1), true
		}
	}
	s = s.trim()
	switch {
	case len(s.b) == 0:
		t.headers = false
		return nil
	case isStartLine(s.b):
		t.http, inHeader, t.headers = true, true, !t.verbose
	}
	c := carrier{}
	if t.http && !inHeader {
		c = carrier{name: "body", where: "response body"}
	}
	if p, ok := tabbedLine(s); ok {
		return []piece{p}
	}
	if bytes.HasPrefix(s.b, []byte("- ")) { // an element of a YAML list
		s = s.from(2)
	}
	if t.block != "" {
		c = headerCarrier(t.block, false)
	}
	t.block = ""
	if name, value, ok := cutHeader(s); ok && isBlockMark(value.b) {
		t.block = name
		return nil
	}
	return []piece{{span: s, carrier: c, nesting: nesting{inHeaders: inHeader}}}
}

// isBlockMark reports whether a value of YAML is on the lines below (YAML 1.2 §8.1).
func isBlockMark(b []byte) bool {
	return len(b) > 0 && (b[0] == '|' || b[0] == '>') && len(bytes.Trim(b[1:], "+-123456789")) == 0
}

// isStartLine reports whether b is the first line of an HTTP message (RFC 9112 §2.1).
func isStartLine(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/")) || bytes.HasSuffix(b, []byte(" HTTP/1.1")) || bytes.HasSuffix(b, []byte(" HTTP/2"))
}

const dashes = "-----"

// armour returns the content of a block between BEGIN and END lines at the start of s, as in
// the credentials of NATS, and where it ends. A block of another kind, such as a seed, is
// skipped unless a token is in it.
func (r *reader) armour(s span) (pieces []piece, n int, ok bool) {
	if !bytes.HasPrefix(s.b, []byte(dashes+"BEGIN ")) || r.attempts == maxAttempts {
		return nil, 0, false
	}
	line, start := cutLine(s)
	label := strings.TrimPrefix(strings.Trim(string(line.b), "- "), "BEGIN ")
	stop := bytes.Index(s.b[start:], []byte("\n"+dashes))
	if stop < 0 {
		r.attempts++
		return nil, 0, false
	}
	body := s.sub(start, start+stop).trim()
	end, length := cutLine(s.from(start + stop + 1))
	if !strings.Contains(string(end.b), "END "+label) {
		r.attempts++
		return nil, 0, false
	}
	if !isToken(body.b) && carriesToken(body.b) {
		return nil, 0, false
	}
	return []piece{{span: body, form: asValue, carrier: carrier{name: label, where: label}}}, start + stop + 1 + length, true
}
