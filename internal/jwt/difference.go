package jwt

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"jwt/internal/jsonobject"
)

// A Change is one difference between two JSON values.
type Change struct {
	Path     string // to where it is, as Lookup takes it; "" for the value itself
	Kind     ChangeKind
	From, To jsonobject.Value // nil where there is none
}

// A ChangeKind says in a word what kind of change it is.
type ChangeKind string

// The kinds of changes, as they stand in JSON.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Difference returns what has to change for from to become to: by value, numbers
// exactly, strings unescaped, members in any order. What is in both is gone into.
// The order is that of from, what was added last in each object. Of names that
// stand twice the last counts.
func Difference(from, to jsonobject.Value) []Change {
	var d differ
	d.value("", from, to)
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) add(path string, kind ChangeKind, from, to jsonobject.Value) {
	d.changes = append(d.changes, Change{path, kind, from, to})
}

func (d *differ) value(path string, from, to jsonobject.Value) {
	switch {
	case bytes.Equal(from, to):
	case from.Kind() != to.Kind():
		d.add(path, Changed, from, to)
	case from.Kind() == '{':
		d.object(path, from, to)
	case from.Kind() == '[':
		d.array(path, from, to)
	case !equal(from, to):
		d.add(path, Changed, from, to)
	}
}

func (d *differ) object(path string, from, to jsonobject.Value) {
	o, _ := from.Object()
	p, _ := to.Object()
	for _, m := range lastOfEach(o) {
		if v, ok := p.Get(m.Name); ok {
			d.value(step(path, m.Name), m.Value, v)
		} else {
			d.add(step(path, m.Name), Removed, m.Value, nil)
		}
	}
	for _, m := range lastOfEach(p) {
		if _, ok := o.Get(m.Name); !ok {
			d.add(step(path, m.Name), Added, nil, m.Value)
		}
	}
}

// lastOfEach returns the members that count.
func lastOfEach(o jsonobject.Object) []jsonobject.Member {
	if len(o.Duplicates()) == 0 {
		return o.Members()
	}
	last := map[string]int{}
	for i, m := range o.Members() {
		last[m.Name] = i
	}
	var kept []jsonobject.Member
	for i, m := range o.Members() {
		if last[m.Name] == i {
			kept = append(kept, m)
		}
	}
	return kept
}

// array compares the elements between what both arrays begin and end with, so
// that one that was put in or taken out does not make all behind it differ.
func (d *differ) array(path string, from, to jsonobject.Value) {
	a, _ := from.Elements()
	b, _ := to.Elements()
	start := 0
	for start < min(len(a), len(b)) && equal(a[start], b[start]) {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && equal(a[len(a)-1-end], b[len(b)-1-end]) {
		end++
	}
	aEnd, bEnd := len(a)-end, len(b)-end
	for i := start; i < max(aEnd, bEnd); i++ {
		here := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= bEnd:
			d.add(here, Removed, a[i], nil)
		case i >= aEnd:
			d.add(here, Added, nil, b[i])
		default:
			d.value(here, a[i], b[i])
		}
	}
}

func step(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Variation tells how two values that mean the same are written: whether members
// stand in another order anywhere, and whether anything else is spelled another way.
func Variation(a, b jsonobject.Value) (order, spelling bool) {
	if bytes.Equal(a, b) || a.Kind() != b.Kind() {
		return false, false
	}
	switch a.Kind() {
	case '{':
		o, _ := a.Object()
		p, _ := b.Object()
		order = !slices.EqualFunc(o.Members(), p.Members(), func(m, n jsonobject.Member) bool { return m.Name == n.Name })
		inside := false
		for _, m := range o.Members() {
			v, _ := p.Get(m.Name)
			deeper, respelled := Variation(m.Value, v)
			order, inside = order || deeper, inside || respelled
		}
		return order, inside || !order // the bytes differ: by white space, or in a name
	case '[':
		as, _ := a.Elements()
		bs, _ := b.Elements()
		for i := range min(len(as), len(bs)) {
			deeper, respelled := Variation(as[i], bs[i])
			order, spelling = order || deeper, spelling || respelled
		}
		return order, spelling || !order
	default:
		return false, true
	}
}

// TimeBetween returns the time from one date to another: in seconds, as a JSON
// number exact to the nanosecond, and in words, like "+1 h 30 min". ok is false
// where one of them is outside every calendar.
func TimeBetween(from, to NumericDate) (seconds jsonobject.Value, words string, ok bool) {
	f, fromOK := from.Time()
	t, toOK := to.Time()
	if !fromOK || !toOK {
		return nil, "", false
	}
	const nano = 1_000_000_000
	whole, nanos := t.Unix()-f.Unix(), int64(t.Nanosecond()-f.Nanosecond())
	sign := "+"
	if whole < 0 || whole == 0 && nanos < 0 {
		sign, whole, nanos = "-", -whole, -nanos
	}
	if nanos < 0 {
		whole, nanos = whole-1, nanos+nano
	}
	fraction := ""
	if nanos > 0 {
		fraction = "." + strings.TrimRight(strconv.FormatInt(nano+nanos, 10)[1:], "0")
	}
	number := strconv.FormatInt(whole, 10) + fraction
	return jsonobject.Value(strings.TrimPrefix(sign, "+") + number), sign + exactly(whole, fraction), true
}

// exactly tells a length of time with all its units.
func exactly(seconds int64, fraction string) string {
	var parts []string
	for _, u := range units[1:] { // no years, which are not all of one length
		n := seconds / u.seconds
		seconds %= u.seconds
		switch {
		case u.seconds == 1 && (n > 0 || fraction != "" || len(parts) == 0):
			parts = append(parts, strconv.FormatInt(n, 10)+fraction+" "+u.name)
		case n > 0:
			parts = append(parts, strconv.FormatInt(n, 10)+" "+u.name)
		}
	}
	return strings.Join(parts, " ")
}
