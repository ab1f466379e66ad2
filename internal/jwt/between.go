package jwt

import (
	"strconv"
	"strings"

	"jwt/internal/jsonobject"
)

// TimeBetween returns the time from one date to another: in seconds, as a JSON
// number exact to the nanosecond, and in words, like "+1 h 30 min". ok is false
// where one of them is outside every calendar.
func TimeBetween(from, to NumericDate) (seconds jsonobject.Value, words string, ok bool) {
	f, fromOK := from.Time()
	t, toOK := to.Time()
	if !fromOK || !toOK {
		return nil, "", false
	}
	const nano = 1_000_000_000
	whole, nanos := t.Unix()-f.Unix(), int64(t.Nanosecond()-f.Nanosecond())
	sign := "+"
	if whole < 0 || whole == 0 && nanos < 0 {
		sign, whole, nanos = "-", -whole, -nanos
	}
	if nanos < 0 {
		whole, nanos = whole-1, nanos+nano
	}
	fraction := ""
	if nanos > 0 {
		fraction = "." + strings.TrimRight(strconv.FormatInt(nano+nanos, 10)[1:], "0")
	}
	number := strconv.FormatInt(whole, 10) + fraction
	return jsonobject.Value(strings.TrimPrefix(sign, "+") + number), sign + exactly(whole, fraction), true
}

// exactly tells a length of time with all its units.
func exactly(seconds int64, fraction string) string {
	var parts []string
	for _, u := range units[1:] { // no years, which are not all of one length
		n := seconds / u.seconds
		seconds %= u.seconds
		switch {
		case u.seconds == 1 && (n > 0 || fraction != "" || len(parts) == 0):
			parts = append(parts, strconv.FormatInt(n, 10)+fraction+" "+u.name)
		case n > 0:
			parts = append(parts, strconv.FormatInt(n, 10)+" "+u.name)
		}
	}
	return strings.Join(parts, " ")
}
