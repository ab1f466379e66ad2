package render

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
)

// A Style is the appearance of a piece of text if colour is on.
type Style uint8

// The styles. Without colour all are plain text, so no meaning depends on them.
const (
	Plain Style = iota
	Bold
	Dim
	Good    // green
	Bad     // red, bold
	Caution // yellow
	Name    // a member's name
	Literal // a member's value
)

// Text collects output for people. Every piece is escaped; only Text itself adds escape
// sequences and line ends.
type Text struct {
	Width int // columns to break lines of words at; 0 for no limit

	buf   bytes.Buffer
	color bool
}

// NewText returns an empty Text, with escape sequences for style if colored.
func NewText(colored bool) *Text { return &Text{color: colored} }

// Put appends pieces of plain text, each escaped.
func (t *Text) Put(pieces ...string) *Text {
	for _, p := range pieces {
		t.buf.WriteString(Escape(p))
	}
	return t
}

// Styled appends one piece in the style.
func (t *Text) Styled(s Style, piece string) *Text {
	piece = Escape(piece)
	if !t.color || s == Plain || piece == "" {
		t.buf.WriteString(piece)
		return t
	}
	c := color.New(attributes[s]...)
	c.EnableColor()
	t.buf.WriteString(c.Sprint(piece))
	return t
}

// Words appends words from a column on, in as many lines as needed: with a Width, only a
// longer word exceeds it.
func (t *Text) Words(column int, words string) *Text {
	words = Escape(words)
	at := column
	for i, word := range strings.Split(words, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case t.Width > 0 && at+1+n > t.Width && at > column:
			t.Line().Pad(0, column)
			at = column
		default:
			t.buf.WriteByte(' ')
			at++
		}
		t.buf.WriteString(word)
		at += n
	}
	return t
}

// Line ends the line.
func (t *Text) Line() *Text {
	t.buf.WriteByte('\n')
	return t
}

// Pad appends spaces up to width columns, of which printed are filled.
func (t *Text) Pad(printed, width int) *Text {
	if n := width - printed; n > 0 {
		t.buf.WriteString(strings.Repeat(" ", n))
	}
	return t
}

// Bytes returns the collected output.
func (t *Text) Bytes() []byte { return t.buf.Bytes() }

var attributes = [...][]color.Attribute{
	Plain:   nil,
	Bold:    {color.Bold},
	Dim:     {color.Faint},
	Good:    {color.FgGreen},
	Bad:     {color.FgRed, color.Bold},
	Caution: {color.FgYellow},
	Name:    {color.FgCyan},
	Literal: {color.FgGreen},
}
