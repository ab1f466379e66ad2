package cmd

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// manHTML returns the manual as one page: a list of commands, then their pages. It has no script, loads
// nothing, and each section and flag has an anchor.
func manHTML(pages []manPage) []byte {
	var b strings.Builder
	b.WriteString(manHead)
	for i, p := range pages {
		depth, title := strings.Count(p.command, " "), strings.TrimPrefix(p.command, pages[0].command+" ")
		fmt.Fprintf(&b, "<li class=\"l%d\"><a href=\"#%s\">%s</a></li>\n", depth, p.name(), html.EscapeString(title))
		if i > 0 {
			continue
		}
		for _, s := range manOverview() {
			fmt.Fprintf(&b, "<li class=\"l2\"><a href=\"#%s\">%s</a></li>\n", p.anchor(s), s.heading())
		}
	}
	b.WriteString("</ul></nav>\n<main>\n")
	for _, p := range pages {
		htmlPage(&b, p)
	}
	b.WriteString("</main>\n</html>\n")
	return []byte(b.String())
}

func htmlPage(b *strings.Builder, p manPage) {
	fmt.Fprintf(b, "<article id=\"%[1]s\">\n<h2><a href=\"#%[1]s\">%[2]s</a></h2>\n<p>%[3]s</p>\n", p.name(), html.EscapeString(p.command), html.EscapeString(p.short))
	for _, s := range p.sections {
		fmt.Fprintf(b, "<h3 id=\"%[1]s\"><a href=\"#%[1]s\">%[2]s</a></h3>\n", p.anchor(s), s.heading())
		for _, block := range s.blocks {
			htmlBlock(b, p, block)
		}
	}
	b.WriteString("</article>\n")
}

func (p manPage) anchor(s manSection) string {
	return p.name() + "." + manName(strings.ToLower(s.title))
}

// heading returns the title without capitals.
func (s manSection) heading() string { return s.title[:1] + strings.ToLower(s.title[1:]) }

func htmlBlock(b *strings.Builder, p manPage, block any) {
	switch block := block.(type) {
	case manUsage:
		fmt.Fprintf(b, "<pre tabindex=\"0\">%s</pre>\n", html.EscapeString(block.line))
		for _, alias := range block.aliases {
			fmt.Fprintf(b, "<p>The same: <code>%s</code></p>\n", html.EscapeString(alias))
		}
	case manText:
		for _, paragraph := range strings.Split(string(block), "\n\n") {
			htmlParagraph(b, paragraph)
		}
	case manExample:
		fmt.Fprintf(b, "<pre tabindex=\"0\">%s</pre>\n", html.EscapeString(string(block)))
	case manTerms:
		b.WriteString("<dl>\n")
		for _, t := range block {
			fmt.Fprintf(b, "<dt>%s</dt>\n<dd>%s</dd>\n", htmlTerm(p, t), htmlText(t.meaning))
		}
		b.WriteString("</dl>\n")
	case manSee:
		fmt.Fprintf(b, "<p>%s</p>\n", htmlLink(string(block)))
	}
}

// htmlParagraph writes a paragraph. Its lines that are indented are a table.
func htmlParagraph(b *strings.Builder, paragraph string) {
	lines := strings.Split(paragraph, "\n")
	for len(lines) > 0 {
		n, indented := 1, strings.HasPrefix(lines[0], " ")
		for n < len(lines) && strings.HasPrefix(lines[n], " ") == indented {
			n++
		}
		if text := strings.Join(lines[:n], "\n"); indented {
			fmt.Fprintf(b, "<pre tabindex=\"0\">%s</pre>\n", html.EscapeString(text))
		} else {
			fmt.Fprintf(b, "<p>%s</p>\n", htmlText(text))
		}
		lines = lines[n:]
	}
}

func htmlTerm(p manPage, t manTerm) string {
	if t.command {
		return htmlLink(t.term)
	}
	term := "<code>" + html.EscapeString(t.term) + "</code>"
	if t.value != "" {
		term += " <var>" + html.EscapeString(t.value) + "</var>"
	}
	if _, flag, ok := strings.Cut(t.term, "--"); ok {
		id := p.name() + "--" + flag
		return fmt.Sprintf("<a id=\"%[1]s\" href=\"#%[1]s\">%[2]s</a>", id, term)
	}
	return term
}

// htmlText escapes text, and keeps each flag in it on one line.
func htmlText(text string) string {
	return regexp.MustCompile(`--[a-z][a-z0-9-]*`).ReplaceAllString(html.EscapeString(text), "<code>$0</code>")
}

func htmlLink(command string) string {
	return fmt.Sprintf("<a href=\"#%s\">%s</a>", manName(command), html.EscapeString(command))
}

// manHead is everything before the list of commands.
const manHead = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>jwt manual</title>
<style>
:root { --text: #1f2328; --faint: #57606a; --link: #0550ae; --ground: #fff; --box: #f4f6f8; --line: #d8dee4 }
@media (prefers-color-scheme: dark) {
  :root { --text: #d7dae0; --faint: #9aa4af; --link: #79b8ff; --ground: #16181d; --box: #22252c; --line: #3a3f47 }
}
* { box-sizing: border-box }
body { margin: 0; color: var(--text); background: var(--ground); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
header, main, nav { padding: 0 1rem; max-width: 50rem }
a { color: var(--link); text-decoration: none }
a:hover, a:focus { text-decoration: underline }
h2 a, h3 a, dt a[id] { color: inherit }
h2 { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line) }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem }
p { margin: .5rem 0 }
pre, code { font: 14px/1.5 ui-monospace, monospace } p code, dd code { white-space: nowrap }
pre { padding: .5rem .75rem; background: var(--box); border-radius: 6px; overflow-x: auto; overflow-wrap: normal }
dd { margin: 0 0 .5rem 1.5rem }
var { color: var(--faint) }
:target { scroll-margin-top: .5rem }
article:target > h2, h3:target, a:target { background: var(--box) }
nav ul { list-style: none; margin: 0; padding: 0; columns: 9rem }
nav .l2 { padding-left: 1rem } nav .l3 { padding-left: 2rem } nav li { break-inside: avoid }
@media (min-width: 70rem) {
  body { margin-left: 17rem }
  nav { position: fixed; inset: 0 auto 0 0; width: 16rem; padding: 1rem; overflow-y: auto; border-right: 1px solid var(--line) }
  nav ul { columns: auto }
}
</style>
<header><h1>jwt manual</h1></header>
<nav aria-label="Commands"><ul>
`
