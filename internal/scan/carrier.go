package scan

import (
	"bytes"

	"jwt/internal/compact"
)

// onlyCarrier returns the token of a text that contains only the token and its carrier:
// quotes, an Authorization header, a scheme. It accepts text that does not look like a
// token, because nothing else can be the token; the parser reports the fault.
func onlyCarrier(s span, o Options) (found Found, ok bool, err error) {
	body, where := cutCarrier(s)
	switch {
	case vendorPrefix(body.b) > 0 && compact.Is(body.b):
		n := vendorPrefix(body.b)
		return Found{Token: string(body.b[n:]), Where: where, Offset: body.at(n), GitHub: true}, true, nil
	case compact.Is(body.b), o.Join && isLaxToken(body.b):
		return Found{Token: string(body.b), Where: where, Offset: body.off}, true, nil
	}
	joined, lineBreak, lines := unwrap(body)
	if joined == nil {
		return Found{}, false, nil
	}
	found, err = wrapping{token: joined, where: where, off: body.off, lineBreak: lineBreak, lines: lines}.take(o)
	return found, err == nil, err
}

// cutCarrier removes, from outside in and each at most once: quotes, curl's -H with the
// quotes of its argument, the name of the header, the scheme.
func cutCarrier(s span) (body span, where string) {
	s = unquote(s)
	if flag, ok := cutHeaderFlag(s); ok {
		s = unquote(flag)
	}
	for _, name := range [...]string{"Authorization", "Proxy-Authorization"} {
		if len(s.b) > len(name) && s.b[len(name)] == ':' && equalFold(s.b[:len(name)], name) {
			s, where = s.from(len(name)+1).trim(), name+" header"
			break
		}
	}
	s, _ = cutScheme(s)
	return s, where
}

func unquote(s span) span {
	if n := len(s.b); n >= 2 && isQuote(s.b[0]) && s.b[0] == s.b[n-1] {
		return s.sub(1, n-1).trim()
	}
	return s
}

func cutHeaderFlag(s span) (span, bool) {
	for _, flag := range [...]string{"-H", "--header"} {
		if rest, ok := bytes.CutPrefix(s.b, []byte(flag)); ok && len(rest) > 0 && (isSpace(rest[0]) || isQuote(rest[0])) {
			return s.from(len(flag)).trim(), true
		}
	}
	return s, false
}

// unwrap joins a token that is wrapped over several lines, or returns nil. It accepts
// only line feeds as breaks, after an optional carriage return or backslash and before
// optional indentation. Blank lines, and lines that are tokens themselves, are not
// wrapping.
func unwrap(s span) (joined []byte, lineBreak, lines int) {
	if bytes.IndexByte(s.b, '\n') < 0 {
		return nil, 0, 0
	}
	lineBreak = -1
	joined = make([]byte, 0, len(s.b))
	tokens := 0
	for line := range bytes.SplitSeq(s.b, []byte{'\n'}) {
		lines++
		if lines > 1 {
			line = bytes.TrimLeft(line, " \t")
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		line = bytes.TrimSuffix(line, []byte{'\\'})
		if !isWord(line) || len(line) == 0 {
			return nil, 0, 0
		}
		if lineBreak < 0 {
			lineBreak = s.at(len(line))
		}
		if isToken(line) {
			tokens++
		}
		if lines == 1 && tokens == 1 && isComplete(line) && !resumes(s.b[len(line):]) {
			return nil, 0, 0
		}
		joined = append(joined, line...)
	}
	if tokens > 1 || !isToken(joined) {
		return nil, 0, 0
	}
	if dots, _ := compact.Dots(joined); dots == 4 && !isEncrypted(joined) {
		return nil, 0, 0 // two signed tokens, joined to five parts
	}
	return joined, lineBreak, lines
}

// isEncrypted reports whether the header has an "enc", which every JWE must have (RFC
// 7516 §4.1.2).
func isEncrypted(token []byte) bool {
	header := decodeHeader(token)
	return bytes.Contains(header, []byte(`"enc"`))
}
