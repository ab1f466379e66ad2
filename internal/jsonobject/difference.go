package jsonobject

import (
	"bytes"
	"slices"
	"strconv"
)

// A Change is one difference between two JSON values.
type Change struct {
	Path     string // of the value, as Lookup takes it; "" for the outermost value
	Kind     ChangeKind
	From, To Value // nil if absent
}

// A ChangeKind is the kind of a change.
type ChangeKind string

// The kinds of changes, as in JSON.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Difference returns the changes that turn from into to. It compares by value: numbers
// exactly, strings unescaped, members in any order. It descends into objects and arrays
// that both have. Changes are in the order of from, and additions come last in each
// object. Of duplicate members it uses the last.
func Difference(from, to Value) []Change {
	var d differ
	d.value("", from, to)
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) add(path string, kind ChangeKind, from, to Value) {
	d.changes = append(d.changes, Change{path, kind, from, to})
}

func (d *differ) value(path string, from, to Value) {
	switch {
	case bytes.Equal(from, to):
	case from.Kind() != to.Kind():
		d.add(path, Changed, from, to)
	case from.Kind() == '{':
		d.object(path, from, to)
	case from.Kind() == '[':
		d.array(path, from, to)
	case !Equal(from, to):
		d.add(path, Changed, from, to)
	}
}

func (d *differ) object(path string, from, to Value) {
	o, _ := from.Object()
	p, _ := to.Object()
	for _, m := range lastOfEach(o) {
		if v, ok := p.Get(m.Name); ok {
			d.value(join(path, m.Name), m.Value, v)
		} else {
			d.add(join(path, m.Name), Removed, m.Value, nil)
		}
	}
	for _, m := range lastOfEach(p) {
		if _, ok := o.Get(m.Name); !ok {
			d.add(join(path, m.Name), Added, nil, m.Value)
		}
	}
}

// lastOfEach returns the last member of each name.
func lastOfEach(o Object) []Member {
	if len(o.Duplicates()) == 0 {
		return o.Members()
	}
	last := map[string]int{}
	for i, m := range o.Members() {
		last[m.Name] = i
	}
	var kept []Member
	for i, m := range o.Members() {
		if last[m.Name] == i {
			kept = append(kept, m)
		}
	}
	return kept
}

// array compares the elements after the common prefix and before the common suffix of
// both arrays. So an inserted or removed element does not make all later ones differ.
func (d *differ) array(path string, from, to Value) {
	a, _ := from.Elements()
	b, _ := to.Elements()
	start := 0
	for start < min(len(a), len(b)) && Equal(a[start], b[start]) {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && Equal(a[len(a)-1-end], b[len(b)-1-end]) {
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

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Variation reports how the spelling of two equal values differs: whether members are in
// another order, and whether anything else is spelled differently.
func Variation(a, b Value) (order, spelling bool) {
	if bytes.Equal(a, b) || a.Kind() != b.Kind() {
		return false, false
	}
	switch a.Kind() {
	case '{':
		return objectVariation(a, b)
	case '[':
		return arrayVariation(a, b)
	default:
		return false, true
	}
}

func objectVariation(a, b Value) (order, spelling bool) {
	o, _ := a.Object()
	p, _ := b.Object()
	order = !slices.EqualFunc(o.Members(), p.Members(), func(m, n Member) bool { return m.Name == n.Name })
	for _, m := range o.Members() {
		v, _ := p.Get(m.Name)
		inside, respelled := Variation(m.Value, v)
		order, spelling = order || inside, spelling || respelled
	}
	return order, spelling || !order // the bytes differ: in white space or in a name
}

func arrayVariation(a, b Value) (order, spelling bool) {
	as, _ := a.Elements()
	bs, _ := b.Elements()
	for i := range min(len(as), len(bs)) {
		inside, respelled := Variation(as[i], bs[i])
		order, spelling = order || inside, spelling || respelled
	}
	return order, spelling || !order
}
