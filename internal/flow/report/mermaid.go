package report

import (
	"strconv"
	"strings"

	"jwt/internal/flow"
	"jwt/internal/markup"
	"jwt/internal/verdict"
)

// Mermaid returns the flow as a Mermaid sequence diagram, followed by the broken rules.
func Mermaid(r flow.Report) []byte {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	b.WriteString("    participant C as jwt\n")
	b.WriteString("    participant S as " + MermaidText(r.Server) + "\n")
	for _, s := range r.Steps {
		if s.Method == "" {
			b.WriteString("    Note over C: " + MermaidText(s.Name+" "+strconv.FormatInt(s.Took.Milliseconds(), 10)+" ms "+s.Note) + "\n")
			continue
		}
		b.WriteString("    C->>S: " + MermaidText(s.Method+" "+pathOf(s, r.Server)+" ("+s.Name+")") + "\n")
		arrow := "S-->>C"
		if s.Status == 0 {
			arrow = "S--xC"
		}
		said := outcome(s)
		if s.Note != "" {
			said += ", " + s.Note
		}
		if broken := broke(s); broken != "" {
			said += " " + broken
		}
		b.WriteString("    " + arrow + ": " + MermaidText(said) + "\n")
	}
	for _, x := range r.Results {
		if x.Status == verdict.Fail || x.Status == verdict.Warn {
			b.WriteString("    Note over C,S: " + MermaidText(string(x.Status)+" "+x.ID+" ("+x.Section+"), "+x.Actual) + "\n")
		}
	}
	b.WriteString("    Note over C,S: " + MermaidText("verdict "+string(r.Verdict())) + "\n")
	return []byte(b.String())
}

// pathOf returns the URL of the step relative to the server.
func pathOf(s flow.Step, server string) string {
	if rest, ok := strings.CutPrefix(s.URL, server); ok && rest != "" {
		return rest
	}
	return s.URL
}

// MermaidText escapes characters with a meaning in Mermaid as #CODE;.
func MermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case markup.Hidden(r):
			b.WriteByte(' ')
		case strings.ContainsRune("#;<>{}%\"`&\\|", r):
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}
