package jsonobject

import "testing"

func TestEqualNumbers(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true},
		{"100", "1e2", true},
		{"-0", "0", true},
		{"0.1", "1e-1", true},
		{"9007199254740993", "9007199254740992", false},
		{"1", "-1", false},
		{"1e400", "10e399", true},
		{"1e400", "1e401", false},
		{"1e-400", "0", false},
		{"1e9999999999999", "1e9999999999999", true},
		{"1e9999999999999", "1e9999999999998", false},
		{"0e9999999999999", "0", true},
		{"1e99999999999999999999", "1e99999999999999999999", true},
		{"1e99999999999999999999", "1E99999999999999999998", false},
		{"1e99999999999999999999", "1e9", false},
		{"1e-99999999999999999999", "0", false},
		{"0e99999999999999999999", "-0.0", true},
		{"1e9223372036854775807", "10e9223372036854775806", false}, // vast: not known to be equal
		{"1e+3", "1000", true},
		{"0.00120", "12e-4", true},
	} {
		if got := equalNumbers(Value(test.a), Value(test.b)); got != test.want {
			t.Errorf("%s = %s: %v, want %v", test.a, test.b, got, test.want)
		}
	}
}
