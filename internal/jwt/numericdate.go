package jwt

import (
	"cmp"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/reltime"
)

// A NumericDate is a time in seconds since 1970-01-01T00:00:00Z, leap seconds
// ignored, as a JSON number with its fraction and exponent (RFC 7519 §2). It is
// never rounded: Compare is exact.
type NumericDate struct {
	text  string
	value decimal

	// seconds is the value of a date without fraction and exponent, as nearly all
	// are, which needs no arithmetic in decimals.
	seconds int64
	whole   bool
}

// outsideCalendar is what stands for a date that has no RFC 3339 form.
const outsideCalendar = "outside every calendar"

// Bounds of what dates are taken for, in seconds since 1970.
var (
	endOfCalendar = decimal{digits: "2534023008", point: 12} // 253402300800 is 10000-01-01T00:00:00Z
	farFuture     = decimal{digits: "1", point: 12}          // 1e11 is in the year 5138: hardly meant
	millisFrom    = decimal{digits: "1", point: 13}          // 1e12 is 2001-09-09, were it milliseconds
	millisTo      = decimal{digits: "2534023008", point: 15} // the end of the calendar in milliseconds
	lifetimes     = decimal{digits: "1", point: 9}           // 1e8 is rather "3 years long" than in 1973
)

// ParseNumericDate returns the date that v is, and false if v is not a number.
func ParseNumericDate(v jsonobject.Value) (NumericDate, bool) {
	if v.Kind() != '0' {
		return NumericDate{}, false
	}
	text := string(v)
	d := NumericDate{text: text, value: parseDecimal(text)}
	d.seconds, d.whole = wholeNumber(text)
	return d, true
}

// wholeNumber reads a JSON number of nothing but digits, as many as an int64 is
// sure to hold.
func wholeNumber(text string) (n int64, ok bool) {
	const most = 18
	digits := strings.TrimPrefix(text, "-")
	if len(digits) > most {
		return 0, false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(digits[i]-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n, true
}

// Compare returns -1, 0 or +1 as the date is before, at or after t, exactly.
func (d NumericDate) Compare(t time.Time) int {
	switch {
	case !d.whole:
		return d.value.compare(decimalOf(t))
	case d.seconds == t.Unix() && t.Nanosecond() > 0: // Unix rounds down
		return -1
	default:
		return cmp.Compare(d.seconds, t.Unix())
	}
}

// Time returns the date to the nanosecond below, and false if it is outside the
// years 0000 to 9999.
func (d NumericDate) Time() (time.Time, bool) { return timeOf(d.value) }

// Text returns the number as the token spells it.
func (d NumericDate) Text() string { return d.text }

// String returns the date as RFC 3339 in UTC, or "outside every calendar".
func (d NumericDate) String() string {
	t, ok := d.Time()
	if !ok {
		return outsideCalendar
	}
	return t.Format(time.RFC3339Nano)
}

// afterCalendar reports whether the date is in the year 10000 or later.
func (d NumericDate) afterCalendar() bool { return d.value.compare(endOfCalendar) >= 0 }

// InMilliseconds returns the time that the number most likely was meant to be
// when it counts milliseconds, and false when it does not look so.
func (d NumericDate) InMilliseconds() (time.Time, bool) {
	if d.value.compare(millisFrom) < 0 || d.value.compare(millisTo) >= 0 {
		return time.Time{}, false
	}
	v := d.value
	v.point -= 3
	return timeOf(v)
}

// looksLikeLifetime reports whether the number is a length of time that somebody
// forgot to add to the present.
func (d NumericDate) looksLikeLifetime() bool {
	return d.value.sign() > 0 && d.value.compare(lifetimes) < 0
}

func timeOf(d decimal) (time.Time, bool) {
	const nanoDigits = 9
	if d.point > 12 { // 10^12 seconds are more than 31000 years
		return time.Time{}, false
	}
	var seconds, nanos int64
	for i := int64(0); i < d.point; i++ {
		seconds = seconds*10 + d.digit(i)
	}
	for i := d.point; i < d.point+nanoDigits; i++ {
		nanos = nanos*10 + d.digit(i)
	}
	if d.negative {
		seconds, nanos = -seconds, -nanos
		if int64(len(d.digits)) > d.point+nanoDigits { // digits are left: round down
			nanos--
		}
	}
	t := time.Unix(seconds, nanos).UTC()
	return t, reltime.InCalendar(t)
}
