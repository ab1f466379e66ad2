package render

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"

	"jwt/internal/markup"
	"jwt/internal/phrase"
)

// PageStyle is the style of inspections, reports and differences on a page.
//
//go:embed page.css
var PageStyle string

// SourceHash returns the source of a Content-Security-Policy that allows one style or script.
func SourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Page returns the inspection as one page that loads nothing, with neither script nor link. Its
// Content-Security-Policy allows only its own style.
func (a Inspection) Page() []byte {
	policy := "default-src 'none'; style-src " + SourceHash(PageStyle) + "; base-uri 'none'; form-action 'none'"
	var m markup.Builder
	m.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		`<meta http-equiv="Content-Security-Policy" content="`+policy+"\">\n",
		"<meta name=\"referrer\" content=\"no-referrer\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<title>"+a.title()+"</title>\n<style>", PageStyle, "</style>\n</head>\n<body>\n<main class=\"alone\">\n")
	for _, n := range a.Nodes(1) {
		m.Node(n).Raw("\n")
	}
	note := "Nothing here is verified. Times are relative to " + a.Show(a.Now) + "."
	if a.Mask {
		note += " Signatures are replaced by fingerprints, so this page is not a credential."
	}
	m.Node(el("footer", "", plain(note))).Raw("\n</main>\n</body>\n</html>\n")
	return []byte(m.String())
}

// el returns an element of a class.
func el(name, class string, content ...markup.Node) markup.Node {
	return markup.Element(name, class, content...)
}

// plain returns a text, with characters that hide or reorder text shown as \uXXXX.
func plain(text string) markup.Node { return markup.Text(Escape(text)) }

// words returns an element with a text.
func words(name, class, text string) markup.Node { return el(name, class, plain(text)) }

// heading returns a heading of a level from 1 to 6, with an optional remark.
func heading(level int, title, about string) markup.Node {
	h := words("h"+string('0'+byte(min(level, 6))), "", title)
	if about != "" {
		h.Content = append(h.Content, plain(" "), words("small", "", about))
	}
	return h
}

// section returns a part of a page.
func section(level int, title, about string, content ...markup.Node) markup.Node {
	return el("section", "part", append([]markup.Node{heading(level, title, about)}, content...)...)
}

// row returns a name and what belongs to it in a list of descriptions.
func row(class string, name markup.Node, values ...markup.Node) markup.Node {
	content := []markup.Node{el("dt", "", name)}
	for _, v := range values {
		content = append(content, el("dd", "", v))
	}
	return el("div", class, content...)
}

// class returns the class of a style.
func (s Style) class() string {
	switch s {
	case Good:
		return "good"
	case Bad:
		return "bad"
	case Caution:
		return "caution"
	case Dim:
		return "dim"
	default:
		return ""
	}
}

// shortened returns a text for a page, of at most the given number of characters unless that is 0.
func shortened(text string, most int) []markup.Node {
	end := len(text)
	if most > 0 {
		end = byteAt(text, most)
	}
	if end == len(text) {
		return []markup.Node{plain(text)}
	}
	return []markup.Node{plain(text[:end]), words("small", "", " … and "+phrase.Count(len(text)-end, "more byte"))}
}
