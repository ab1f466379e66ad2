package authserver

import "jwt/internal/jsonobject"

// A member is a name, which needs no escaping, and its value.
type member struct {
	name  string
	value jsonobject.Value
}

// object returns the JSON object of those members.
func object(members ...member) []byte {
	b := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), m.name...), '"', ':')
		b = append(b, m.value...)
	}
	return append(b, '}')
}

func array(values []jsonobject.Value) jsonobject.Value {
	b := jsonobject.Value{'['}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, v...)
	}
	return append(b, ']')
}
