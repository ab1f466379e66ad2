package scan

import "bytes"

const maxBefore = 2 * maxName // bytes before a token that may name it

// nameAround returns the name of the value that begins at byte at of a text. Most tokens have the
// name of the one before.
func (s *Searcher) nameAround(text []byte, at int) string {
	if name := nameAround(text, at); string(name) != s.name {
		s.name = string(name)
	}
	return s.name
}

// nameAround returns the name of the value that begins at byte at of a text, from its line
// alone.
func nameAround(text []byte, at int) []byte {
	lines := text[max(0, at-maxBefore):at]
	before := lastLine(lines)
	if bytes.IndexByte(before, '\\') >= 0 { // JSON in JSON
		before = bytes.ReplaceAll(before, []byte{'\\'}, nil)
	}
	value := trimBlanks(before)
	word := len(value)
	for word > 0 && !beginsValue(value[word-1]) {
		word--
	}
	if isScheme(value[word:]) || equalFold(value[word:], "Basic") {
		value = trimBlanks(value[:word])
	}
	for len(value) > 0 && isQuote(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	name := nameOf(value)
	if string(name) == "value" {
		if beside := nameBeside(lines); len(beside) > 0 {
			return beside
		}
	}
	return name
}

// lastLine returns what follows the last line feed of a short text.
func lastLine(text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\n') // faster than from the end
		if i < 0 {
			return text
		}
		text = text[i+1:]
	}
}

// beginsValue reports whether a value may begin after c.
func beginsValue(c byte) bool { return isSpace(c) || isQuote(c) || c == ':' || c == '=' }

// nameBeside returns the name in {"name": "X", "value": "…"}, as in a HAR.
func nameBeside(before []byte) []byte {
	i := bytes.LastIndex(before, []byte(`"name"`))
	if i < 0 {
		return nil
	}
	rest := bytes.TrimLeft(before[i+len(`"name"`):], ": ")
	fields := bytes.SplitN(rest, []byte{'"'}, 3)
	if len(fields) < 3 || len(fields[0]) > 0 || !isWord(fields[1]) {
		return nil
	}
	return fields[1]
}
