package jwt

import (
	"jwt/internal/jsonobject"
	"jwt/internal/reltime"
)

// TimeBetween returns the time from one date to another: in seconds, as a JSON number
// exact to the nanosecond, and in words, like "+1 h 30 min". ok is false if one of them
// is outside the calendar.
func TimeBetween(from, to NumericDate) (seconds jsonobject.Value, words string, ok bool) {
	f, fromOK := from.Time()
	t, toOK := to.Time()
	if !fromOK || !toOK {
		return nil, "", false
	}
	number, words := reltime.Between(f, t)
	return jsonobject.Value(number), words, true
}
