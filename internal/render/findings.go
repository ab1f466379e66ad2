package render

import (
	"slices"
	"strconv"
	"strings"

	"jwt/internal/bcp"
	"jwt/internal/inspect"
)

const findingColumn = 12 // where the text of a finding begins, after its severity

// findingsText lists the findings, the most severe first, with advice on each.
func (a Inspection) findingsText(t *Text) {
	findings := a.Token.Findings
	switch {
	case len(findings) == 0 && a.Token.IsSealed():
		a.section(t, "Findings", "none in what can be seen of it")
		return
	case len(findings) == 0:
		a.section(t, "Findings", "none; it may be forged anyway")
		return
	}
	a.section(t, "Findings", tally(findings))
	width := min(a.Width, readable)
	for _, f := range findings {
		word, title := f.Severity.String(), fold(f.Title, max(width-findingColumn, 16))
		t.Put("  ").Styled(severityStyle(f.Severity), word).Pad(2+Columns(word), findingColumn)
		for _, line := range title[:len(title)-1] {
			t.Put(line).Line().Pad(0, findingColumn)
		}
		last := title[len(title)-1]
		t.Put(last).Pad(findingColumn+Columns(last), width-Columns(f.Rule))
		if findingColumn+Columns(last)+Columns(f.Rule)+2 > width {
			t.Line().Pad(0, width-Columns(f.Rule))
		}
		t.Styled(Dim, f.Rule).Line()
		if f.Detail != "" {
			a.hanging(t, findingColumn, Plain, a.masked(f.Detail))
		}
		for _, line := range foldWith(f.Advice, " ", "("+f.Section+")", max(width-findingColumn, 16)) {
			t.Pad(0, findingColumn).Styled(Dim, line).Line()
		}
	}
}

func severityStyle(s bcp.Severity) Style {
	switch {
	case s >= bcp.High:
		return Bad
	case s == bcp.Medium:
		return Caution
	default:
		return Bold
	}
}

// tally counts findings by severity: "1 high, 2 low".
func tally(findings []bcp.Finding) string {
	var words []string
	for _, s := range slices.Backward(bcp.Severities()) {
		n := 0
		for _, f := range findings {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			words = append(words, strconv.Itoa(n)+" "+s.String())
		}
	}
	return strings.Join(words, ", ")
}

// stateInWords returns the validity of a certificate in words.
func stateInWords(s inspect.State) (string, Style) {
	switch s {
	case inspect.Expired:
		return "expired", Bad
	case inspect.NotYetValid:
		return "not yet valid", Bad
	default:
		return "valid now", Dim
	}
}
