package flow

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"jwt/internal/jsonobject"
	"jwt/internal/verdict"
)

// compare judges two answers for each of two users, and names the place that decided.
func compare(known, unknown [2]map[string]string) (worst verdict.Status, where string) {
	worst = verdict.Pass
	places := maps.Clone(known[0])
	maps.Copy(places, unknown[0])
	for _, place := range slices.Sorted(maps.Keys(places)) {
		a, b, c, d := known[0][place], known[1][place], unknown[0][place], unknown[1][place]
		status := alike(words(a), words(b), words(c), words(d))
		if a == b && c == d && a != c {
			status = verdict.Fail
		}
		if !worse(status, worst) {
			continue
		}
		worst, where = status, ""
		if place != "" {
			where = " at " + place
		}
	}
	return worst, where
}

// alike compares two texts for one user, a and b, with two for another, c and d, word
// by word: what is always the same for each must be the same for both, and what varies
// must vary for both.
func alike(a, b, c, d []string) verdict.Status {
	switch {
	case len(a) == len(b) && len(c) == len(d) && len(a) != len(c):
		return verdict.Fail
	case len(a) != len(b) || len(c) != len(d):
		return verdict.Skip
	}
	worst := verdict.Pass
	for i := range a {
		switch known, unknown := a[i] == b[i], c[i] == d[i]; {
		case known && unknown && a[i] != c[i]:
			return verdict.Fail
		case known != unknown:
			worst = verdict.Skip
		}
	}
	return worst
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// leaves returns the values in the JSON of an answer by their places, or the whole body
// if it is not a JSON object, with the user name masked.
func leaves(body []byte, user string) map[string]string {
	all := map[string]string{}
	text := bytes.TrimSpace(body)
	if v, err := jsonobject.ParseValue(text); err == nil && v.Kind() == '{' {
		addLeaves(all, "", v)
	} else {
		all[""] = string(text)
	}
	for place, value := range all {
		all[place] = withoutName(value, user)
	}
	return all
}

// withoutName replaces a name that occurs as a whole word.
func withoutName(text, name string) string {
	part := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var b strings.Builder
	for rest := text; ; {
		at := strings.Index(rest, name)
		if at < 0 || name == "" {
			return b.String() + rest
		}
		before, _ := utf8.DecodeLastRuneInString(rest[:at])
		after, _ := utf8.DecodeRuneInString(rest[at+len(name):])
		b.WriteString(rest[:at])
		if part(before) || part(after) {
			b.WriteString(name)
		} else {
			b.WriteString("NAME")
		}
		rest = rest[at+len(name):]
	}
}

func addLeaves(all map[string]string, place string, v jsonobject.Value) {
	switch v.Kind() {
	case '[':
		all[place+"/"] = "an array" // also where it is empty
		elements, _ := v.Elements()
		for i, e := range elements {
			addLeaves(all, place+"/"+strconv.Itoa(i), e)
		}
	case '{':
		all[place+"/"] = "an object"
		o, _ := v.Object()
		for _, m := range o.Members() {
			addLeaves(all, place+"/"+m.Name, m.Value)
		}
	case '"':
		all[place], _ = v.Text()
	default:
		all[place] = string(v)
	}
}
