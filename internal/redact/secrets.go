package redact

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secrets holds texts that were sent to a server and must not be shown. An error may
// quote an answer that repeats them.
type Secrets []string

// Add adds passwords and tokens in every encoding in which an answer may repeat them. It
// also adds the signature of a signed token, because the rest is useless without it.
func (s *Secrets) Add(texts ...string) {
	for _, text := range texts {
		if strings.Count(text, ".") >= 2 {
			s.spell(text[strings.LastIndexByte(text, '.')+1:])
		}
		s.spell(text)
	}
	slices.SortFunc(*s, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // the longest first, because one may contain another
}

// AddLong adds the values of at least this many bytes.
func (s *Secrets) AddLong(least int, values ...string) {
	for _, v := range values {
		if len(v) >= least {
			s.Add(v)
		}
	}
}

// spell adds a text in every encoding.
func (s *Secrets) spell(text string) {
	quoted, _ := json.Marshal(text) // a string: cannot fail
	spellings := []string{text, url.QueryEscape(text), url.PathEscape(text), strings.Trim(string(quoted), `"`)}
	for _, spelled := range append(spellings, asHTML(text)...) {
		if spelled != "" && !slices.Contains(*s, spelled) {
			*s = append(*s, spelled)
		}
	}
}

// asHTML returns the ways to escape a text in HTML, which differ in the quotes.
func asHTML(text string) (spellings []string) {
	if !strings.ContainsAny(text, `&<>"'`) {
		return nil
	}
	for _, quotes := range [][2]string{{`"`, "'"}, {"&quot;", "'"}, {"&quot;", "&#39;"}, {"&quot;", "&#039;"}, {"&quot;", "&#x27;"}, {"&quot;", "&apos;"}, {"&#34;", "&#39;"}} {
		spellings = append(spellings, strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, quotes[0], "'", quotes[1]).Replace(text))
	}
	return spellings
}

// leastInOurs is the minimum length of a secret that is hidden in a message of this program. A
// shorter one may be a common word, and the reader could guess it from the rest of the sentence.
const leastInOurs = 16

// HideInOurs replaces the long secrets in a text that the program wrote, and into which
// the user may have put a token.
func (s Secrets) HideInOurs(text string) string {
	for _, secret := range s {
		if len(secret) >= leastInOurs {
			text = hide(text, secret)
		}
	}
	return text
}

// Hide replaces the secrets in a text that may quote the server.
func (s Secrets) Hide(text string) string {
	for _, secret := range s {
		text = hide(text, secret)
	}
	return text
}

// hide replaces a secret with stars. A very short one is replaced only as a separate
// word, because the text would be unreadable otherwise.
func hide(text, secret string) string {
	const short = 4
	var b strings.Builder
	for {
		i := strings.Index(text, secret)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		after := i + len(secret)
		if len(secret) >= short || !touches(text[:i], text[after:]) {
			b.WriteString(text[:i] + "***")
		} else {
			b.WriteString(text[:after])
		}
		text = text[after:]
	}
}

// touches reports whether a letter or digit is next to the secret.
func touches(before, after string) bool {
	b, _ := utf8.DecodeLastRuneInString(before)
	a, _ := utf8.DecodeRuneInString(after)
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return inWord(b) || inWord(a)
}
