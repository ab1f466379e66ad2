package profile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"jwt/internal/jsonobject"
)

// shownBytes is how much of a value a sentence quotes; Check.Actual has it whole.
const shownBytes = 200

// cut shortens s to what fits a sentence.
func cut(s string) string {
	if len(s) <= shownBytes {
		return s
	}
	n := shownBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// show returns a value as a sentence quotes it: on one line and not too long.
func show(v jsonobject.Value) string {
	const worthTidying = 4096
	text := jsontext.Value(v)
	if len(v) <= worthTidying {
		text = slices.Clone(text)
		if text.Compact() != nil {
			text = jsontext.Value(v)
		}
	}
	return cut(string(text))
}

// enumerated names a few of what may be many.
func enumerated(names []string) string {
	const shown = 5
	some := make([]string, 0, shown)
	for _, n := range names[:min(shown, len(names))] {
		some = append(some, cut(n))
	}
	s := strings.Join(some, ", ")
	if len(names) > shown {
		s += ", …"
	}
	return s
}

// alternatives quotes what is wanted: "a", or "a" or "b".
func alternatives(want []string) string {
	quoted := make([]string, len(want))
	for i, w := range want {
		quoted[i] = string(quote(w))
	}
	return strings.Join(quoted, " or ")
}

// oneOrAll returns a list of one as that one.
func oneOrAll(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func quote(s string) jsonobject.Value { return jsonobject.Quote(cut(s)) }
