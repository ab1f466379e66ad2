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
func Span(d time.Duration) string { return span(wholeSeconds(d)) }

// Relative tells how far from now d is: "in 5 min", "3 h ago", "now". It rounds
// as Span does.
func Relative(d time.Duration) string { return relative(wholeSeconds(d)) }

// Ago is Relative for the time from now to t, however far apart they are.
func Ago(t, now time.Time) string { return relative(secondsBetween(t, now)) }

// secondsBetween returns t - now to the nearest second; time.Time.Sub would stop
// at 292 years.
func secondsBetween(t, now time.Time) int64 {
	nanos := time.Duration(t.Nanosecond() - now.Nanosecond())
	return t.Unix() - now.Unix() + wholeSeconds(nanos)
}

func wholeSeconds(d time.Duration) int64 { return int64(d.Round(time.Second) / time.Second) }

func relative(seconds int64) string {
	switch {
	case seconds > 0:
		return "in " + span(seconds)
	case seconds < 0:
		return span(seconds) + " ago"
	default:
		return "now"
	}
}

func span(seconds int64) string {
	if seconds < 0 {
		seconds = -seconds
	}
	if seconds == 0 {
		return "a moment"
	}
	for i, u := range units[:len(units)-1] {
		next := units[i+1]
		rest := nearest(seconds, next.seconds) - u.seconds/next.seconds
		switch {
		case rest < 0:
			continue
		case rest == 0:
			return "1 " + u.name
		case rest < u.seconds/next.seconds:
			return "1 " + u.name + " " + strconv.FormatInt(rest, 10) + " " + next.name
		default:
			return strconv.FormatInt(nearest(seconds, u.seconds), 10) + " " + u.name
		}
	}
	return strconv.FormatInt(seconds, 10) + " s"
}

// nearest returns how many units of that many seconds there are, halves rounded up.
func nearest(seconds, unit int64) int64 {
	n := seconds / unit
	if rest := seconds % unit; rest >= unit-rest {
		n++
	}
	return n
}
