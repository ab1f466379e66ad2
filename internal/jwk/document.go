package jwk

import "jwt/internal/jsonobject"

// An Entry is one key of a set as it is written. What is not understood of it
// stays as it is when the set is edited.
type Entry struct {
	JWK jsonobject.Value // nil where an unusable key was not written as a JWK
	Key Key              // the zero Key if Err is not nil
	ID  string           // "kid", where it has one
	Err error            // why it cannot be used
}

// Entries returns the keys of the set in their order, those that cannot be used
// among them. A key that was not written as a JWK is so now, private part included.
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

// written returns the JWKs as they were read.
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

// IsWrittenAsSet reports whether the keys were read from a JWK Set.
func (s Set) IsWrittenAsSet() bool {
	_, ok := s.JSON.Get("keys")
	return ok
}

// With returns the JWK Set of those entries (RFC 7517 §5), with what else the set
// held beside its keys.
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
