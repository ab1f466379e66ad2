package jwt

import (
	"slices"
	"strconv"
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

func quote(s string) jsonobject.Value { return jsonobject.Quote(cut(s)) }

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

// counted is "1 claim" or "2 claims".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
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

// MediaType returns a "typ" or "cty" as it is compared: in lower case, without
// the "application/" that RFC 7515 §4.1.9 lets a sender leave out.
func MediaType(s string) string {
	s = lowerASCII(s)
	if short, ok := strings.CutPrefix(s, "application/"); ok && !strings.Contains(short, "/") {
		return short
	}
	return s
}

// lowerASCII folds A to Z alone: the Kelvin sign is no k.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// nearMiss says how got differs from want when it is a matter of spelling.
func nearMiss(got, want string) string {
	switch {
	case got == want:
		return ""
	case strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/"):
		return "; only a slash at the end differs"
	case strings.TrimSpace(got) == strings.TrimSpace(want):
		return "; only white space around it differs"
	case lowerASCII(got) == lowerASCII(want):
		return "; only upper and lower case differ"
	}
	return ""
}
