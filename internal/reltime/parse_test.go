package reltime

import (
	"math"
	"strings"
	"testing"
	"time"

	"jwt/internal/verdict"
)

var noon = time.Unix(1700000000, 0)

func TestParse(t *testing.T) {
	now := noon.Add(250 * time.Millisecond)
	for text, want := range map[string]string{
		"now":                       "2023-11-14T22:13:20.25Z",
		"+1h":                       "2023-11-14T23:13:20.25Z",
		"-5m":                       "2023-11-14T22:08:20.25Z",
		"90m":                       "2023-11-14T23:43:20.25Z",
		"2d":                        "2023-11-16T22:13:20.25Z",
		"-1w":                       "2023-11-07T22:13:20.25Z",
		"1h30m":                     "2023-11-14T23:43:20.25Z",
		"1.5h":                      "2023-11-14T23:43:20.25Z",
		"+60":                       "2023-11-14T22:14:20.25Z",
		"-60":                       "2023-11-14T22:12:20.25Z",
		"0":                         "1970-01-01T00:00:00Z",
		"1700000000":                "2023-11-14T22:13:20Z",
		"1700000000.5":              "2023-11-14T22:13:20.5Z",
		"253402300799":              "9999-12-31T23:59:59Z",
		"2026-01-31T12:00:00Z":      "2026-01-31T12:00:00Z",
		"2026-01-31t12:00:00z":      "2026-01-31T12:00:00Z",
		"2026-01-31T12:00:00.125Z":  "2026-01-31T12:00:00.125Z",
		"2026-01-31T12:00:00+02:00": "2026-01-31T10:00:00Z",
		"2026-01-31T12:00:00-02:30": "2026-01-31T14:30:00Z",
		"2026-01-31T12:00Z":         "2026-01-31T12:00:00Z",
		"2026-01-31T12:00+02:00":    "2026-01-31T10:00:00Z",
		"2026-01-31 12:00:00Z":      "2026-01-31T12:00:00Z",
		"2026-01-31":                "2026-01-31T00:00:00Z",
		"0000-01-01":                "0000-01-01T00:00:00Z",
	} {
		got, err := Parse(text, now)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if s := got.UTC().Format(time.RFC3339Nano); s != want {
			t.Errorf("%s is %s, want %s", text, s, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                          "empty",
		"tomorrow":                  "a number is missing",
		"+":                         "it is empty",
		"--5m":                      "must not be negative",
		"1700000000000":             "looks like milliseconds",
		"17000000000000000000000":   "outside every calendar",
		"+292w10000000h":            "longer than 292 years",
		"2023-11-14T22:13:20":       "has no time zone",
		"2023-11-14T22:13":          "has no time zone",
		"2023-11-14 22:13":          "has no time zone",
		"2023-02-30":                "is not a time of RFC 3339",
		"2023-11-14T25:00:00Z":      "is not a time of RFC 3339",
		"2023-11-14T2:00:00Z":       "is not a time of RFC 3339",
		"2023-11-14T22:13:20,5Z":    "is not a time of RFC 3339",
		"2023-11-14T22:13:20+25:00": "is not a time of RFC 3339",
		"10000-01-01T00:00:00Z":     "is not a time",
		"0000-01-01T00:00:00+01:00": "outside the years",
		"-100w ":                    "unknown unit",
		"1e9":                       "unknown unit",
		"1m 30s":                    "unknown unit",
	} {
		got, err := Parse(text, noon)
		if verdict.ClassOf(err) != verdict.Usage || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v and %v, want a usage error that says %q", text, got, err, says)
		}
	}
	if _, err := Parse("-292w", time.Unix(firstSecond, 0)); verdict.ClassOf(err) != verdict.Usage {
		t.Errorf("a time before the year 0: %v, want a usage error", err)
	}
}

func TestParseDuration(t *testing.T) {
	const dayLong = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"0":                   0,
		"60":                  time.Minute,
		"1.5":                 1500 * time.Millisecond,
		"60s":                 time.Minute,
		"5m":                  5 * time.Minute,
		"1h30m":               90 * time.Minute,
		"2d":                  2 * dayLong,
		"1w":                  7 * dayLong,
		"1w2d3h":              9*dayLong + 3*time.Hour,
		"1.5d":                36 * time.Hour,
		"250ms":               250 * time.Millisecond,
		"1us1µs1μs":           3 * time.Microsecond,
		"7ns":                 7,
		"9223372036":          9223372036 * time.Second,
		"9223372036854775807": -1,
		"15250w":              15250 * 7 * dayLong,
		"15251w":              -1,
		"106752d":             -1,
		"2562047h48m":         -1,
		"":                    -1,
		"-5m":                 -1,
		"+5m":                 -1,
		"5":                   5 * time.Second,
		"5x":                  -1,
		"1y":                  -1,
		"m":                   -1,
		"1h30":                -1,
		"1..5h":               -1,
		".5h":                 -1,
		"5.h":                 -1,
		"1e3s":                -1,
		" 5m":                 -1,
		"5 m":                 -1,
		"5M":                  -1,
		"٣m":                  -1,
	} {
		got, err := ParseDuration(text)
		switch {
		case want < 0 && (verdict.ClassOf(err) != verdict.Usage || got != 0):
			t.Errorf("%q: %v and %v, want a usage error", text, got, err)
		case want >= 0 && (err != nil || got != want):
			t.Errorf("%q: %v and %v, want %v", text, got, err, want)
		}
	}
}

// FuzzParseDuration checks that a day is 24 hours and a week 7 days, that all else agrees
// with time.ParseDuration, and that no length is negative.
func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1h30m", "60", "2d", "1w2d3h4m5s", "99999999999w", "1.5d", "2562047h47m16.854775807s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if d < 0 || (err != nil && d != 0) {
			t.Fatalf("%q: %v and %v", s, d, err)
		}
		if goes, goErr := time.ParseDuration(s); err == nil && goErr == nil && goes != d {
			t.Errorf("%q: %v, Go says %v", s, d, goes)
		}
		if err != nil || d > math.MaxInt64/2 {
			return
		}
		if sum, err := ParseDuration(Typed(d) + "1d"); err == nil && sum != d+24*time.Hour {
			t.Errorf("%v and a day: %v", d, sum)
		}
		if at, err := Parse("+"+s, noon); err == nil && !at.Equal(noon.Add(d)) {
			t.Errorf("+%s: %v, want %v", s, at, noon.Add(d))
		}
	})
}
