package jwt

import "strings"

// OneOrAll returns the value of Check.Expected for a list: the element if there is only
// one.
func OneOrAll(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// MediaType returns a "typ" or "cty" in the form for comparison: in lower case, without
// the "application/" that RFC 7515 §4.1.9 allows to omit.
func MediaType(s string) string {
	s = lowerASCII(s)
	if short, ok := strings.CutPrefix(s, "application/"); ok && !strings.Contains(short, "/") {
		return short
	}
	return s
}

// lowerASCII converts only A to Z: the Kelvin sign is not a k.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// nearMiss returns how got and want differ if they differ only in spelling, or "".
func nearMiss(got, want string) string {
	switch {
	case got == want:
		return ""
	case strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/"):
		return "; only a slash at the end differs"
	case strings.TrimSpace(got) == strings.TrimSpace(want):
		return "; only white space around it differs"
	case lowerASCII(got) == lowerASCII(want):
		return "; only upper and lower case differ"
	}
	return ""
}
