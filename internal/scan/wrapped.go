package scan

import (
	"bytes"
	"slices"

	"jwt/internal/verdict"
)

// A wrapping is a token on several lines.
type wrapping struct {
	token     []byte
	where     string
	off       int
	lineBreak int // where the first line ends
	lines     int
	complete  bool // its last part has the size of its algorithm
}

// take returns the token if Join is set, and otherwise an error of class malformed.
func (w wrapping) take(o Options) (Found, error) {
	if !o.Join {
		return Found{}, verdict.Errorf(verdict.Malformed, "the token is wrapped over %d lines, the first line break is at byte %d", w.lines, w.lineBreak).
			Hintf(`join the lines first (tr -d '\n'); jwt decode joins them by itself`)
	}
	return Found{Token: string(w.token), Where: w.where, Offset: w.off, Wrapped: true}, nil
}

// noteWrapped searches a JSON string with escapes for a token with line breaks.
func (r *reader) noteWrapped(p piece) {
	if bytes.IndexByte(p.b, '\n') < 0 || len(r.wrapped) > 1 {
		return
	}
	body, _ := cutCarrier(p.trim())
	if joined, lineBreak, lines := unwrap(body); joined != nil {
		r.wrapped = append(r.wrapped, wrapping{token: joined, where: p.where, off: body.off, lineBreak: lineBreak, lines: lines})
	}
}

// wrappings returns up to two tokens of s that are wrapped over lines: in a YAML block, a
// quotation, in quotes.
func wrappings(s span) (all []wrapping) {
	from := 0
	for tries := 0; tries < maxAttempts && len(all) < 2; {
		i := bytes.Index(s.b[from:], []byte("eyJ"))
		if i < 0 {
			break
		}
		start := from + i
		from = start + len("eyJ")
		if begins(s.b[:start]) || isQuote(s.b[start-1]) {
			tries++
			if w, end, ok := join(s, start, len(s.b)); ok {
				all, from = append(all, w), end
			}
		}
	}
	return all
}

// join reads the lines of a token from start on until it is complete or has most characters,
// and returns where it ends.
func join(s span, start, most int) (w wrapping, end int, ok bool) {
	j := joiner{wrapping: wrapping{where: string(nameOf(bytes.TrimRight(s.b[:start], `"'`))), off: s.at(start)}}
	for at := start; !j.full(); {
		line := at
		for at < len(s.b) && inToken(s.b[at]) {
			at++
		}
		if !j.add(s.b[line:at]) {
			return j.wrapping, start, false
		}
		if j.complete || !w.complete {
			w, end = j.wrapping, at
		}
		n := lineBreak(s.b[at:])
		if n == 0 || len(j.token) > most {
			break
		}
		if j.lines == 1 {
			j.lineBreak = s.at(at)
		}
		at += n
	}
	closed := w.complete && (ends(s.b[end:]) || isQuote(s.b[end]))
	return w, end, w.lines > 1 && closed && isToken(w.token) && !resumes(s.b[end:])
}

// A joiner joins the lines of a token.
type joiner struct {
	wrapping
	want          sizes // by the header
	dots, lastDot int
}

// full reports whether no line can follow: the token is complete, and its signature, which with RSA can
// have several sizes, has the largest.
func (j *joiner) full() bool {
	return j.dots > 0 && j.want.dots > 0 && (j.dots > j.want.dots || j.complete && len(j.token)-1-j.lastDot >= slices.Max(j.want.last))
}

// add adds a line, and reports whether the text can be a token.
func (j *joiner) add(line []byte) bool {
	j.lines++
	if last := bytes.LastIndexByte(line, '.'); last >= 0 {
		j.dots, j.lastDot = j.dots+bytes.Count(line, []byte{'.'}), len(j.token)+last
	}
	j.token = append(j.token, line...)
	if j.dots > 0 && j.want.dots == 0 {
		j.want = sizesOf(decodeHeader(j.token))
	}
	j.complete = j.dots == j.want.dots && j.want.fit(len(j.token)-1-j.lastDot)
	return j.dots == 0 || j.want.dots > 0
}

// maxWrapped is the largest size of a token that a Searcher joins.
const maxWrapped = 16 << 10

// wrapped returns the token that begins at byte at of a text and is wrapped over lines, the
// first of which ends at end.
func (s *Searcher) wrapped(text []byte, at, end int) (Match, bool) {
	if lineBreak(text[end:]) == 0 {
		return Match{}, false
	}
	w, end, ok := join(span{b: text, exact: true}, at, maxWrapped)
	if !ok {
		return Match{}, false
	}
	m, ok := s.compact(w.token)
	m.Start, m.End, m.Name, m.Wrapped = at, end, s.nameAround(text, at), true
	return m, ok && len(m.Token) == len(w.token)
}

// Unfinished returns where the last line of a text begins that the next line may continue,
// because a token in it is wrapped or cut off. Otherwise it returns the length of the text.
func Unfinished(text []byte) int {
	last := text
	for _, end := range [...]string{"\n", "\r", "\\"} {
		last = bytes.TrimSuffix(last, []byte(end))
	}
	if len(last) == 0 || !inToken(last[len(last)-1]) {
		return len(text)
	}
	tries := 0
	for start := firstLine(last); start < len(last) && tries < maxAttempts; start++ {
		if !opensHeader(last[start:]) {
			continue
		}
		switch w, end, ok := join(span{b: text, exact: true}, start, maxWrapped); {
		case end == len(last) && !w.complete:
			return bytes.LastIndexByte(text[:start], '\n') + 1
		case ok:
			start = end - 1 // the next token
		default:
			tries++
		}
	}
	return len(text)
}

// firstLine returns where the first line begins that the last line of a text may continue: of
// the lines above it, those are skipped that have only characters of tokens, too. None is empty.
func firstLine(text []byte) int {
	for end := len(text); ; {
		start := bytes.LastIndexByte(text[:end], '\n') + 1
		line := bytes.Trim(text[start:end], "> \t\r\\")
		if start == 0 || len(text)-start > maxWrapped || len(line) == 0 || !isWord(line) {
			return start
		}
		end = start - 1
	}
}

// lineBreak returns the length of a line break in a token, or 0. It includes a backslash
// before the break, and indentation and quotation marks (>) after it.
func lineBreak(b []byte) int {
	rest := bytes.TrimPrefix(b, []byte{'\\'})
	rest, ok := bytes.CutPrefix(bytes.TrimPrefix(rest, []byte{'\r'}), []byte{'\n'})
	rest = bytes.TrimLeft(rest, "> \t")
	if !ok || len(rest) == 0 || !inToken(rest[0]) {
		return 0
	}
	return len(b) - len(rest)
}
