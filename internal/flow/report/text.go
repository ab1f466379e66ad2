// Package report writes the report of a flow: text and JSON, JUnit, Mermaid, and one HTML
// page with a sequence diagram and a token timeline in SVG.
package report

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"jwt/internal/flow"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

// JSON returns the report for stdout. Names and rule IDs are stable.
func JSON(r flow.Report) render.Object {
	rules := make([]render.Object, 0, len(r.Results))
	for _, x := range r.Results {
		o := render.Object{
			{Name: "id", Value: x.ID},
			{Name: "level", Value: string(x.Level)},
			{Name: "status", Value: string(x.Status)},
			{Name: "section", Value: x.Section},
			{Name: "title", Value: x.Title},
			{Name: "expected", Value: x.Expected},
			{Name: "actual", Value: x.Actual},
		}
		if x.Untried {
			o.Add("untried", true)
		}
		if x.Step > 0 {
			o.Add("step", x.Step)
		}
		rules = append(rules, o)
	}
	steps := make([]render.Object, 0, len(r.Steps))
	for _, s := range r.Steps {
		o := render.Object{
			{Name: "n", Value: s.N},
			{Name: "name", Value: s.Name},
			{Name: "method", Value: s.Method},
			{Name: "url", Value: s.URL},
			{Name: "status", Value: s.Status},
			{Name: "ms", Value: s.Took.Milliseconds()},
			{Name: "note", Value: s.Note},
		}
		if len(s.Breaks) > 0 {
			o.Add("breaks", s.Breaks)
		}
		steps = append(steps, o)
	}
	tokens := make([]render.Object, 0, len(r.Tokens))
	for _, t := range r.Tokens {
		o := render.Object{{Name: "name", Value: t.Name}, {Name: "kind", Value: t.Kind}, {Name: "token", Value: t.Shown}, {Name: "issued_ms", Value: t.Issued.Milliseconds()}}
		if t.Expires >= 0 {
			o.Add("expires_ms", t.Expires.Milliseconds())
		}
		if t.Ended >= 0 {
			o.Add("ended_ms", t.Ended.Milliseconds())
			o.Add("ended_by", t.End)
		}
		tokens = append(tokens, o)
	}
	o := render.Object{
		{Name: "server", Value: r.Server},
		{Name: "preset", Value: r.Preset},
		{Name: "verdict", Value: string(r.Verdict())},
		{Name: "rules", Value: rules},
		{Name: "steps", Value: steps},
		{Name: "tokens", Value: tokens},
		{Name: "ms", Value: r.Took.Milliseconds()},
	}
	if r.Err != nil {
		said := render.Object{{Name: "class", Value: string(verdict.ClassOf(r.Err))}, {Name: "message", Value: r.Err.Error()}}
		if e := (*verdict.Error)(nil); errors.As(r.Err, &e) && e.Hint != "" {
			said.Add("hint", e.Hint)
		}
		o.Add("error", said)
	}
	return o
}

// Head appends the server and the preset, before the first step.
func Head(t *render.Text, r flow.Report) {
	t.Styled(render.Bold, r.Server).Put(", preset ", r.Preset).Line()
}

// Columns of a step: its number, method and path, status, milliseconds; the description
// starts at the last.
const (
	stepNumber = 4
	stepPath   = 15
	stepMS     = 6
	stepFrom   = stepNumber + 1 + stepPath + 1 + 3 + 1 + stepMS + 5
)

