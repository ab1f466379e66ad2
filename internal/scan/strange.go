package scan

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	wrongStop  = "this is not the ASCII full stop that joins the parts of a token"
	wrongQuote = "remove the typographic quotes"
	wrongDash  = "this is not the hyphen that a token may have: copy it again from where it was issued"
	invisible  = "this character is invisible: copy the token again from where it was issued"
)

// strange lists characters that are not in a token wherever they are: their name, and the hint.
var strange = []struct {
	r          rune
	name, hint string
}{
	{'\u00a0', "no-break space", invisible},
	{'\u00ad', "soft hyphen", invisible},
	{'\u200b', "zero width space", invisible},
	{'\u200c', "zero width non-joiner", invisible},
	{'\u200d', "zero width joiner", invisible},
	{'\u200e', "left-to-right mark", invisible},
	{'\u200f', "right-to-left mark", invisible},
	{'\u2060', "word joiner", invisible},
	{'\ufeff', "zero width no-break space", invisible},
	{'\u2018', "typographic quote", wrongQuote},
	{'\u2019', "typographic quote", wrongQuote},
	{'\u201c', "typographic quote", wrongQuote},
	{'\u201d', "typographic quote", wrongQuote},
	{'\u201e', "typographic quote", wrongQuote},
	{'\u00ab', "typographic quote", wrongQuote},
	{'\u00bb', "typographic quote", wrongQuote},
	{'\u2010', "hyphen", wrongDash},
	{'\u2011', "non-breaking hyphen", wrongDash},
	{'\u2012', "figure dash", wrongDash},
	{'\u2013', "en dash", wrongDash},
	{'\u2014', "em dash", wrongDash},
	{'\u2212', "minus sign", wrongDash},
	{'\u2024', "one dot leader", wrongStop},
	{'\uff0e', "fullwidth full stop", wrongStop},
	{'\u3002', "", wrongStop},
	{'\uff61', "", wrongStop},
	{'\u2026', "ellipsis", "the ellipsis replaces a part of the token: copy the token whole"},
	{0x1b, "", "the token contains colour sequences: print it without colour (--color=never)"},
	{0, "", "if the text is UTF-16, save it as UTF-8"},
}

// nameOfRune returns ", NAME" for a character that is invisible or looks like another, or "".
func nameOfRune(r rune) string {
	for _, c := range strange {
		if c.r == r && c.name != "" {
			return ", " + c.name
		}
	}
	return ""
}

// hintFor returns a hint about the cause of the character at end, which ends what could be a
// token from start on, or "".
func hintFor(b []byte, start, end int) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return "this is compressed with gzip: gunzip -c FILE | jwt …"
	case looksLikeFile(b):
		return fmt.Sprintf("to read a file, write @%s", b)
	case start < end && b[end] == '=' && encodedAgain(b[start:]):
		return onceMore
	case isQuote(b[end]):
		return "quotes come in pairs, around the whole token"
	}
	r, _ := utf8.DecodeRune(b[end:])
	for _, c := range strange {
		if c.r == r {
			return c.hint
		}
	}
	if end > start {
		if hint := hintInside(b, start, end); hint != "" {
			return hint
		}
	}
	switch {
	case end == 0:
		return recognise(b)
	case end >= start && isPlaceholder(b[start:]):
		return placeholderMessage
	case strings.ContainsRune(",;)]}>\\", r) && end == len(b)-1 && end > start:
		return "it does not belong to the token: leave it out"
	}
	return ""
}

// hintInside returns the hint for a character after the beginning of a token, or "".
func hintInside(b []byte, start, end int) string {
	before, after := b[start:end], b[end:]
	switch after[0] {
	case '%':
		return "it is percent-encoded: decode it first (%2E is a dot)"
	case '+', '/':
		return "this is the standard Base64 alphabet, a token has - and _ (RFC 7515 §2)"
	case '=':
		if isOfLoadBalancer(before) {
			return "AWS load balancers pad the tokens that they sign (x-amzn-oidc-data), which RFC 7515 §2 forbids: jwt decode shows it"
		}
		if rest := bytes.TrimLeft(after, "="); len(rest) > 0 && inToken(rest[0]) && rest[0] != '.' {
			return "" // NAME=VALUE
		}
		return "a token has no padding (RFC 7515 §2)"
	case '*':
		if bytes.HasPrefix(after, []byte("**")) {
			return "asterisks replace a part of the token: copy the token whole, from where it is not masked"
		}
	case '[':
		if bytes.HasPrefix(after, []byte("[...")) || bytes.HasPrefix(after, []byte("[…")) {
			return "the brackets replace a part of the token: copy the token whole"
		}
	case '\\':
		if bytes.HasPrefix(after, []byte(`\n`)) || bytes.HasPrefix(after, []byte(`\r`)) {
			return `it is the escape of a line break: printf %b "$TEXT" | jwt decode reads what the escapes stand for`
		}
	case '\n':
		return `if the token is wrapped, join the lines first (tr -d '\n')`
	case ' ', '\t':
		return cmp.Or(otherScheme(before), "a token contains no white space: pass only the token")
	}
	return ""
}

// isOfLoadBalancer reports whether the header of a token names a load balancer of AWS.
func isOfLoadBalancer(b []byte) bool {
	return bytes.Contains(decodeHeader(b), []byte(":elasticloadbalancing:"))
}
