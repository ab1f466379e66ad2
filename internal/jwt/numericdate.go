package jwt

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"jwt/internal/jsonobject"
	"jwt/internal/reltime"
)

// A NumericDate is a time in seconds since 1970-01-01T00:00:00Z, leap seconds
// ignored, as a JSON number with its fraction and exponent (RFC 7519 §2). It is
// never rounded: Compare is exact.
type NumericDate struct {
	text string

	seconds, nanos int64 // the value rounded down; the nearest int64 where it is out of range
	rounded        bool  // the value is greater than that
}

// outsideCalendar is shown for a date that has no RFC 3339 form.
const outsideCalendar = "outside every calendar"

// Dates that are probably mistakes, in seconds since 1970.
const (
	farFuture  = 1e11            // the year 5138
	millisFrom = 1e12            // 2001-09-09, were it milliseconds
	millisTo   = 253402300800000 // the end of the year 9999, were it milliseconds
	lifetimes  = 1e8             // rather "3 years long" than in 1973
)

// ParseNumericDate returns the date that v is, and false if v is not a number.
func ParseNumericDate(v jsonobject.Value) (NumericDate, bool) {
	if v.Kind() != '0' {
		return NumericDate{}, false
	}
	d := NumericDate{text: string(v)}
	if n, err := strconv.ParseInt(d.text, 10, 64); err == nil {
		d.seconds = n
	} else {
		d.seconds, d.nanos, d.rounded = roundDown(v.Decimal())
	}
	return d, true
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

// Compare returns -1, 0 or +1 as the date is before, at or after t, exactly.
func (d NumericDate) Compare(t time.Time) int {
	c := cmp.Or(cmp.Compare(d.seconds, t.Unix()), cmp.Compare(d.nanos, int64(t.Nanosecond())))
	if c == 0 && d.rounded {
		return 1
	}
	return c
}

// Time returns the date to the nanosecond below, and false if it is outside the
// years 0000 to 9999.
func (d NumericDate) Time() (time.Time, bool) {
	t := time.Unix(d.seconds, d.nanos).UTC()
	return t, reltime.InCalendar(t)
}

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
func (d NumericDate) afterCalendar() bool {
	_, ok := d.Time()
	return !ok && d.seconds > 0
}

// InMilliseconds returns the time that the number most likely was meant to be
// when it counts milliseconds, and false when it does not look so.
func (d NumericDate) InMilliseconds() (time.Time, bool) {
	if d.seconds < millisFrom || d.seconds >= millisTo {
		return time.Time{}, false
	}
	return time.UnixMilli(d.seconds).Add(time.Duration(d.nanos / 1000)).UTC(), true
}

// looksLikeLifetime reports whether the number is a length of time that its issuer
// forgot to add to the present.
func (d NumericDate) looksLikeLifetime() bool {
	return d.seconds < lifetimes && d.Compare(time.Unix(0, 0)) > 0
}
