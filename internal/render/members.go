package render

import (
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"jwt/internal/bcp"
	"jwt/internal/iana"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
)

// Sizes of the list of members on a terminal.
const (
	memberRows   = 100 // members shown of one part
	valueLines   = 3   // lines shown of one value
	mostName     = 22  // columns for names; a longer one has a line of its own
	wideTerminal = 110 // columns from which meanings are beside the values
)

// membersText lists the members of one part: name, value, meaning.
func (a Inspection) membersText(t *Text, part string) {
	most := memberRows
	if a.Full {
		most = math.MaxInt
	}
	l := a.listOf(part, most)
	n := 0
	for m := range a.rows(part) {
		if n++; n > most {
			break
		}
		l.row(t, m)
	}
	if l.left > 0 {
		t.Put("  ").Styled(Caution, "… and "+strconv.Itoa(l.left)+" more").Styled(Dim, " (--full shows them, -o json has them)").Line()
	}
}

// rows returns the members of one part.
func (a Inspection) rows(part string) iter.Seq[inspect.Member] {
	return func(yield func(inspect.Member) bool) {
		begun := false
		for m := range a.Token.Members() {
			switch {
			case m.Part == part:
				begun = true
				if !yield(m) {
					return
				}
			case begun:
				return
			}
		}
	}
}

// A memberList is the columns that members are shown in.
type memberList struct {
	Inspection
	left    int // members that are not shown
	value   int // where values begin
	room    int // columns of a value
	meaning int // where meanings begin; equal to value if they are below the values
}

func (a Inspection) listOf(part string, most int) memberList {
	name, number := 3, 0
	for m := range a.rows(part) {
		if number++; number > most {
			continue
		}
		if n := 2*m.Depth + Columns(Escape(label(m))); n <= mostName {
			name = max(name, n)
		}
	}
	l := memberList{Inspection: a, left: max(number-most, 0), value: 2 + name + 2}
	l.meaning, l.room = l.value, max(a.Width-l.value, 16)
	if a.Width >= wideTerminal {
		l.room = (a.Width - l.value) / 2
		l.meaning = l.value + l.room + 2
	}
	return l
}

// label returns the name of a member, quoted if it is empty or has white space at its ends.
func label(m inspect.Member) string {
	if m.Name == "" || strings.TrimSpace(m.Name) != m.Name {
		return string(jsonobject.Quote(m.Name))
	}
	return m.Name
}

// A cell is one line of a column.
type cell struct {
	text   string
	style  Style
	beside Remark // on the same line
}

func (c cell) columns() int { return Columns(c.text) + Columns(c.beside.Text) }

func (l memberList) row(t *Text, m inspect.Member) {
	values, about := l.values(m), l.about(m)
	if m.Opened { // its meaning is shown in the place of a value
		values, about = about, nil
		if len(values) == 0 {
			values = []cell{{text: m.Value.KindName(), style: Dim}}
		}
	}
	name := Escape(l.masked(label(m)))
	if !l.Full {
		name = Middle(name, max(l.Width-2-2*m.Depth, 16))
	}
	t.Pad(0, 2+2*m.Depth).Styled(Name, name)
	at := 2 + 2*m.Depth + Columns(name)
	if at+2 > l.value {
		t.Line()
		at = 0
	}
	if l.meaning == l.value {
		values, about = append(values, about...), nil
	}
	for i := range max(len(values), len(about)) {
		if i < len(values) {
			v := values[i]
			t.Pad(at, l.value).Styled(v.style, v.text).Styled(v.beside.Style, v.beside.Text)
			at = max(at, l.value) + v.columns()
		}
		if i < len(about) {
			t.Pad(at, l.meaning).Styled(about[i].style, about[i].text)
		}
		t.Line()
		at = 0
	}
}

// values returns the column of the value: as it is in the token, and the remark on it.
func (l memberList) values(m inspect.Member) []cell {
	most := valueLines
	remark := l.remark(m)
	switch {
	case l.Full:
		most = 0
	case m.Holds > 0, m.Meaning.Kind == iana.Certs:
		most = 1
	}
	var cells []cell
	for _, line := range chop(l.Inspection.value(m), l.room, most) {
		cells = append(cells, cell{text: line, style: Literal})
	}
	if remark.Text == "" {
		return cells
	}
	if last := &cells[len(cells)-1]; Columns(last.text)+2+Columns(remark.Text) <= l.room {
		last.beside = Remark{"  " + remark.Text, remark.Style}
		return cells
	}
	for _, line := range fold(Escape(remark.Text), l.room) {
		cells = append(cells, cell{text: line, style: remark.Style})
	}
	return cells
}

// remark returns the explanation of the value.
func (a Inspection) remark(m inspect.Member) Remark {
	switch {
	case m.Holds == 1:
		return Remark{"a token, opened below", Dim}
	case m.Holds > 1:
		return Remark{phrase.Count(m.Holds, "token") + ", opened below", Dim}
	case m.Key != "":
		return Remark{m.Key, Dim}
	}
	switch m.Meaning.Kind {
	case iana.Certs:
		if n := len(a.Token.Certificates); n > 0 {
			return Remark{phrase.Count(n, "certificate") + ", opened below", Dim}
		}
	case iana.Time:
		return DateRemark(m.Path, m.Value, a.Now, a.Show)
	case iana.Duration:
		if n, err := strconv.ParseInt(string(m.Value), 10, 32); err == nil {
			return Remark{reltime.Span(time.Duration(n) * time.Second), Dim}
		}
	}
	return Remark{}
}

// meaning returns the meaning of the name and its specification. The vendor is named once, above.
func (a Inspection) meaning(m inspect.Member) (text, spec string) {
	text, spec = m.Meaning.Meaning, strings.Replace(m.Meaning.Spec, "OpenID Connect", "OIDC", 1)
	if v := m.Meaning.Vendor; v != "" && v == a.Token.Vendor {
		spec = ""
	}
	if text == "" {
		return unregistered(m)
	}
	return text, spec
}

// about returns the column of the meaning.
func (l memberList) about(m inspect.Member) []cell {
	text, spec := l.Inspection.meaning(m)
	if text == "" {
		return nil
	}
	width := l.room
	if l.meaning != l.value {
		width = max(l.Width-l.meaning, 16)
	}
	lines := fold(text, width)
	if spec != "" {
		lines = foldWith(text, " · ", spec, width)
	}
	var cells []cell
	for _, line := range lines {
		cells = append(cells, cell{text: line, style: Dim})
	}
	return cells
}

// unregistered describes a name that is in no registry.
func unregistered(m inspect.Member) (text, spec string) {
	switch {
	case m.Depth > 0:
		return "", ""
	case m.Part == bcp.Header:
		return "Private header parameter", "RFC 7515 §4.3"
	case strings.Contains(m.Name, "://"):
		return "Public claim of its owner's", "RFC 7519 §4.2"
	default:
		return "Private claim", "RFC 7519 §4.3"
	}
}
