package scan

// A Searcher finds every token of a text, whatever surrounds it. It is not for concurrent use.
//
// Most text has no token, and is only searched for a few letters. Where one of them is, the run
// of token characters around it is read.
type Searcher struct {
	headers map[string]*shape // of headers that were read before
	last    *shape            // of them
	name    string            // of the last token
	end     int               // of the last run that was walked to its end
}

// InToken reports whether a token may have the byte.
func InToken(c byte) bool { return inToken(c) }

const (
	shortestToken = len("eyJhbGciOiJub25lIn0.e30.")
	maxStarts     = 8 // of a header before one dot, and of Base64 in one run
)

// Append appends the tokens of text from byte from on to dst. What stands before that byte can
// only name the first of them. The tokens are parts of the text, unless they are encoded or
// wrapped.
func (s *Searcher) Append(dst []Match, text []byte, from int) []Match {
	s.end = from
	found := marks{text: text}
	for at := found.after(from); at < len(text); at = found.after(from) {
		start := at
		for start > from && inToken(text[start-1]) {
			start--
		}
		m, end, ok := s.first(text, start)
		if ok {
			dst = append(dst, m)
		}
		from = end
	}
	return dst
}

// first returns the first token of the run of token characters that begins at byte start, and
// where the token, or without one the run, ends.
func (s *Searcher) first(text []byte, start int) (m Match, end int, ok bool) {
	headers, encodings := 0, 0
	at := start
	for ; at < len(text) && inToken(text[at]); at++ {
		rest := text[at:]
		switch {
		case rest[0] == '.':
			headers = 0
		case headers < maxStarts && opensHeader(rest):
			headers++
			m, ok = s.at(text, at)
		case encodings < maxStarts && encodedAt(rest) >= 0:
			encodings++
			m, ok = s.encoded(text, at-encodedAt(rest), start)
		}
		if ok {
			return m, m.End, true
		}
	}
	return Match{}, at, false
}

// at returns the token that begins at byte at of a text.
func (s *Searcher) at(text []byte, at int) (Match, bool) {
	if !beginsHeader(text[at:min(at+shortestToken, len(text))]) {
		return Match{}, false
	}
	m, ok := s.token(text[at:])
	m.Start, m.End = at, at+len(m.Token)
	if !ok || m.Kind == Placeholder && m.End == s.endOfRun(text, at) {
		if w, isWrapped := s.wrapped(text, at, s.endOfRun(text, at)); isWrapped {
			return w, true
		}
	}
	if ok {
		m.Name = s.nameAround(text, at)
	}
	return m, ok
}

// endOfRun returns where the run of token characters ends that has the byte at. Runs are asked
// for in their order, and each is walked once.
func (s *Searcher) endOfRun(text []byte, at int) int {
	if s.end <= at {
		for s.end = at; s.end < len(text) && inToken(text[s.end]); s.end++ {
		}
	}
	return s.end
}

// beginsHeader reports whether b begins like a header, and with as many characters as a token
// has.
func beginsHeader(b []byte) bool {
	return len(b) >= shortestToken && opensHeader(b) && isWord(b[:shortestToken])
}

// opensHeader reports whether b begins like a header in base64url: a brace, and a quote, a blank
// or a line break after it.
func opensHeader(b []byte) bool {
	if len(b) < 3 || b[0] != 'e' {
		return false
	}
	switch b[1] {
	case 'y':
		return b[2] == 'J' || b[2] == 'A'
	case 'w':
		return b[2] == 'o' || b[2] == '0' || b[2] == 'k'
	}
	return false
}
