package jwk

import "jwt/internal/jsonobject"

// An Entry is one key of a set as written. Editing a set preserves unknown members.
type Entry struct {
	JWK jsonobject.Value // nil for an unusable key of another format
	Key Key              // the zero Key if Err is not nil
	ID  string           // "kid", if any
	Err error            // why the key cannot be used
}

// Entries returns the keys of the set in order, including unusable ones. Keys of other
// formats are converted to JWK, including their private part.
func (s Set) Entries() []Entry {
	written := s.written()
	entries := make([]Entry, 0, len(s.Keys)+len(s.Skipped))
	keys, skipped := s.Keys, s.Skipped
	for i := 0; len(keys)+len(skipped) > 0; i++ {
		var e Entry
		if len(skipped) > 0 && (skipped[0].Index == i || len(keys) == 0) {
			e.ID, e.Err, skipped = skipped[0].ID, skipped[0].Err, skipped[1:]
		} else {
			e.Key, e.ID, keys = keys[0], keys[0].ID, keys[1:]
			e.JWK = e.Key.JWK(true).Bytes()
		}
		if i < len(written) {
			e.JWK = written[i]
		}
		entries = append(entries, e)
	}
	return entries
}

// written returns the JWKs as read.
func (s Set) written() []jsonobject.Value {
	if keys, ok := s.JSON.Get("keys"); ok {
		elements, _ := keys.Elements()
		return elements
	}
	if _, ok := s.JSON.Get("kty"); ok {
		return []jsonobject.Value{s.JSON.Bytes()}
	}
	return nil
}

// IsWrittenAsSet reports whether the keys came from a JWK Set.
func (s Set) IsWrittenAsSet() bool {
	_, ok := s.JSON.Get("keys")
	return ok
}

// With returns the JWK Set with these entries (RFC 7517 §5). It keeps the other members
// of the set.
func (s Set) With(entries []Entry) jsonobject.Object {
	list := []byte{'['}
	for _, e := range entries {
		if e.JWK == nil {
			continue
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, e.JWK...)
	}
	o := jsonobject.Object{}
	if s.IsWrittenAsSet() {
		o = s.JSON
	}
	o.Set("keys", append(list, ']'))
	return o
}
