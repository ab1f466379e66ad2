package jwt

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/phrase"
)

// A NumericDate is a time in seconds since 1970-01-01T00:00:00Z without leap seconds, as
// a JSON number with fraction and exponent (RFC 7519 §2). It is never rounded: Compare is
// exact.
type NumericDate struct {
	text jsonobject.Value // as it was read

	seconds, nanos int64 // the value rounded down; the nearest int64 if it is out of range
	rounded        bool  // the value is greater than seconds and nanos
}

// outsideCalendar is shown for a date that RFC 3339 cannot represent.
const outsideCalendar = "outside every calendar"

// Dates that are probably mistakes, in seconds since 1970.
const (
	farFuture  = 1e11            // the year 5138
	millisFrom = 1e12            // 2001-09-09 as milliseconds
	millisTo   = 253402300800000 // the end of the year 9999 as milliseconds
	lifetimes  = 1e8             // below, a lifetime of up to 3 years is likelier than a date in 1970 to 1973
)

// The seconds in which the year 0000 begins and the year 9999 ends.
const (
	firstSecond = -62167219200
	lastSecond  = 253402300799
)

// ParseNumericDate returns v as a date, and false if v is not a number.
func ParseNumericDate(v jsonobject.Value) (NumericDate, bool) {
	var d NumericDate
	ok := d.read(v)
	return d, ok
}

// read is ParseNumericDate into d.
func (d *NumericDate) read(v jsonobject.Value) bool {
	*d = NumericDate{}
	if v.Kind() != '0' {
		return false
	}
	d.text = v
	if n, ok := integer(v); ok {
		d.seconds = n
	} else if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		d.seconds = n
	} else {
		d.seconds, d.nanos, d.rounded = roundDown(v.Decimal())
	}
	return true
}

// integer reads a number of only digits that is in range.
func integer(v jsonobject.Value) (n int64, ok bool) {
	const most = 18 // digits
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(v) <= most
}

// roundDown returns the nanosecond at or below n seconds, and whether n is greater.
func roundDown(n jsonobject.Decimal) (seconds, nanos int64, rounded bool) {
	const places, most = 9, 19 // 10^19 is out of range
	rounded = int64(len(n.Digits)) > n.Exponent+places
	switch {
	case n.Exponent > most:
		seconds, rounded = math.MaxInt64, true
	case n.Exponent >= -places:
		point := max(n.Exponent, 0)
		digits := strings.Repeat("0", int(point-n.Exponent)) + n.Digits[:min(len(n.Digits), most+places)]
		digits += strings.Repeat("0", most+places)
		seconds, _ = strconv.ParseInt(digits[:point], 10, 64)
		nanos, _ = strconv.ParseInt(digits[point:point+places], 10, 64)
	}
	if n.Negative {
		seconds, nanos = -seconds, -nanos
		if rounded {
			nanos--
		}
		if nanos < 0 {
			seconds, nanos = seconds-1, nanos+1e9
		}
	}
	return seconds, nanos, rounded
}

// Compare returns -1, 0 or +1 if the date is before, at or after t. The comparison is
// exact.
func (d *NumericDate) Compare(t time.Time) int {
	if c := cmp.Compare(d.seconds, t.Unix()); c != 0 {
		return c
	}
	c := cmp.Compare(d.nanos, int64(t.Nanosecond()))
	if c == 0 && d.rounded {
		return 1
	}
	return c
}

// Time returns the date rounded down to a nanosecond, and false if it is outside the
// years 0000 to 9999.
func (d *NumericDate) Time() (time.Time, bool) {
	return time.Unix(d.seconds, d.nanos).UTC(), firstSecond <= d.seconds && d.seconds <= lastSecond
}

// Text returns the number as it is written in the token.
func (d *NumericDate) Text() string { return string(d.text) }

// short returns the number for a sentence.
func (d *NumericDate) short() string { return phrase.Short(string(d.text)) }

// String returns the date as RFC 3339 in UTC, or "outside every calendar".
func (d *NumericDate) String() string {
	t, ok := d.Time()
	if !ok {
		return outsideCalendar
	}
	return t.Format(time.RFC3339Nano)
}

// afterCalendar reports whether the date is in the year 10000 or later.
func (d *NumericDate) afterCalendar() bool {
	return d.seconds > lastSecond
}

// InMilliseconds returns the time if the number is probably a count of milliseconds, and
// false otherwise.
func (d *NumericDate) InMilliseconds() (time.Time, bool) {
	if d.seconds < millisFrom || d.seconds >= millisTo {
		return time.Time{}, false
	}
	return time.UnixMilli(d.seconds).Add(time.Duration(d.nanos / 1000)).UTC(), true
}

// looksLikeLifetime reports whether the number is probably a lifetime that the issuer
// forgot to add to the current time.
func (d *NumericDate) looksLikeLifetime() bool {
	return d.seconds < lifetimes && d.Compare(time.Unix(0, 0)) > 0
}
