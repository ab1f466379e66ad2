package jsonobject

import "strings"

// Lookup returns the value at path. A member with exactly this name comes first, because
// claims have names like "https://example.com/roles". Otherwise dots descend into objects
// and [0] into arrays. At each step the longest name that is a member is used:
// "kubernetes.io" in "kubernetes.io.pod.name".
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

// descend follows the rest of a path: "", ".NAME…" or "[N]…".
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

// index reads an array index without leading zeros (RFC 6901 §4).
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