// StepText appends one step. The path is shortened to its column, unless whole is set.
func StepText(t *render.Text, s flow.Step, server string, whole bool) {
	n := strconv.Itoa(s.N)
	t.Pad(len(n), stepNumber).Styled(render.Dim, n).Put(" ")
	style, status := render.Good, strconv.Itoa(s.Status)
	switch {
	case s.Method == "":
		style, status = render.Dim, ""
	case s.Status == 0:
		style, status = render.Bad, "---"
	case s.Status >= 500:
		style = render.Bad
	case s.Status >= 400:
		style = render.Caution
	}
	path := render.Escape(strings.TrimSpace(s.Method + " " + strings.TrimPrefix(s.URL, server)))
	if !whole {
		path = render.Middle(path, stepPath)
	}
	ms := strconv.FormatInt(s.Took.Milliseconds(), 10)
	t.Put(path).Pad(render.Columns(path), stepPath).Put(" ").Styled(style, status).Pad(len(status), 3)
	t.Put(" ").Pad(len(ms), stepMS).Styled(render.Dim, ms+" ms").Put("  ")
	told := s.Name
	if s.Note != "" {
		told += ": " + s.Note
	}
	t.Words(stepFrom, told).Line()
}

// flowRule is the width of the longest rule ID.
const flowRule = len("refresh-after-logout-refused")

// VerdictText appends the rules and the verdict.
func VerdictText(t *render.Text, r flow.Report) {
	t.Line()
	const from = 4 + flowRule + 1
	for _, x := range oneForAll(r) {
		mark, style := "✓", render.Good
		switch x.Status {
		case verdict.Fail:
			mark, style = "✗", render.Bad
		case verdict.Warn:
			mark, style = "!", render.Caution
		case verdict.Skip:
			mark, style = "-", render.Dim
		}
		t.Put("  ").Styled(style, mark).Put(" ", x.ID).Pad(len(x.ID), flowRule).Put(" ").Words(from, skipped(x)).Line()
		if x.Status == verdict.Fail || x.Status == verdict.Warn {
			t.Pad(0, from).Words(from, x.Title+"; want: "+x.Expected).Line()
			t.Pad(0, from).Styled(render.Dim, string(x.Level)+", "+x.Section+atStep(x)).Line()
		}
	}
	t.Line()
	var counts []string
	for _, c := range []struct {
		status verdict.Status
		word   string
	}{{verdict.Pass, "kept"}, {verdict.Fail, "broken"}, {verdict.Warn, "to look at"}, {verdict.Skip, "not tested"}} {
		if n := r.Count(c.status); n > 0 {
			counts = append(counts, strconv.Itoa(n)+" "+c.word)
		}
	}
	switch r.Verdict() {
	case flow.Failed:
		t.Styled(render.Bad, "✗ fail")
	case flow.Incomplete:
		t.Styled(render.Caution, "? incomplete")
	default:
		style, mark := render.Good, "✓"
		if r.Count(verdict.Fail) > 0 { // a rule that is not required
			style, mark = render.Caution, "!"
		}
		t.Styled(style, mark+" pass")
	}
	if r.NoneTried() {
		t.Put(": no rule was tried")
	}
	t.Put(": ", strings.Join(counts, ", "), ", in ", strconv.FormatFloat(r.Took.Round(100*time.Millisecond).Seconds(), 'f', 1, 64), " s").Line()
}

// oneForAll returns the results, with one in place of all that were not tried because the
// flow ended.
func oneForAll(r flow.Report) []flow.Result {
	var shown, untried []flow.Result
	for _, x := range r.Results {
		if r.Err != nil && x.Untried && strings.HasSuffix(x.Actual, r.Err.Error()) {
			untried = append(untried, x)
		} else {
			shown = append(shown, x)
		}
	}
	if len(untried) < 2 {
		return r.Results
	}
	all := untried[0]
	all.ID = "the other " + strconv.Itoa(len(untried)) + " rules"
	if len(shown) == 0 {
		all.ID = "all rules"
	}
	return append(shown, all)
}

// atStep names the step that broke a rule.
func atStep(x flow.Result) string {
	if x.Step == 0 {
		return ""
	}
	return ", step " + strconv.Itoa(x.Step)
}

// broke names the rules that a step broke.
func broke(s flow.Step) string {
	if len(s.Breaks) == 0 {
		return ""
	}
	return "✗ " + strings.Join(s.Breaks, ", ")
}
