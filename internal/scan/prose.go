package scan

import (
	"bytes"
	"strings"

	"jwt/internal/base64url"
	"jwt/internal/compact"
)

// prose splits text with white space. It accepts a token that white space ends if it
// follows a name or is in a URL, and the next word cannot be more of it. A complete token
// needs neither.
func (r *reader) prose(s span) (pieces []piece) {
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
		follows := continues(s.b[end:]) && !(carries && isComplete(word.b[start:stop]) && !resumes(s.b[end:]))
		switch {
		case !carries && r.field == "" && !r.deep:
		case compact.Is(word.b) && isOption(previous) && !follows:
			c := carrier{name: string(bytes.TrimLeft(previous, "-")), where: string(previous)}
			pieces = append(pieces, piece{span: word, form: asValue, carrier: c})
		case compact.Is(word.b) && string(previous) == "=" && !follows:
			pieces = append(pieces, piece{span: word, form: asValue, carrier: carrier{name: string(name), where: string(name)}})
		case !compact.Is(word.b) && !follows:
			pieces = append(pieces, r.parameters(word)...)
		case carries:
			pieces = append(pieces, textIn(s, i, end, carrier{}))
		}
		name, previous, i = previous, word.b, end
	}
	return pieces
}

// continues reports whether b begins with a word that may be the rest of a token: it is
// not a flag, and not name=value, name:value or name/value.
func continues(b []byte) bool {
	word := bytes.TrimLeft(b, " \t")
	if end := bytes.IndexAny(word, " \t"); end >= 0 {
		word = word[:end]
	}
	if isOption(word) {
		return false
	}
	end := 0
	for end < len(word) && inToken(word[end]) {
		end++
	}
	return isContinuation(word[:end]) && (end == len(word) || strings.IndexByte("=:/", word[end]) < 0)
}

// isOption reports whether word is a command-line flag, -x or --long-name.
func isOption(word []byte) bool {
	if long, ok := bytes.CutPrefix(word, []byte("--")); ok {
		return len(long) > 1 && !bytes.ContainsFunc(long, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	}
	return len(word) == 2 && word[0] == '-' && base64url.Is(word[1])
}
