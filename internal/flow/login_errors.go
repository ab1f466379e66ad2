package flow

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"jwt/internal/verdict"
)

// alike compares two answers for one user, a and b, with two for another, c and d, word
// by word. Words that are constant for each user must be the same for both, and words
// that vary must vary for both. It skips if a word varies for one user only.
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

// bodyWords splits the body of an answer into words and the text between them. It masks
// the name of the user, which servers repeat, if it is a separate word.
func bodyWords(body []byte, user string) []string {
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var words []string
	for rest := strings.TrimSpace(string(body)); rest != ""; {
		first, _ := utf8.DecodeRuneInString(rest)
		end := strings.IndexFunc(rest, func(r rune) bool { return isWord(r) != isWord(first) })
		if after, ok := strings.CutPrefix(rest, user); ok && user != "" {
			if next, _ := utf8.DecodeRuneInString(after); !isWord(next) {
				words, rest = append(words, "NAME"), after
				continue
			}
		}
		if end < 0 {
			end = len(rest)
		}
		words, rest = append(words, rest[:end]), rest[end:]
	}
	return words
}

// sameBody reports whether two bodies are equal except for the names of their users.
func sameBody(a []byte, user string, b []byte, other string) bool {
	return slices.Equal(bodyWords(a, user), bodyWords(b, other))
}
