package render

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"jwt/internal/flow"
	"jwt/internal/verdict"
)

// FlowJSON returns the report of a flow as it stands on stdout. Names and rule ids
// are stable.
func FlowJSON(r flow.Report) Object {
	rules := make([]Object, 0, len(r.Results))
	for _, x := range r.Results {
		rules = append(rules, Object{
			{"id", x.ID},
			{"level", string(x.Level)},
			{"status", string(x.Status)},
			{"section", x.Section},
			{"title", x.Title},
			{"expected", x.Expected},
			{"actual", x.Actual},
		})
	}
	steps := make([]Object, 0, len(r.Steps))
	for _, s := range r.Steps {
		steps = append(steps, Object{
			{"n", s.N},
			{"name", s.Name},
			{"method", s.Method},
			{"url", s.URL},
			{"status", s.Status},
			{"ms", s.Took.Milliseconds()},
			{"note", s.Note},
		})
	}
	tokens := make([]Object, 0, len(r.Tokens))
	for _, t := range r.Tokens {
		o := Object{{"name", t.Name}, {"kind", t.Kind}, {"token", t.Shown}, {"issued_ms", t.Issued.Milliseconds()}}
		if t.Expires >= 0 {
			o.Add("expires_ms", t.Expires.Milliseconds())
		}
		if t.Ended >= 0 {
			o.Add("ended_ms", t.Ended.Milliseconds())
			o.Add("ended_by", t.End)
		}
		tokens = append(tokens, o)
	}
	o := Object{
		{"server", r.Server},
		{"preset", r.Preset},
		{"verdict", r.Verdict()},
		{"rules", rules},
		{"steps", steps},
		{"tokens", tokens},
		{"ms", r.Took.Milliseconds()},
	}
	if r.Err != nil {
		said := Object{{"class", string(verdict.ClassOf(r.Err))}, {"message", r.Err.Error()}}
		if e := (*verdict.Error)(nil); errors.As(r.Err, &e) && e.Hint != "" {
			said.Add("hint", e.Hint)
		}
		o.Add("error", said)
	}
	return o
}

// FlowHead appends what is going to be judged, before the first step.
func FlowHead(t *Text, r flow.Report) {
	t.Styled(Bold, r.Server).Put(", preset ", r.Preset).Line()
}

// Columns of a step: its number, method and path, status, milliseconds, and from
// there on what it is.
const (
	stepNumber = 4
	stepPath   = 15
	stepMS     = 6
	stepFrom   = stepNumber + 1 + stepPath + 1 + 3 + 1 + stepMS + 5
)

// FlowStep appends one step, as it has happened.
func FlowStep(t *Text, s flow.Step, server string) {
	n := strconv.Itoa(s.N)
	t.Pad(len(n), stepNumber).Styled(Dim, n).Put(" ")
	style, status := Good, strconv.Itoa(s.Status)
	switch {
	case s.Method == "":
		style, status = Dim, ""
	case s.Status == 0:
		style, status = Bad, "---"
	case s.Status >= 500:
		style = Bad
	case s.Status >= 400:
		style = Caution
	}
	path := middle(Escape(strings.TrimSpace(s.Method+" "+strings.TrimPrefix(s.URL, server))), stepPath)
	ms := strconv.FormatInt(s.Took.Milliseconds(), 10)
	t.Put(path).Pad(columns(path), stepPath).Put(" ").Styled(style, status).Pad(len(status), 3)
	t.Put(" ").Pad(len(ms), stepMS).Styled(Dim, ms+" ms").Put("  ")
	told := s.Name
	if s.Note != "" {
		told += ": " + s.Note
	}
	t.Words(stepFrom, told).Line()
}

// flowRule is how wide the id of the longest rule is.
const flowRule = len("refresh-after-logout-refused")

// FlowVerdict appends the rules and the verdict.
func FlowVerdict(t *Text, r flow.Report) {
	t.Line()
	const from = 4 + flowRule + 1
	for _, x := range r.Results {
		mark, style := "✓", Good
		switch x.Status {
		case verdict.Fail:
			mark, style = "✗", Bad
		case verdict.Warn:
			mark, style = "!", Caution
		case verdict.Skip:
			mark, style = "-", Dim
		}
		t.Put("  ").Styled(style, mark).Put(" ", x.ID).Pad(len(x.ID), flowRule).Put(" ").Words(from, x.Actual).Line()
		if x.Status == verdict.Fail || x.Status == verdict.Warn {
			t.Pad(0, from).Words(from, x.Title+"; want: "+x.Expected).Line()
			t.Pad(0, from).Styled(Dim, string(x.Level)+", "+x.Section).Line()
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
	if r.Failed() {
		t.Styled(Bad, "✗ fail")
	} else {
		t.Styled(Good, "✓ pass")
	}
	t.Put(": ", strings.Join(counts, ", "), ", in ", strconv.FormatFloat(r.Took.Round(100*time.Millisecond).Seconds(), 'f', 1, 64), " s").Line()
}
