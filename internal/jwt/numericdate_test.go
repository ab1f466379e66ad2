package jwt

import (
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/jsonobject"
)

func numericDate(t testing.TB, text string) NumericDate {
	t.Helper()
	v, err := jsonobject.ParseValue([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d, ok := ParseNumericDate(v)
	if !ok {
		t.Fatalf("%s is not a number", text)
	}
	return d
}

func TestNumericDate(t *testing.T) {
	for _, test := range []struct {
		text    string
		compare int // with 1700000000
		want    string
	}{
		{"1700000000", 0, "2023-11-14T22:13:20Z"},
		{"1.7e9", 0, "2023-11-14T22:13:20Z"},
		{"17E+8", 0, "2023-11-14T22:13:20Z"},
		{"170000000000e-2", 0, "2023-11-14T22:13:20Z"},
		{"0.00000017e16", 0, "2023-11-14T22:13:20Z"},
		{"1700000000.000", 0, "2023-11-14T22:13:20Z"},
		{"1700000000.5", 1, "2023-11-14T22:13:20.5Z"},
		{"1699999999.9999999999", -1, "2023-11-14T22:13:19.999999999Z"},
		{"1700000000.0000000000000001", 1, "2023-11-14T22:13:20Z"},
		{"0", -1, "1970-01-01T00:00:00Z"},
		{"-0", -1, "1970-01-01T00:00:00Z"},
		{"0e999999999", -1, "1970-01-01T00:00:00Z"},
		{"0.0e-5", -1, "1970-01-01T00:00:00Z"},
		{"-1", -1, "1969-12-31T23:59:59Z"},
		{"-0.25", -1, "1969-12-31T23:59:59.75Z"},
		{"-1e-400", -1, "1969-12-31T23:59:59.999999999Z"},
		{"1e-400", -1, "1970-01-01T00:00:00Z"},
		{"1e-999999999999999999999", -1, "1970-01-01T00:00:00Z"},
		{"9223372037", 1, "2262-04-11T23:47:17Z"},
		{"253402300799", 1, "9999-12-31T23:59:59Z"},
		{"253402300799.9999999999", 1, "9999-12-31T23:59:59.999999999Z"},
		{"253402300800", 1, "outside every calendar"},
		{"-62167219200", -1, "0000-01-01T00:00:00Z"},
		{"-62167219200.1", -1, "outside every calendar"},
		{"18446744073709551616", 1, "outside every calendar"},
		{"1e19", 1, "outside every calendar"},
		{"1e300", 1, "outside every calendar"},
		{"1e400", 1, "outside every calendar"},
		{"-1e400", -1, "outside every calendar"},
		{"1e999999999", 1, "outside every calendar"},
		{"1e99999999999999999999999999999999", 1, "outside every calendar"},
		{"-1e99999999999999999999999999999999", -1, "outside every calendar"},
	} {
		d := numericDate(t, test.text)
		if got := d.Compare(noon); got != test.compare {
			t.Errorf("%s compares %d with 1700000000, want %d", test.text, got, test.compare)
		}
		if got := d.String(); got != test.want {
			t.Errorf("%s is %s, want %s", test.text, got, test.want)
		}
	}
}

func TestParseNumericDateRequiresANumber(t *testing.T) {
	for _, text := range []string{`"1"`, `true`, `null`, `{}`, `[1]`} {
		if _, ok := ParseNumericDate(jsonobject.Value(text)); ok {
			t.Errorf("%s was accepted as a date", text)
		}
	}
}

// TestNumericDateIsCheap checks that a hostile exponent and many digits cost no more than
// the length of the text.
func TestNumericDateIsCheap(t *testing.T) {
	for _, text := range []string{"1e999999999", "1e-999999999", "1e" + strings.Repeat("9", 1<<20), "0." + strings.Repeat("0", 1<<20) + "1e999999999"} {
		v := jsonobject.Value(text)
		start := time.Now()
		d, _ := ParseNumericDate(v)
		d.Compare(noon)
		_ = d.String()
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%.20s… took %s", text, took)
		}
	}
}

// FuzzNumericDate compares with math/big, which is exact too, for exponents that are not
// too large for it.
func FuzzNumericDate(f *testing.F) {
	for _, s := range []string{"0", "-0", "1700000000.5", "1.7e9", "1e-400", "-1E+17", "18446744073709551616", "0.00000017e16", "-62167219200.1", "1e1099511627777"} {
		f.Add(s, int64(1700000000), int64(1))
	}
	f.Add("-1.5", int64(-2), int64(500000000))
	for _, s := range []string{"1700000000", "-1700000000", "999999999999999999", "-999999999999999999", "9223372036854775808", "-9999999999999999999"} {
		for _, nanos := range []int64{0, 1} { // as many digits as are read at once, and one more
			f.Add(s, int64(1700000000), nanos)
			f.Add(s, int64(-1700000000), nanos)
			f.Add(s, int64(999999999999999999), nanos)
		}
	}
	f.Fuzz(func(t *testing.T, text string, seconds, nanos int64) {
		v, err := jsonobject.ParseValue([]byte(text))
		if err != nil || v.Kind() != '0' || seconds>>61 != seconds>>63 {
			return
		}
		instant := time.Unix(seconds, nanos%1e9)
		d, _ := ParseNumericDate(v)
		got := d.Compare(instant)
		if when, ok := d.Time(); ok && when.After(instant) && got <= 0 {
			t.Errorf("%s is %s, but compares %d with %s", v, when, got, instant)
		}
		exact, ok := exactly(v)
		if !ok {
			return
		}
		if want := exact.Cmp(rat(instant)); got != want {
			t.Errorf("%s compares %d with %s, want %d", v, got, instant, want)
		}
		checkTime(t, d, exact)
	})
}

// checkTime checks that Time is the nanosecond at or below the exact number.
func checkTime(t *testing.T, d NumericDate, exact *big.Rat) {
	t.Helper()
	const firstSecond, lastSecond = -62167219200, 253402300799 // the years 0000 to 9999
	when, ok := d.Time()
	inside := exact.Cmp(big.NewRat(firstSecond, 1)) >= 0 && exact.Cmp(big.NewRat(lastSecond+1, 1)) < 0
	if ok != inside {
		t.Fatalf("%s inside the calendar: %v, want %v", d.Text(), ok, inside)
	}
	if !ok {
		return
	}
	rest := new(big.Rat).Sub(exact, rat(when))
	if rest.Sign() < 0 || rest.Cmp(big.NewRat(1, 1e9)) >= 0 {
		t.Errorf("%s is not %s: %s s are left", d.Text(), when, rest.FloatString(12))
	}
}

// exactly reads a number with math/big, unless its exponent is too large for it.
func exactly(v jsonobject.Value) (*big.Rat, bool) {
	if _, exponent, ok := strings.Cut(strings.ToLower(string(v)), "e"); ok {
		if n, err := strconv.Atoi(exponent); err != nil || n > 1000 || n < -1000 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(string(v))
}

func rat(t time.Time) *big.Rat {
	r := new(big.Rat).SetInt64(t.Unix())
	return r.Add(r, big.NewRat(int64(t.Nanosecond()), 1e9))
}
