package reltime

import (
	"math"
	"testing"
	"time"
)

func TestAgo(t *testing.T) {
	const dayLong = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0:                             "now",
		499 * time.Millisecond:        "now",
		500 * time.Millisecond:        "in 1 s",
		-1 * time.Second:              "1 s ago",
		59 * time.Second:              "in 59 s",
		60 * time.Second:              "in 1 min",
		61 * time.Second:              "in 1 min 1 s",
		-90 * time.Second:             "1 min 30 s ago",
		119 * time.Second:             "in 1 min 59 s",
		2 * time.Minute:               "in 2 min",
		149 * time.Second:             "in 2 min",
		150 * time.Second:             "in 3 min",
		5 * time.Minute:               "in 5 min",
		59*time.Minute + 29500*1e6:    "in 1 h",
		59*time.Minute + 29*1e9:       "in 59 min",
		90 * time.Minute:              "in 1 h 30 min",
		-3 * time.Hour:                "3 h ago",
		47 * time.Hour:                "in 1 d 23 h",
		48 * time.Hour:                "in 2 d",
		30 * dayLong:                  "in 30 d",
		364 * dayLong:                 "in 364 d",
		365 * dayLong:                 "in 1 y",
		400 * dayLong:                 "in 1 y 35 d",
		-731 * dayLong:                "2 y ago",
		time.Duration(math.MaxInt64):  "in 292 y",
		-time.Duration(math.MaxInt64): "292 y ago",
	} {
		if got := Ago(noon.Add(d), noon); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	if got := Span(-90 * time.Minute); got != "1 h 30 min" {
		t.Errorf("Span: %q", got)
	}
	if got := Span(0); got != "a moment" {
		t.Errorf("Span of nothing: %q", got)
	}
}

func TestAgoIsNotBoundedByDuration(t *testing.T) {
	for _, test := range []struct {
		t    time.Time
		want string
	}{
		{time.Unix(lastSecond, 0), "in 7976 y"},
		{time.Unix(firstSecond, 0), "2024 y ago"},
		{noon.Add(-time.Hour), "1 h ago"},
		{noon.Add(time.Minute - 1), "in 1 min"},
		{noon, "now"},
	} {
		if got := Ago(test.t, noon); got != test.want {
			t.Errorf("%s: %q, want %q", test.t.UTC(), got, test.want)
		}
	}
}
