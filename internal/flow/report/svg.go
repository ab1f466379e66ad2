package report

import (
	"strconv"
	"strings"
	"time"

	"jwt/internal/flow"
	"jwt/internal/markup"
	"jwt/internal/phrase"
)

// Sizes of the sequence diagram, in user units.
const (
	drawingWidth = 960
	leftLine     = 130
	rightLine    = 830
	headHeight   = 44
	rowHeight    = 46
	waitHeight   = 34
)

// sequence draws the requests and answers, step by step.
func sequence(r flow.Report, m *markup.Builder) {
	height := headHeight + 16
	for _, s := range r.Steps {
		height += stepHeight(s)
	}
	svgOpen(m, drawingWidth, height, "sequence", "Sequence diagram of the "+strconv.Itoa(len(r.Steps))+" steps")
	box(m, leftLine, "jwt")
	box(m, rightLine, strings.TrimPrefix(strings.TrimPrefix(r.Server, "http://"), "https://"))
	for _, x := range []int{leftLine, rightLine} {
		line(m, "life", x, headHeight-8, x, height)
	}
	y := headHeight
	for _, s := range r.Steps {
		drawStep(s, m, y, r.Server)
		y += stepHeight(s)
	}
	svgClose(m)
}

func stepHeight(s flow.Step) int {
	if s.Method == "" {
		return waitHeight
	}
	return rowHeight
}

func drawStep(s flow.Step, m *markup.Builder, y int, server string) {
	m.Raw(`<g class="`, tone(s), `"><title>`).Text(summary(s)).Raw("</title>\n")
	label(m, "n", leftLine-14, y+22, "end", strconv.Itoa(s.N))
	label(m, "time", rightLine+14, y+22, "start", seconds(s.At)+" s")
	if s.Method == "" {
		m.Raw(`<rect class="pause" x="`, strconv.Itoa(leftLine+20), `" y="`, strconv.Itoa(y+6), `" width="`, strconv.Itoa(rightLine-leftLine-40), `" height="22" rx="4"/>`)
		label(m, "what", (leftLine+rightLine)/2, y+21, "middle", phrase.ShortTo(s.Name+" "+seconds(s.Took)+" s "+s.Note, 89))
		m.Raw("</g>\n")
		return
	}
	label(m, "what", leftLine+14, y+16, "start", phrase.ShortTo(s.Method+" "+pathOf(s, server), 35))
	label(m, "name", rightLine-14, y+16, "end", phrase.ShortTo(s.Name, 49))
	arrow(m, "ask", leftLine, rightLine, y+21)
	text := outcome(s)
	if broken := broke(s); broken != "" {
		text += " · " + broken
	}
	if s.Note != "" {
		text += " · " + s.Note
	}
	label(m, "said", leftLine+14, y+37, "start", phrase.ShortTo(text, 95))
	if s.Status != 0 {
		arrow(m, "reply", rightLine, leftLine, y+42)
	}
	m.Raw("</g>\n")
}

// tone returns the CSS class for the colour of an answer.
func tone(s flow.Step) string {
	switch {
	case s.Method == "":
		return "wait"
	case s.Status == 0 || s.Status >= 500 || len(s.Breaks) > 0:
		return "lost"
	case s.Status >= 400:
		return "refused"
	default:
		return "fine"
	}
}

// Sizes of the timeline.
const (
	axisLeft    = 130
	axisRight   = 830
	barHeight   = 18
	axisHeight  = 28
	ticksAtMost = 8
)

