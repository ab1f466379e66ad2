package jwt

import (
	"testing"

	"jwt/internal/jsonobject"
)

func value(t testing.TB, text string) jsonobject.Value {
	t.Helper()
	v, err := jsonobject.ParseValue([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTimeBetween(t *testing.T) {
	for _, test := range []struct{ from, to, seconds, words string }{
		{"1700000000", "1700003600", "3600", "+1 h"},
		{"1700003600", "1700000000", "-3600", "-1 h"},
		{"0", "0", "0", "+0 s"},
		{"0", "90061", "90061", "+1 d 1 h 1 min 1 s"},
		{"0", "31536000", "31536000", "+365 d"},
		{"1.5", "3", "1.5", "+1.5 s"},
		{"3", "1.5", "-1.5", "-1.5 s"},
		{"0.75", "60.5", "59.75", "+59.75 s"},
		{"60.5", "0.75", "-59.75", "-59.75 s"},
		{"0.000000001", "0", "-0.000000001", "-0.000000001 s"},
		{"17e8", "1700000060", "60", "+1 min"},
		{"-62167219200", "253402300799", "315569519999", "+3652424 d 23 h 59 min 59 s"},
	} {
		from, _ := ParseNumericDate(value(t, test.from))
		to, _ := ParseNumericDate(value(t, test.to))
		seconds, words, ok := TimeBetween(from, to)
		if !ok || string(seconds) != test.seconds || words != test.words {
			t.Errorf("%s to %s: %s, %q (%v), want %s, %q", test.from, test.to, seconds, words, ok, test.seconds, test.words)
		}
	}
	far, _ := ParseNumericDate(value(t, "1e30"))
	near, _ := ParseNumericDate(value(t, "0"))
	if _, _, ok := TimeBetween(near, far); ok {
		t.Error("a time outside the calendar has a distance")
	}
}
