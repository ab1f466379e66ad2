package cookie

import (
	"net/http"
	"strconv"
	"strings"
)

// ReadSet returns the cookies that an answer sets (RFC 6265 §5.2). A Value is
// exactly what the server sent, with its quotes, blanks, commas and bytes of any encoding:
// it must be sent back so. Quoted is never set. Of an attribute given twice, the last one
// counts.
func ReadSet(h http.Header) []*http.Cookie {
	var cookies []*http.Cookie
	for _, line := range h.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(pair, "=")
		name, value = trimBlanks(name), trimBlanks(value)
		if !ok || name == "" || HasControl(line) {
			continue
		}
		c := &http.Cookie{Name: name, Value: value, Raw: line}
		for attribute := range strings.SplitSeq(attributes, ";") {
			name, value, _ := strings.Cut(attribute, "=")
			setAttribute(c, strings.ToLower(trimBlanks(name)), trimBlanks(value))
		}
		cookies = append(cookies, c)
	}
	return cookies
}

func setAttribute(c *http.Cookie, name, value string) {
	switch name {
	case "expires":
		if at, ok := parseDate(value); ok {
			c.Expires, c.RawExpires = at, value
		}
	case "max-age":
		if seconds, ok := maxAge(value); ok {
			c.MaxAge = seconds
		}
	case "domain":
		c.Domain = value
	case "path":
		c.Path = value
	case "secure":
		c.Secure = true
	case "httponly":
		c.HttpOnly = true
	case "samesite":
		c.SameSite = map[string]http.SameSite{"strict": http.SameSiteStrictMode, "lax": http.SameSiteLaxMode, "none": http.SameSiteNoneMode}[strings.ToLower(value)]
		if c.SameSite == 0 {
			c.SameSite = http.SameSiteDefaultMode
		}
	case "partitioned":
		c.Partitioned = true
	}
}

// maxAge reads a Max-Age (RFC 6265 §5.2.2) as http.Cookie has it: -1 for one that is over.
func maxAge(text string) (int, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case n <= 0:
		return -1, true
	case err != nil || n > 1<<32:
		return 1 << 32, true
	}
	return int(n), true
}

// Read returns the cookies of a request, their values as they are.
func Read(h http.Header) []*http.Cookie {
	var cookies []*http.Cookie
	for _, line := range h.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			if name, value, ok := strings.Cut(trimBlanks(pair), "="); ok {
				cookies = append(cookies, &http.Cookie{Name: name, Value: value})
			}
		}
	}
	return cookies
}

// Add adds a cookie to the header of a request, its value as it is.
func Add(h http.Header, name, value string) {
	pair := name + "=" + value
	if earlier := h.Get("Cookie"); earlier != "" {
		pair = earlier + "; " + pair
	}
	h.Set("Cookie", pair)
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// HasControl reports whether a text has characters that no header can carry.
func HasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
