// Package phrase formats values in messages: shortened, quoted, counted and listed. All
// packages use it, so that a value always looks the same.
package phrase

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
)

// Limits on the part of a value or list in a message. JSON output has all of it, in the
// members expected and actual.
const (
	Most      = 100 // characters of a value
	MostNames = 5   // names in a list
)

// Short returns s, or its first Most characters and "…".
func Short(s string) string { return ShortTo(s, Most) }

// ShortTo returns s, or its first most characters and "…". It never separates a character
// from its combining marks, and always keeps at least one character.
func ShortTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	most = max(1, most)
	cut, n := 0, 0
	for i, r := range s {
		if !joins(r) {
			if n > 0 && n <= most {
				cut = i
			}
			n++
		}
		if n > most && i > 0 {
			break
		}
	}
	switch {
	case n <= most && utf8.RuneCountInString(s) <= 8*most:
		return s
	case n <= most || cut == 0: // too many combining marks
		cut = byteOf(s, most)
	}
	return s[:cut] + "…"
}

// joins reports whether r combines with the character before it.
func joins(r rune) bool {
	const zeroWidthJoiner = '\u200d'
	return r == zeroWidthJoiner || unicode.In(r, unicode.Mn, unicode.Me)
}

// byteOf returns the offset of the nth character.
func byteOf(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// Quote returns the shortened value as a JSON string.
func Quote(s string) string { return string(jsonobject.Quote(Short(s))) }

// ShellWord returns the whole value as one word of a POSIX shell.
func ShellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// JSON returns a JSON value on one line, shortened. A shortened string is still a string.
func JSON(v jsonobject.Value) string {
	const worthCompacting = 4096
	if s, ok := v.Text(); ok {
		return Quote(s)
	}
	if len(v) <= worthCompacting {
		text := jsontext.Value(slices.Clone(v))
		if text.Compact() == nil {
			return Short(string(text))
		}
	}
	return Short(string(v))
}

// Count returns "1 byte" or "2 bytes".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// List returns "a, b, c", or the first names of a long list: "a, b, c, d, e and 7 more".
func List(names []string) string { return list(names, 0, Short) }

// ListMore is List for a list with more names that were only counted.
func ListMore(names []string, more int) string { return list(names, more, Short) }

// QuotedList is List with quoted names.
func QuotedList(names []string) string { return list(names, 0, Quote) }

func list(names []string, more int, show func(string) string) string {
	shown := make([]string, 0, MostNames)
	for _, n := range names[:min(MostNames, len(names))] {
		shown = append(shown, show(n))
	}
	s := strings.Join(shown, ", ")
	if more += len(names) - len(shown); more > 0 {
		s += " and " + strconv.Itoa(more) + " more"
	}
	return s
}

// Or returns the quoted alternatives: `"a"`, or `"a" or "b"`.
func Or(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Quote(n)
	}
	return strings.Join(quoted, " or ")
}
