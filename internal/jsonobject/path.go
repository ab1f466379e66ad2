package jsonobject

import "strings"

// Lookup returns the value that path leads to. A member of that very name comes
// first, for claims are named like "https://example.com/roles"; otherwise dots
// descend into objects and [0] into arrays, the longest name that is a member
// being tried first at each step: in "kubernetes.io.pod.name" that is
// "kubernetes.io".
func (o Object) Lookup(path string) (Value, bool) {
	if v, ok := o.Get(path); ok {
		return v, true
	}
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] != '.' && path[i] != '[' {
			continue
		}
		v, ok := o.Get(path[:i])
		if !ok {
			continue
		}
		if v, ok := descend(v, path[i:]); ok {
			return v, true
		}
	}
	return nil, false
}

// descend follows what is left of a path: "", ".NAME…" or "[N]…".
func descend(v Value, rest string) (Value, bool) {
	switch {
	case rest == "":
		return v, true
	case rest[0] == '.':
		o, ok := v.Object()
		if !ok {
			return nil, false
		}
		return o.Lookup(rest[1:])
	case rest[0] != '[':
		return nil, false
	}
	number, after, ok := strings.Cut(rest[1:], "]")
	if !ok {
		return nil, false
	}
	i, ok := index(number)
	if !ok {
		return nil, false
	}
	elements, ok := v.Elements()
	if !ok || i >= len(elements) {
		return nil, false
	}
	return descend(elements[i], after)
}

// index reads an array index in its one spelling (as RFC 6901 §4).
func index(s string) (int, bool) {
	if s == "" || len(s) > 9 || (len(s) > 1 && s[0] == '0') {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
