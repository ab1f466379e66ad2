// Package reltime reads times and lengths of time as people type them (+1h, 2d,
// RFC 3339) and writes them as people say them (in 5 min, 3 h ago).
package reltime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The years 0000 to 9999, which RFC 3339 can represent, in seconds since 1970.
const (
	firstSecond = -62167219200 // 0000-01-01T00:00:00Z
	lastSecond  = 253402300799 // 9999-12-31T23:59:59Z
)

// InCalendar reports whether RFC 3339 can represent t: a time in the years 0000 to 9999.
func InCalendar(t time.Time) bool { return firstSecond <= t.Unix() && t.Unix() <= lastSecond }

// Durations in seconds for people. A year is the mean calendar year, 365.2425 days.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	year   = 31556952
)

var units = [...]struct {
	seconds int64
	name    string
	next    int64 // whole units of the next kind
}{{year, "y", year / day}, {day, "d", day / hour}, {hour, "h", hour / minute}, {minute, "min", minute}, {1, "s", 0}}

// Span formats a duration for people, without its sign. It rounds to the nearest unit,
// and adds the next smaller unit after one unit: "5 min", "1 h", "1 h 30 min", "3 h", "2
// y". Below half a second it is "a moment".
func Span(d time.Duration) string { return string(appendSpan(nil, wholeSeconds(d))) }

// SpanBetween is Span for the time between t and now, of any length.
func SpanBetween(t, now time.Time) string { return string(appendSpan(nil, secondsBetween(t, now))) }

// Ago formats the distance of t from now: "in 5 min", "3 h ago", "now". It rounds like
// Span.
func Ago(t, now time.Time) string { return string(AppendAgo(nil, t, now)) }

// AppendAgo appends the result of Ago to dst.
func AppendAgo(dst []byte, t, now time.Time) []byte {
	return appendRelative(dst, secondsBetween(t, now))
}

// Between returns the time from one instant to another: in seconds, as a decimal number
// exact to the nanosecond, and in words with all units, like "+1 h 30 min".
func Between(from, to time.Time) (seconds, words string) {
	const nano = 1_000_000_000
	whole, nanos := to.Unix()-from.Unix(), int64(to.Nanosecond()-from.Nanosecond())
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
	return strings.TrimPrefix(sign, "+") + number, sign + exactly(whole, fraction)
}

// Typed formats a duration as users type it: 1h30m, not 1h30m0s; from two days on with days.
func Typed(d time.Duration) string {
	const oneDay = day * time.Second
	if d >= 2*oneDay {
		days := strconv.FormatInt(int64(d/oneDay), 10) + "d"
		if d%oneDay == 0 {
			return days
		}
		return days + Typed(d%oneDay)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Clock formats a duration to the second, rounded up: "3 d 04:05:06", "05:06".
func Clock(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	text := fmt.Sprintf("%02d:%02d", s/60%60, s%60)
	if s >= hour {
		text = fmt.Sprintf("%02d:%s", s/hour%24, text)
	}
	if days := s / day; days > 0 {
		text = fmt.Sprintf("%d d %s", days, text)
	}
	return text
}

// exactly formats a duration with all its units.
func exactly(seconds int64, fraction string) string {
	var parts []string
	for _, u := range units[1:] { // without years, which have different lengths
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

// secondsBetween returns t - now to the nearest second. time.Time.Sub is limited to 292
// years.
func secondsBetween(t, now time.Time) int64 {
	const half = int(time.Second / 2)
	seconds, nanos := t.Unix()-now.Unix(), t.Nanosecond()-now.Nanosecond()
	switch {
	case nanos >= half:
		seconds++
	case nanos <= -half:
		seconds--
	}
	return seconds
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
		rest := nearest(seconds, next.seconds) - u.next
		switch {
		case rest < 0:
			continue
		case rest == 0:
			return appendUnits(dst, 1, u.name)
		case rest < u.next:
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

// nearest returns the number of units in seconds, rounded to the nearest, halves up.
func nearest(seconds, unit int64) int64 {
	n := seconds / unit
	if rest := seconds % unit; rest >= unit-rest {
		n++
	}
	return n
}
