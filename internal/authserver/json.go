package authserver

import "jwt/internal/jsonobject"

// A member is a name, which must need no escaping, and its value.
type member struct {
	name  string
	value jsonobject.Value
}

// object returns the JSON object of the members.
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

// array returns the JSON array of the values.
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
