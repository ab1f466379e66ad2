package render

import (
	"strings"
	"time"

	"jwt/internal/iana"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/token"
	"jwt/internal/vendors"
)

// A Difference is the output of diff.
type Difference struct {
	token.Difference
	Show func(time.Time) string // formats a time as RFC 3339
}

// Equal reports whether the tokens have the same content. Their signatures may differ.
func (d Difference) Equal() bool { return len(d.Header)+len(d.Payload) == 0 }

// JSON returns the difference for stdout.
func (d Difference) JSON() Object {
	signature := "different"
	if d.SameSignature {
		signature = "same"
	}
	notes := d.Notes
	if notes == nil {
		notes = []string{}
	}
	return Object{
		{"equal", d.Equal()},
		{"header", changesJSON(d.Header, false)},
		{"payload", changesJSON(d.Payload, true)},
		{"signature", signature},
		{"notes", notes},
	}
}

func changesJSON(changes []jsonobject.Change, claims bool) []Object {
	list := []Object{}
	for _, c := range changes {
		o := Object{{"path", c.Path}, {"change", string(c.Kind)}}
		if c.From != nil {
			o.Add("from", c.From)
		}
		if c.To != nil {
			o.Add("to", c.To)
		}
		if from, to, ok := times(c); ok && claims {
			if seconds, _, ok := jwt.TimeBetween(from, to); ok {
				o.Add("delta", seconds)
			}
		}
		list = append(list, o)
	}
	return list
}

// times returns the two values of a time that has changed.
func times(c jsonobject.Change) (from, to jwt.NumericDate, ok bool) {
	if !isTime(c.Path) || c.Kind != jsonobject.Changed {
		return from, to, false
	}
	from, isDate := jwt.ParseNumericDate(c.From)
	to, ok = jwt.ParseNumericDate(c.To)
	return from, to, ok && isDate
}

func isTime(path string) bool {
	known, ok := vendors.Claim("", strings.Split(path, ".")...)
	return ok && known.Kind == iana.Time
}

// Text appends the difference as text: one line per change, marked + if the member was
// added, - if it was removed and ~ if it was changed.
func (d Difference) Text(t *Text) {
	if d.Equal() {
		t.Styled(Good, "equal").Put(": header and payload say the same").Line()
	}
	d.part(t, "Header", d.Header, false)
	d.part(t, "Payload", d.Payload, true)
	for _, note := range d.Notes {
		t.Styled(Dim, "· "+note).Line()
	}
}

func (d Difference) part(t *Text, name string, changes []jsonobject.Change, claims bool) {
	if len(changes) == 0 {
		return
	}
	t.Styled(Bold, name).Line()
	width := 0
	for _, c := range changes {
		if n := Columns(place(c)); n <= mostName {
			width = max(width, n)
		}
	}
	for _, c := range changes {
		d.change(t, c, width, claims)
	}
}

func (d Difference) change(t *Text, c jsonobject.Change, width int, claims bool) {
	mark, style := "~", Caution
	switch c.Kind {
	case jsonobject.Added:
		mark, style = "+", Good
	case jsonobject.Removed:
		mark, style = "-", Bad
	}
	name := place(c)
	t.Put("  ").Styled(style, mark).Put(" ").Styled(Name, name)
	at := 4 + max(Columns(name), width) + 2
	from, to := d.shown(c.From, claims && isTime(c.Path)), d.shown(c.To, claims && isTime(c.Path))
	switch f, g, ok := times(c); {
	case c.From == nil && c.To == nil:
		t.Line()
	case c.From == nil:
		t.Pad(Columns(name), width).Put("  ").Styled(Good, to).Line()
	case c.To == nil:
		t.Pad(Columns(name), width).Put("  ").Styled(Bad, from).Line()
	case ok && claims:
		d.moved(t.Pad(Columns(name), width), f, g, at)
	case t.Width > 0 && at+Columns(from)+3+Columns(to) > t.Width:
		t.Line().Put("      ").Styled(Bad, "- "+from).Line().Put("      ").Styled(Good, "+ "+to).Line()
	default:
		t.Pad(Columns(name), width).Put("  ").Styled(Bad, from).Put(" → ").Styled(Good, to).Line()
	}
}

// moved appends by how much a time changed, and its two values.
func (d Difference) moved(t *Text, from, to jwt.NumericDate, at int) {
	_, words, ok := jwt.TimeBetween(from, to)
	if !ok {
		t.Put("  ").Styled(Bad, from.Text()).Put(" → ").Styled(Good, to.Text()).Line()
		return
	}
	f, g := d.moment(from), d.moment(to)
	t.Put("  ").Styled(Bold, words)
	if t.Width > 0 && at+Columns(words)+Columns(f)+Columns(g)+6 > t.Width {
		t.Line().Put("     ")
	}
	t.Put(" (").Styled(Bad, f).Put(" → ").Styled(Good, g).Put(")").Line()
}

// place returns the path of what changed.
func place(c jsonobject.Change) string {
	if c.Path == "" {
		return "all of it"
	}
	return Escape(c.Path)
}

// shown returns a value for one line of the difference.
func (d Difference) shown(v jsonobject.Value, isTime bool) string {
	if v == nil {
		return ""
	}
	text := string(JSON(v, false))
	if date, ok := jwt.ParseNumericDate(v); ok && isTime {
		if at, ok := date.Time(); ok {
			text += "  " + d.Show(at)
		}
	}
	return text
}

func (d Difference) moment(date jwt.NumericDate) string {
	at, ok := date.Time()
	if !ok {
		return date.Text()
	}
	return d.Show(at)
}
