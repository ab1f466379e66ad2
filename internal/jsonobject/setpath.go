package jsonobject

import (
	"fmt"
	"strings"
)

// SetPath sets the value at a path, as Lookup reads it: a member with exactly this name is
// replaced, and dots descend into objects, which are made where they are missing. `\.` is a dot
// in a name. A path with a slash is one name, because claims have names like
// "https://example.com/roles". An array is not descended into.
func (o *Object) SetPath(path string, value Value) error {
	if _, has := o.Get(path); has || strings.Contains(path, "/") {
		o.Set(path, value)
		return nil
	}
	head, rest := o.cutPath(path)
	if rest == "" {
		o.Set(head, value)
		return nil
	}
	inner := Object{}
	if v, has := o.Get(head); has {
		known, isObject := v.Object()
		if !isObject {
			return fmt.Errorf("%s is %s, which has no members", head, v.Noun())
		}
		inner = known
	}
	if err := inner.SetPath(rest, value); err != nil {
		return err
	}
	o.Set(head, inner.Bytes())
	return nil
}

// cutPath returns the first name of a path, unescaped, and the rest: the longest beginning that is
// a member, or else up to the first dot.
func (o *Object) cutPath(path string) (head, rest string) {
	for i := len(path) - 1; i > 0; i-- {
		if _, has := o.Get(path[:i]); has && path[i] == '.' && i+1 < len(path) {
			return path[:i], path[i+1:]
		}
	}
	for i := 1; i+1 < len(path); i++ {
		if path[i] == '.' && path[i-1] != '\\' {
			return strings.ReplaceAll(path[:i], `\.`, "."), path[i+1:]
		}
	}
	return strings.ReplaceAll(path, `\.`, "."), ""
}