// timeline draws the life of each token: a bar from its issue until it expired, was spent
// or was revoked.
func timeline(r flow.Report, m *markup.Builder) {
	if len(r.Tokens) == 0 || r.Took <= 0 {
		m.Raw("<p>There were none.</p>\n")
		return
	}
	height := axisHeight + len(r.Tokens)*(barHeight+6) + 10
	svgOpen(m, drawingWidth, height, "timeline", "Lifetimes of "+strconv.Itoa(len(r.Tokens))+" tokens")
	x := func(d time.Duration) float64 {
		at := float64(min(max(d, 0), r.Took)) / float64(r.Took)
		return axisLeft + at*(axisRight-axisLeft)
	}
	for _, tick := range ticks(r.Took) {
		at := int(x(tick))
		line(m, "tick", at, axisHeight-6, at, height)
		label(m, "time", at, axisHeight-12, "middle", strconv.FormatFloat(tick.Seconds(), 'g', -1, 64)+" s")
	}
	for i, t := range r.Tokens {
		y := axisHeight + i*(barHeight+6)
		end, class := r.Took, t.Kind
		if t.Expires >= 0 {
			end = min(end, t.Expires)
		}
		if t.Ended >= 0 {
			end, class = min(end, t.Ended), class+" ended"
		}
		from, to := x(t.Issued), x(end)
		m.Raw(`<g class="`, class, `"><title>`).Text(t.Name + ": " + until(t)).Raw("</title>")
		label(m, "n", axisLeft-14, y+14, "end", t.Name+" "+t.Kind)
		m.Raw(`<rect class="bar" x="`, number(round(from)), `" y="`, strconv.Itoa(y), `" width="`, number(round(max(to-from, 2))), `" height="`, strconv.Itoa(barHeight), `" rx="3"/>`)
		label(m, "end", axisRight+14, y+14, "start", fate(t, r.Took))
		m.Raw("</g>\n")
	}
	svgClose(m)
}

// fate returns a short form of until.
func fate(t flow.Token, took time.Duration) string {
	switch {
	case t.Ended >= 0:
		return t.End
	case t.Expires >= 0 && t.Expires <= took:
		return "expired"
	default:
		return "lives on"
	}
}

func round(f float64) float64 { return float64(int(f*10+0.5)) / 10 }

// ticks returns round times for the axis.
func ticks(took time.Duration) []time.Duration {
	step := 100 * time.Millisecond
	for _, factor := range []time.Duration{1, 2, 5, 10, 20, 50, 100, 300, 600, 3000, 6000, 36000, 72000, 216000} {
		step = factor * 100 * time.Millisecond
		if took/step <= ticksAtMost {
			break
		}
	}
	var all []time.Duration
	for t := time.Duration(0); t <= took; t += step {
		all = append(all, t)
	}
	return all
}

func svgOpen(m *markup.Builder, width, height int, class, title string) {
	m.Raw(`<div class="wide"><svg class="`, class, `" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 `, strconv.Itoa(width), " ", strconv.Itoa(height),
		`" width="`, strconv.Itoa(width), `" height="`, strconv.Itoa(height), `">`)
	m.Element("title", "", title).Raw("\n")
}

func svgClose(m *markup.Builder) { m.Raw("</svg></div>\n") }

func box(m *markup.Builder, x int, text string) {
	const width = 230
	left := max(x-width/2, 4)
	left = min(left, drawingWidth-width-4)
	m.Raw(`<rect class="box" x="`, strconv.Itoa(left), `" y="4" width="`, strconv.Itoa(width), `" height="28" rx="5"/>`)
	label(m, "who", left+width/2, 23, "middle", phrase.ShortTo(text, 29))
}

func label(m *markup.Builder, class string, x, y int, anchor, text string) {
	m.Raw(`<text class="`, class, `" x="`, strconv.Itoa(x), `" y="`, strconv.Itoa(y), `" text-anchor="`, anchor, `">`).Text(text).Raw("</text>\n")
}

func line(m *markup.Builder, class string, x1, y1, x2, y2 int) {
	m.Raw(`<line class="`, class, `" x1="`, strconv.Itoa(x1), `" y1="`, strconv.Itoa(y1), `" x2="`, strconv.Itoa(x2), `" y2="`, strconv.Itoa(y2), `"/>`, "\n")
}

// arrow draws a horizontal line with an arrowhead.
func arrow(m *markup.Builder, class string, from, to, y int) {
	back := to - 9
	if to < from {
		back = to + 9
	}
	line(m, class, from, y, to, y)
	m.Raw(`<path class="head" d="M`, strconv.Itoa(to), " ", strconv.Itoa(y), " L", strconv.Itoa(back), " ", strconv.Itoa(y-4), " L", strconv.Itoa(back), " ", strconv.Itoa(y+4), ` Z"/>`, "\n")
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
