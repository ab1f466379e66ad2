// Package markup writes HTML and XML. Text from outside is escaped here and nowhere else.
package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Builder builds XML or HTML. Text from outside goes through Text, which escapes it.
type Builder struct{ strings.Builder }

// Raw appends trusted markup.
func (m *Builder) Raw(pieces ...string) *Builder {
	for _, p := range pieces {
		m.WriteString(p)
	}
	return m
}

// Text appends escaped text, for content and for attributes in double quotes.
func (m *Builder) Text(s string) *Builder {
	escapes.WriteString(m, visible(s))
	return m
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "`", "&#96;")

// visible replaces bytes that are not UTF-8 and hidden characters by U+FFFD.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if Hidden(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Hidden reports whether r is forbidden in XML (1.0 §2.2) or acts invisibly on a screen.
func Hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == 0xfffe || r == 0xffff
}

// Element appends an element with text. attributes must be trusted.
func (m *Builder) Element(name, attributes, text string) *Builder {
	m.Raw("<", name)
	if attributes != "" {
		m.Raw(" ", attributes)
	}
	return m.Raw(">").Text(text).Raw("</", name, ">")
}

// Attribute returns an attribute with an escaped value.
func Attribute(name, value string) string {
	var m Builder
	return m.Raw(" ", name, `="`).Text(value).Raw(`"`).String()
}
