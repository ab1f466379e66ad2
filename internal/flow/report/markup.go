package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A markup builds XML or HTML. Text from outside goes through text, which escapes it.
type markup struct{ strings.Builder }

// raw appends trusted markup.
func (m *markup) raw(pieces ...string) *markup {
	for _, p := range pieces {
		m.WriteString(p)
	}
	return m
}

// text appends escaped text, for content and for attributes in double quotes.
func (m *markup) text(s string) *markup {
	for i, r := range s {
		switch {
		case r == '&':
			m.WriteString("&amp;")
		case r == '<':
			m.WriteString("&lt;")
		case r == '>':
			m.WriteString("&gt;")
		case r == '"':
			m.WriteString("&#34;")
		case r == '\'':
			m.WriteString("&#39;")
		case r == '`':
			m.WriteString("&#96;")
		case r == utf8.RuneError, hidden(r):
			_, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r != utf8.RuneError {
				m.WriteString("\uFFFD")
			} else {
				m.WriteRune(r)
			}
		default:
			m.WriteRune(r)
		}
	}
	return m
}

// hidden reports whether r is forbidden in XML (1.0 §2.2) or acts invisibly on a screen.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == 0xfffe || r == 0xffff
}

// element appends an element with text. attributes must be trusted.
func (m *markup) element(name, attributes, text string) *markup {
	m.raw("<", name)
	if attributes != "" {
		m.raw(" ", attributes)
	}
	return m.raw(">").text(text).raw("</", name, ">")
}

// attribute returns an attribute with an escaped value.
func attribute(name, value string) string {
	var m markup
	return m.raw(" ", name, `="`).text(value).raw(`"`).String()
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
