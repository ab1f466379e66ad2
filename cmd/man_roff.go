package cmd

import (
	"fmt"
	"strings"
)

// roff returns the page in man(7) macros.
func (p manPage) roff() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"jwt\" \"jwt manual\"\n", strings.ToUpper(p.name()))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(p.name()), roff(p.short))
	for _, s := range p.sections {
		if s.title == "TOKENS" {
			b.WriteString(".nh\n") // from here on, a class word is not hyphenated
		}
		b.WriteString(".SH " + s.title + "\n")
		for _, block := range s.blocks {
			roffBlock(&b, block)
		}
	}
	return []byte(b.String())
}

func roffBlock(b *strings.Builder, block any) {
	switch block := block.(type) {
	case manUsage:
		fmt.Fprintf(b, ".B %s\n", roff(block.line))
		for _, alias := range block.aliases {
			fmt.Fprintf(b, ".br\n.B %s\n(the same)\n", roff(alias))
		}
	case manText:
		b.WriteString(strings.ReplaceAll(roff(string(block)), "\n\n", "\n.PP\n") + "\n")
	case manExample:
		b.WriteString(".EX\n" + roff(string(block)) + "\n.EE\n")
	case manTerms:
		for _, t := range block {
			b.WriteString(".TP\n" + roffTerm(t) + "\n" + roff(t.meaning) + "\n")
		}
	case manSee:
		b.WriteString(roffPage(string(block)) + "\n")
	}
}

func roffTerm(t manTerm) string {
	switch {
	case t.command:
		return roffPage(t.term)
	case t.value != "":
		return ".B " + roff(t.term) + ` \fI` + roff(t.value) + `\fR`
	default:
		return ".B " + roff(t.term)
	}
}

// roffPage names the page of a command.
func roffPage(command string) string { return ".BR " + roff(manName(command)) + " (1)" }

// roff escapes text for man(7): backslashes, dashes, and a dot or quote that begins a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
