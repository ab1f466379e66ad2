package authclient

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secrets are texts that were sent to a server and must not be shown: an error may quote
// an answer that repeats them.
type Secrets []string

// Add adds passwords and tokens, in every encoding that an answer may repeat them in. The
// signature of a signed token is added too: without it the rest is worthless.
func (s *Secrets) Add(texts ...string) {
	for _, text := range texts {
		if strings.Count(text, ".") >= 2 {
			s.spell(text[strings.LastIndexByte(text, '.')+1:])
		}
		s.spell(text)
	}
	slices.SortFunc(*s, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may stand in another
}

func (s *Secrets) spell(text string) {
	quoted, _ := json.Marshal(text) // a string: it cannot fail
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

// Hide replaces the secrets in a text that may quote the server.
func (s Secrets) Hide(text string) string {
	for _, secret := range s {
		text = hide(text, secret)
	}
	return text
}

// hide replaces a secret by stars. A very short one is replaced only as a whole word:
// otherwise no sentence would stay readable.
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

type secretsKey struct{}

// SecretsOf returns the secrets of a request: the credentials in its header, and those that
// a Client put into its body.
func SecretsOf(req *http.Request) Secrets {
	const leastCookie = 16 // a shorter one is a setting, and occurs in any sentence
	var s Secrets
	if sent, ok := req.Context().Value(secretsKey{}).(Secrets); ok {
		s = slices.Clone(sent)
	}
	if _, credential, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		s.Add(credential)
	}
	for _, c := range req.Cookies() {
		if len(c.Value) >= leastCookie {
			s.Add(c.Value)
		}
	}
	return s
}

// IsExchange reports whether a Client makes the request: the answer may have new tokens.
func IsExchange(req *http.Request) bool { return req.Context().Value(secretsKey{}) != nil }

// sending returns a context that SecretsOf reads, for the request that sends these values.
func sending(ctx context.Context, values map[string]string) (context.Context, Secrets) {
	var s Secrets
	for _, name := range []string{"$password", "$access_token", "$refresh_token"} {
		s.Add(values[name])
	}
	return context.WithValue(ctx, secretsKey{}, s), s
}
