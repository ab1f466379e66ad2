package jwt

import (
	"strconv"
	"time"
)

// Lengths of time in seconds, as people are told them. A year is the mean one of
// the calendar, 365.2425 days.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	year   = 31556952
)

var units = [...]struct {
	seconds int64
	name    string
}{{year, "y"}, {day, "d"}, {hour, "h"}, {minute, "min"}, {1, "s"}}

// Span tells a length of time to people, the sign ignored: to the nearest whole
// unit, and where there is but one of that unit, with the next smaller one:
// "5 min", "1 h", "1 h 30 min", "3 h", "2 y". Below half a second it is "a moment".
func Span(d time.Duration) string { return string(appendSpan(nil, wholeSeconds(d))) }

// Relative tells how far from now d is: "in 5 min", "3 h ago", "now". It rounds
// as Span does.
func Relative(d time.Duration) string { return string(appendRelative(nil, wholeSeconds(d))) }

// Ago is Relative for the time from now to t, however far apart they are.
func Ago(t, now time.Time) string { return string(appendRelative(nil, secondsBetween(t, now))) }

// secondsBetween returns t - now to the nearest second; time.Time.Sub would stop
// at 292 years.
func secondsBetween(t, now time.Time) int64 {
	nanos := time.Duration(t.Nanosecond() - now.Nanosecond())
	return t.Unix() - now.Unix() + wholeSeconds(nanos)
}

func wholeSeconds(d time.Duration) int64 { return int64(d.Round(time.Second) / time.Second) }

func appendRelative(dst []byte, seconds int64) []byte {
	switch {
	case seconds > 0:
		return appendSpan(append(dst, "in "...), seconds)
	case seconds < 0:
		return append(appendSpan(dst, seconds), " ago"...)
	default:
		return append(dst, "now"...)
	}
}

func appendSpan(dst []byte, seconds int64) []byte {
	if seconds < 0 {
		seconds = -seconds
	}
	if seconds == 0 {
		return append(dst, "a moment"...)
	}
	for i, u := range units[:len(units)-1] {
		next := units[i+1]
		rest := nearest(seconds, next.seconds) - u.seconds/next.seconds
		switch {
		case rest < 0:
			continue
		case rest == 0:
			return appendUnits(dst, 1, u.name)
		case rest < u.seconds/next.seconds:
			return appendUnits(append(appendUnits(dst, 1, u.name), ' '), rest, next.name)
		default:
			return appendUnits(dst, nearest(seconds, u.seconds), u.name)
		}
	}
	return appendUnits(dst, seconds, "s")
}

func appendUnits(dst []byte, n int64, unit string) []byte {
	return append(append(strconv.AppendInt(dst, n, 10), ' '), unit...)
}

// nearest returns how many units of that many seconds there are, halves rounded up.
func nearest(seconds, unit int64) int64 {
	n := seconds / unit
	if rest := seconds % unit; rest >= unit-rest {
		n++
	}
	return n
}
