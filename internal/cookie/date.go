package cookie

import (
	"strconv"
	"strings"
	"time"
)

// parseDate reads the Expires attribute of a cookie as browsers do (RFC 6265
// §5.1.1): the first token of each form is the time, the day, the month and the year, in
// any order. ok is false for a text that is not a date, which browsers ignore.
func parseDate(text string) (date time.Time, ok bool) {
	var d foundDate
	for token := range strings.FieldsFuncSeq(text, isDateDelimiter) {
		d.take(token)
	}
	return d.time()
}

func isDateDelimiter(r rune) bool {
	return r == '\t' || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 || r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}

// A foundDate holds the parts of a date that were found.
type foundDate struct {
	hour, minute, second, day, month, year int
	hasTime, hasDay, hasMonth, hasYear     bool
}

// take adds a token to the first part that has its form and is missing.
func (d *foundDate) take(token string) {
	if !d.hasTime {
		if d.hasTime = d.takeTime(token); d.hasTime {
			return
		}
	}
	if !d.hasDay {
		if d.day, d.hasDay = leadingDigits(token, 1, 2); d.hasDay {
			return
		}
	}
	if !d.hasMonth {
		if d.month, d.hasMonth = monthOf(token); d.hasMonth {
			return
		}
	}
	if !d.hasYear {
		d.year, d.hasYear = leadingDigits(token, 2, 4)
	}
}

func (d *foundDate) takeTime(token string) bool {
	parts := strings.SplitN(token, ":", 3)
	if len(parts) != 3 || len(parts[0]) > 2 || len(parts[1]) > 2 {
		return false
	}
	var ok [3]bool
	d.hour, ok[0] = leadingDigits(parts[0], 1, 2)
	d.minute, ok[1] = leadingDigits(parts[1], 1, 2)
	d.second, ok[2] = leadingDigits(parts[2], 1, 2)
	return ok == [3]bool{true, true, true} && isNumber(parts[0]) && isNumber(parts[1])
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// leadingDigits returns the number that a token begins with, if it has between least and
// most digits.
func leadingDigits(token string, least, most int) (int, bool) {
	n := len(token) - len(strings.TrimLeft(token, "0123456789"))
	if n < least || n > most {
		return 0, false
	}
	v, err := strconv.Atoi(token[:n])
	return v, err == nil
}

// monthOf returns the month whose name a token begins with.
func monthOf(token string) (int, bool) {
	if len(token) < 3 {
		return 0, false
	}
	at := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(token[:3]))
	return at/3 + 1, at >= 0 && at%3 == 0
}

// time returns the date, if it has all parts and exists.
func (d *foundDate) time() (time.Time, bool) {
	switch {
	case d.year >= 70 && d.year <= 99:
		d.year += 1900
	case d.year >= 0 && d.year <= 69:
		d.year += 2000
	}
	switch {
	case !d.hasTime || !d.hasDay || !d.hasMonth || !d.hasYear,
		d.day < 1, d.day > 31, d.year < 1601, d.hour > 23, d.minute > 59, d.second > 59:
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, 0, time.UTC)
	return t, t.Day() == d.day // 31 February does not exist
}
