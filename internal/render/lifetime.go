package render

import (
	"strings"
	"time"

	"jwt/internal/inspect"
	"jwt/internal/reltime"
)

// lifetime appends the bar from issued to expires, the dates under its ends, and a description
// in words.
func (a Inspection) lifetime(t *Text) {
	l := a.Token.Lifetime
	b := barOf(l)
	b.draw(t, max(a.Width, 40))
	b.dates(t, a.Show)
	word, style := a.lifeInWords(l)
	t.Put("  ").Styled(style, word).Line()
}

// A bar draws a lifetime: its start, its end and now.
type bar struct {
	inspect.Lifetime
	start         time.Time
	begun, ends   bool // start and Expires are known
	before, after bool // now is outside the bar
	from, to      string
	length        int // columns of the last line drawn
}

func barOf(l inspect.Lifetime) bar {
	b := bar{Lifetime: l, ends: l.Expires.Shown, from: "issued", to: "expires"}
	b.start, b.begun = l.Start()
	if b.begun && !l.Issued.Shown {
		b.from = "not before"
	}
	if b.after = l.State() == inspect.Expired; b.after {
		b.to = "expired"
	}
	b.before = b.begun && l.Now.Before(b.start)
	if b.begun && b.ends && !b.start.Before(l.Expires.At) {
		b.begun, b.ends = false, false // a lifetime that ends before its start has no bar
	}
	return b
}

// draw appends one line, such as: issued ├━━━━━●───────┤ expires
func (b *bar) draw(t *Text, width int) {
	if !b.begun && !b.ends {
		return
	}
	left, right := b.leftEnd(), b.rightEnd()
	n := width - 2 - Columns(left) - Columns(right) - 1
	passed, rest, rising := b.split(n)
	mark := "●"
	if b.before || b.after { // which an end has
		mark = ""
	}
	style := Dim
	if b.after {
		style = Bad
	}
	t.Put("  ").Styled(Dim, left).Styled(Dim, passed).Styled(Bold, mark).Styled(rising, rest).Styled(style, right).Line()
	b.length = Columns(left) + Columns(passed) + Columns(mark) + Columns(rest) + Columns(right)
}

const gap = "┄┄┄" // a time that has no length on the line

// leftEnd returns what is before the line: its start, or now.
func (b *bar) leftEnd() string {
	switch {
	case !b.begun && b.after:
		return gap
	case !b.begun:
		return "now "
	case b.before:
		return "now ●" + gap + " " + b.from + " ├"
	}
	return b.from + " ├"
}

// rightEnd returns what is after the line: its end, or now.
func (b *bar) rightEnd() string {
	switch {
	case !b.ends && !b.before:
		return " now" + gap + " no end"
	case !b.ends:
		return gap + " no end"
	case b.after:
		return "┤ " + b.to + " " + gap + "● now"
	}
	return "┤ " + b.to
}

// split divides n columns into the elapsed and the remaining part, and returns the style of
// the latter.
func (b *bar) split(n int) (passed, rest string, style Style) {
	n = max(n, 2)
	switch {
	case b.after:
		return strings.Repeat("━", n), "", Dim
	case b.before:
		return "", strings.Repeat("─", n), Dim
	case !b.begun:
		return "", strings.Repeat("─", n-1), Good
	case !b.ends:
		return strings.Repeat("━", n-1), "", Dim
	}
	whole := b.Expires.At.Sub(b.start)
	gone := b.place(b.Now, n)
	style = Good
	if b.Expires.At.Sub(b.Now) < whole/10 {
		style = Caution
	}
	line := []rune(strings.Repeat("━", gone) + strings.Repeat("─", n-1-gone))
	if at := b.NotBefore; at.Shown && at.At.After(b.start) && at.At.Before(b.Expires.At) {
		line[min(b.place(at.At, n), n-2)] = '┼'
	}
	return string(line[:gone]), string(line[gone:]), style
}

// place returns the column of an instant within the bar, from 0 to n-1.
func (b *bar) place(at time.Time, n int) int {
	whole, gone := b.Expires.At.Sub(b.start).Seconds(), at.Sub(b.start).Seconds()
	return min(max(int(gone/whole*float64(n)), 0), n-1)
}

// dates appends the dates of both ends under them.
func (b *bar) dates(t *Text, show func(time.Time) string) {
	var from, to string
	if b.begun {
		from = show(b.start)
	}
	if b.ends {
		to = show(b.Expires.At)
	}
	if from == "" && to == "" {
		return
	}
	t.Put("  ").Styled(Dim, from)
	if to != "" {
		t.Pad(Columns(from), max(b.length-Columns(to), Columns(from)+2)).Styled(Dim, to)
	}
	t.Line()
}

// lifeInWords describes the lifetime in words.
func (a Inspection) lifeInWords(l inspect.Lifetime) (string, Style) {
	switch l.State() {
	case inspect.Expired:
		return expiredInWords(l), Bad
	case inspect.NotYetValid:
		if !l.NotBefore.Shown {
			return "not valid before a time that no calendar has", Bad
		}
		return "not valid before " + a.Show(l.NotBefore.At) + ", " + reltime.Ago(l.NotBefore.At, l.Now), Bad
	case inspect.Endless:
		return endlessInWords(l), Caution
	}
	return runningInWords(l)
}

func expiredInWords(l inspect.Lifetime) string {
	if !l.Expires.Shown {
		return "expired before any calendar begins"
	}
	text := "expired " + reltime.Ago(l.Expires.At, l.Now)
	if start, begun := l.Start(); begun && start.Before(l.Expires.At) {
		text += ", after a life of " + reltime.Span(l.Expires.At.Sub(start))
	}
	return text
}

func endlessInWords(l inspect.Lifetime) string {
	text := "it never expires: there is no exp"
	if l.Expires.Given {
		text = "no end that can be read: exp is not a number"
	}
	if start, begun := l.Start(); begun {
		text = "issued " + reltime.Ago(start, l.Now) + "; " + text
	}
	return text
}

// runningInWords describes the lifetime of a token that has not expired.
func runningInWords(l inspect.Lifetime) (string, Style) {
	if !l.Expires.Shown {
		return "it never expires in effect: exp is beyond every calendar", Caution
	}
	expires := "expires " + reltime.Ago(l.Expires.At, l.Now)
	start, begun := l.Start()
	whole := reltime.Span(l.Expires.At.Sub(start))
	switch {
	case !begun:
		return expires + "; it does not say when it was issued", Plain
	case !start.Before(l.Expires.At):
		return expires + ", before it is issued", Bad
	case l.Now.Before(start):
		return expires + ", after a life of " + whole + " that has not begun", Caution
	}
	return "issued " + reltime.Ago(start, l.Now) + ", " + expires + "; it lives " + whole, Plain
}

// Countdown appends only the lifetime, to the second.
func (a Inspection) Countdown(t *Text) {
	a.headline(t)
	l := a.Token.Lifetime
	b := barOf(l)
	b.draw(t, max(a.Width, 40))
	b.dates(t, a.Show)
	switch l.State() {
	case inspect.Expired:
		t.Put("  ").Styled(Bad, "expired").Line()
		return
	case inspect.NotYetValid:
		if l.NotBefore.Shown {
			t.Put("  ").Styled(Bad, "valid in "+reltime.Clock(l.NotBefore.At.Sub(l.Now))).Put(", ")
		}
	default:
		t.Put("  ")
	}
	left := l.Expires.At.Sub(l.Now)
	style := Good
	if left < time.Minute {
		style = Caution
	}
	t.Put("expires in ").Styled(style, reltime.Clock(left)).Put("; signature not verified").Line()
}
