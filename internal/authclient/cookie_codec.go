package authclient

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ReadSetCookies returns the cookies that an answer sets (RFC 6265 §5.2). A Value is
// exactly what the server sent, with its quotes, blanks, commas and bytes of any encoding:
// it must be sent back so. Quoted is never set. Of an attribute given twice, the last one
// counts.
func ReadSetCookies(h http.Header) []*http.Cookie {
	var cookies []*http.Cookie
	for _, line := range h.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(pair, "=")
		name, value = trimBlanks(name), trimBlanks(value)
		if !ok || name == "" || hasControl(line) {
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
		if at, ok := CookieDate(value); ok {
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

// ReadCookies returns the cookies of a request, their values as they are.
func ReadCookies(h http.Header) []*http.Cookie {
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

// AddCookie adds a cookie to the header of a request, its value as it is.
func AddCookie(h http.Header, name, value string) {
	pair := name + "=" + value
	if earlier := h.Get("Cookie"); earlier != "" {
		pair = earlier + "; " + pair
	}
	h.Set("Cookie", pair)
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// CookieDate reads a date as browsers do (RFC 6265 §5.1.1): the first time, day, month and
// year in the text, in any order. A year of two digits is of 1970 to 2069.
func CookieDate(text string) (time.Time, bool) {
	var d cookieDate
	for _, token := range strings.FieldsFunc(text, isDateDelimiter) {
		d.take(token)
	}
	switch {
	case d.year >= 70 && d.year <= 99:
		d.year += 1900
	case d.year >= 0 && d.year <= 69:
		d.year += 2000
	}
	if !d.hasTime || !d.hasDay || !d.hasMonth || !d.hasYear || d.day < 1 || d.year < 1601 || d.clock[0] > 23 || d.clock[1] > 59 || d.clock[2] > 59 {
		return time.Time{}, false
	}
	at := time.Date(d.year, d.month, d.day, d.clock[0], d.clock[1], d.clock[2], 0, time.UTC)
	return at, at.Day() == d.day // false for a day that the month does not have
}

func isDateDelimiter(r rune) bool {
	return r == '\t' || r >= ' ' && r <= '/' || r >= ';' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~'
}

type cookieDate struct {
	clock                              [3]int
	day, year                          int
	month                              time.Month
	hasTime, hasDay, hasMonth, hasYear bool
}

// take uses a token for the first part of the date that it can be and that is not known.
func (d *cookieDate) take(token string) {
	if clock, ok := clockOf(token); ok && !d.hasTime {
		d.clock, d.hasTime = clock, true
		return
	}
	n, digits := leadingNumber(token)
	if !d.hasDay && (digits == 1 || digits == 2) {
		d.day, d.hasDay = n, true
		return
	}
	if month := monthOf(token); month != 0 && !d.hasMonth {
		d.month, d.hasMonth = month, true
		return
	}
	if !d.hasYear && digits >= 2 && digits <= 4 {
		d.year, d.hasYear = n, true
	}
}

// clockOf reads a time like 8:01:00.
func clockOf(token string) (clock [3]int, ok bool) {
	parts := strings.SplitN(token, ":", 3)
	if len(parts) != 3 {
		return clock, false
	}
	for i, part := range parts {
		n, digits := leadingNumber(part)
		if digits < 1 || digits > 2 || i < 2 && digits != len(part) {
			return clock, false
		}
		clock[i] = n
	}
	return clock, true
}

// leadingNumber returns the number at the start of a text, and how many digits it has.
func leadingNumber(text string) (n, digits int) {
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		if digits < 5 {
			n = 10*n + int(text[digits]-'0')
		}
		digits++
	}
	return n, digits
}

func monthOf(token string) time.Month {
	if len(token) < 3 {
		return 0
	}
	for month := time.January; month <= time.December; month++ {
		if strings.EqualFold(token[:3], month.String()[:3]) {
			return month
		}
	}
	return 0
}
