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
	var before [2][]byte // the words
	for i := 0; i < len(s.b); {
		if isSpace(s.b[i]) {
			i++
			continue
		}
		end := i
		for end < len(s.b) && !isSpace(s.b[end]) {
			end++
		}
		pieces = append(pieces, r.word(s, i, end, before)...)
		before = [2][]byte{before[1], s.b[i:end]}
		i = end
	}
	return pieces
}

// word returns what is in the word of s between i and end, which two others may precede.
func (r *reader) word(s span, i, end int, before [2][]byte) []piece {
	word, rest := s.sub(i, end), s.b[end:]
	start, stop, carries := next(word.b, 0)
	if !carries && r.field == "" && !r.deep {
		return nil
	}
	follows := continues(rest)
	if carries && isComplete(word.b[start:stop]) {
		follows = follows && resumes(rest)
	}
	bare := compact.Is(word.b)
	c, isValue := carrierBefore(before)
	switch {
	case !follows && bare && isValue:
		return []piece{{span: word, form: asValue, carrier: c}}
	case !follows && !bare:
		return r.parameters(word)
	case carries:
		return []piece{textIn(s, i, end, carrier{})}
	}
	return nil
}

// carrierBefore returns the carrier of the value after two words: --name, or name and an equals
// sign.
func carrierBefore(words [2][]byte) (c carrier, ok bool) {
	switch last := words[1]; {
	case isOption(last):
		return carrier{name: string(bytes.TrimLeft(last, "-")), where: string(last)}, true
	case string(last) == "=":
		return carrier{name: string(words[0]), where: string(words[0])}, true
	}
	return carrier{}, false
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
