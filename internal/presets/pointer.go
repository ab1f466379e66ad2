package presets

import (
	"strconv"
	"strings"

	"jwt/internal/jsonobject"
)

// Lookup returns the value at a JSON Pointer (RFC 6901).
func Lookup(v jsonobject.Value, pointer string) (jsonobject.Value, bool) {
	if pointer == "" {
		return v, true
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if elements, ok := v.Elements(); ok {
			i, err := strconv.ParseUint(token, 10, 31)
			if err != nil || int(i) >= len(elements) || len(token) > 1 && token[0] == '0' { // §4
				return nil, false
			}
			v = elements[i]
			continue
		}
		object, ok := v.Object()
		if !ok {
			return nil, false
		}
		if v, ok = object.Get(token); !ok {
			return nil, false
		}
	}
	return v, true
}

// Set sets the value at a JSON Pointer, and creates the objects on the way. A pointer
// without a slash is a plain name.
func Set(object map[string]any, pointer string, value any) {
	tokens := []string{pointer}
	if rest, ok := strings.CutPrefix(pointer, "/"); ok {
		tokens = strings.Split(rest, "/")
	}
	for i, token := range tokens {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if i == len(tokens)-1 {
			object[token] = value
			return
		}
		inner, ok := object[token].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[token] = inner
		}
		object = inner
	}
}
