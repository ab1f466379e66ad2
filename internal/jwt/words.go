package jwt

import "strings"

// OneOrAll returns a list as Check.Expected holds it: a list of one as that one.
func OneOrAll(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// MediaType returns a "typ" or "cty" as it is compared: in lower case, without
// the "application/" that RFC 7515 §4.1.9 lets a sender leave out.
func MediaType(s string) string {
	s = lowerASCII(s)
	if short, ok := strings.CutPrefix(s, "application/"); ok && !strings.Contains(short, "/") {
		return short
	}
	return s
}

// lowerASCII converts A to Z only: the Kelvin sign is not a k.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// nearMiss says how got and want differ if only in spelling, else "".
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
