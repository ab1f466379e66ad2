package scan

import (
	"bytes"
	"cmp"
)

const maxBefore = 2 * maxName // bytes before a token that may name it

// nameAround returns the name of the value that begins at byte at of a text, from its line
// alone.
func nameAround(text []byte, at int) string {
	lines := text[max(0, at-maxBefore):at]
	before := lines[bytes.LastIndexByte(lines, '\n')+1:]
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
	name := nameOf(bytes.TrimRight(value, "\"'`"))
	if name == "value" {
		return cmp.Or(nameBeside(lines), name)
	}
	return name
}

// beginsValue reports whether a value may begin after c.
func beginsValue(c byte) bool { return isSpace(c) || isQuote(c) || c == ':' || c == '=' }

// nameBeside returns the name in {"name": "X", "value": "…"}, as in a HAR.
func nameBeside(before []byte) string {
	i := bytes.LastIndex(before, []byte(`"name"`))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(before[i+len(`"name"`):], ": ")
	fields := bytes.SplitN(rest, []byte{'"'}, 3)
	if len(fields) < 3 || len(fields[0]) > 0 || !isWord(fields[1]) {
		return ""
	}
	return string(fields[1])
}
