package reltime

import (
	"math"
	"strconv"
	"strings"
	"time"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// Parse reads a time as people type it:
//
//	now                         the instant now
//	+1h  -5m  90m  2d  1h30m    relative to now (ParseDuration); no sign is +
//	2026-01-31T12:00:00Z        RFC 3339; the seconds are optional, the zone is not
//	2026-01-31                  midnight of that day in UTC
//	1700000000  1700000000.5    seconds since 1970
//
// A number with a sign is relative to now: +60 is in a minute. The errors are of class
// usage. The result is within the years 0000 to 9999.
func Parse(s string, now time.Time) (time.Time, error) {
	t, err := parseTime(s, now)
	if err != nil {
		return time.Time{}, err
	}
	if !InCalendar(t) {
		return time.Time{}, timeError("%s is outside the years 0000 to 9999", phrase.Quote(s))
	}
	return t, nil
}

func parseTime(s string, now time.Time) (time.Time, error) {
	switch {
	case s == "now":
		return now, nil
	case s == "":
		return time.Time{}, timeError("an empty text is not a time")
	case strings.HasPrefix(s, "+"):
		d, err := parseDuration(s[1:])
		return now.Add(d), asTimeError(s, err)
	case strings.HasPrefix(s, "-"):
		d, err := parseDuration(s[1:])
		return now.Add(-d), asTimeError(s, err)
	case isPlainNumber(s):
		return parseUnix(s)
	case len(s) >= len("2006-01-02") && s[4] == '-':
		return parseRFC3339(s)
	}
	d, err := parseDuration(s)
	return now.Add(d), asTimeError(s, err)
}

// parseUnix reads seconds since 1970. It rounds down to a nanosecond.
func parseUnix(s string) (time.Time, error) {
	const firstMilli, calendarEnd = 1_000_000_000_000, lastSecond + 1
	whole, fraction, _ := strings.Cut(s, ".")
	seconds, _ := strconv.ParseInt(whole, 10, 64) // the largest int64 if there are too many digits
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	switch {
	case seconds < calendarEnd:
		return time.Unix(seconds, nanos), nil
	case seconds >= firstMilli && seconds < calendarEnd*1000:
		return time.Time{}, verdict.Errorf(verdict.Usage, "%s looks like milliseconds, want seconds since 1970", phrase.Short(s)).
			Hintf("in seconds that is %d", seconds/1000)
	}
	return time.Time{}, timeError("%s is outside every calendar", phrase.Short(s))
}

// parseRFC3339 reads a date-time strictly (RFC 3339 §5.6). It also accepts a date-time
// without seconds, a space instead of the T (which §5.6 allows), and a date alone.
func parseRFC3339(s string) (time.Time, error) {
	const date, minutes = len("2006-01-02"), len("2006-01-02T15:04")
	full := s
	if len(s) == date {
		full += "T00:00:00Z"
	}
	if full[date] == ' ' {
		full = full[:date] + "T" + full[date+1:]
	}
	if len(full) > minutes && strings.IndexByte("Zz+-", full[minutes]) >= 0 {
		full = full[:minutes] + ":00" + full[minutes:]
	}
	if t, ok := strictRFC3339(full); ok {
		return t, nil
	}
	_, needsZone := strictRFC3339(full + "Z")
	_, needsBoth := strictRFC3339(full + ":00Z")
	if needsZone || needsBoth {
		return time.Time{}, verdict.Errorf(verdict.Usage, "%s has no time zone", phrase.Quote(s)).
			Hintf("for UTC write %sZ, else its offset: %s+02:00", s, s)
	}
	return time.Time{}, timeError("%s is not a time of RFC 3339", phrase.Quote(s))
}

// strictRFC3339 is time.Parse, but refuses hours of one digit and a comma instead of the
// point.
func strictRFC3339(s string) (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	s = strings.ToUpper(s)
	if len(s) <= len(shape) || s[len(shape)] == ',' {
		return time.Time{}, false
	}
	for i := range len(shape) {
		if isDigit := '0' <= s[i] && s[i] <= '9'; isDigit != (shape[i] == '0') {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

func timeError(format string, args ...any) error {
	return verdict.Errorf(verdict.Usage, format, args...).
		Hintf("times look like +1h, -5m, 2d, 2026-01-31T12:00:00Z, 1700000000 or now")
}

// asTimeError turns an error of ParseDuration into one about a time.
func asTimeError(s string, err error) error {
	if err == nil {
		return nil
	}
	return timeError("%s is not a time: %w", phrase.Quote(s), err)
}

// ParseDuration reads a length of time as people type it: numbers with Go's units (h, m,
// s, ms, us, ns), d or w in any order (1h30m, 2d12h, 1.5h), or a plain number of seconds.
// The result is not negative. The errors are of class usage.
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err != nil {
		return 0, verdict.Errorf(verdict.Usage, "%s is not a length of time: %w", phrase.Quote(s), err).
			Hintf("write 90s, 5m, 1h30m, 2d, 1w or a number of seconds")
	}
	return d, nil
}

// A durationFault is the reason why a text is not a length of time.
type durationFault string

func (f durationFault) Error() string { return string(f) }

const (
	emptyText    durationFault = "it is empty"
	noNumber     durationFault = "a number is missing"
	hasSign      durationFault = "it must not be negative or have a sign"
	tooLong      durationFault = "it is longer than 292 years"
	calendarUnit durationFault = "months and years differ in length, use d or w"
)

func parseDuration(s string) (time.Duration, error) {
	switch {
	case s == "":
		return 0, emptyText
	case s[0] == '-' || s[0] == '+':
		return 0, hasSign
	case isPlainNumber(s):
		return component(s, "s")
	}
	var total time.Duration
	for s != "" {
		number, unit, rest := cutComponent(s)
		d, err := component(number, unit)
		if err != nil {
			return 0, err
		}
		if d > math.MaxInt64-total {
			return 0, tooLong
		}
		total += d
		s = rest
	}
	return total, nil
}

// cutComponent cuts one number and its unit from the start of s. Either may be empty.
func cutComponent(s string) (number, unit, rest string) {
	isNumber := func(c byte) bool { return c == '.' || '0' <= c && c <= '9' }
	n := prefixOf(s, isNumber)
	u := prefixOf(s[n:], func(c byte) bool { return !isNumber(c) })
	return s[:n], s[n : n+u], s[n+u:]
}

// component reads one number with its unit.
func component(number, unit string) (time.Duration, error) {
	if !isPlainNumber(number) {
		return 0, noNumber
	}
	factor := time.Duration(1)
	switch unit {
	case "d":
		factor, unit = 24, "h"
	case "w":
		factor, unit = 7*24, "h"
	case "h", "m", "s", "ms", "us", "µs", "μs", "ns":
	case "":
		return 0, durationFault("a unit is missing after " + phrase.Short(number))
	case "y", "mo", "M", "month", "months", "year", "years":
		return 0, calendarUnit
	default:
		return 0, durationFault("unknown unit " + phrase.Quote(unit) + ": use w, d, h, m, s, ms, us or ns")
	}
	d, err := time.ParseDuration(number + unit)
	if err != nil || d > math.MaxInt64/factor { // the syntax is valid: the value is too large
		return 0, tooLong
	}
	return d * factor, nil
}

// isPlainNumber reports whether s is digits, optionally with a point and more digits.
func isPlainNumber(s string) bool {
	whole, fraction, hasPoint := strings.Cut(s, ".")
	return allDigits(whole) && (!hasPoint || allDigits(fraction))
}

func allDigits(s string) bool {
	return s != "" && prefixOf(s, func(c byte) bool { return '0' <= c && c <= '9' }) == len(s)
}

// prefixOf returns the length in bytes of the prefix of s whose bytes are of this kind.
func prefixOf(s string, kind func(byte) bool) int {
	for i := range len(s) {
		if !kind(s[i]) {
			return i
		}
	}
	return len(s)
}
