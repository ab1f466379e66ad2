package jsonobject

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// Equal reports whether two JSON values mean the same: numbers by their value,
// strings unescaped, objects in any order, arrays in order. Neither has a name
// that stands twice.
func Equal(a, b Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case '0':
		return equalNumbers(a, b)
	case '"':
		s, _ := a.Text()
		t, _ := b.Text()
		return s == t
	case '[':
		return equalArrays(a, b)
	case '{':
		return equalObjects(a, b)
	default:
		return bytes.Equal(a, b)
	}
}

func equalArrays(a, b Value) bool {
	as, _ := a.Elements()
	bs, _ := b.Elements()
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		if !Equal(as[i], bs[i]) {
			return false
		}
	}
	return true
}

func equalObjects(a, b Value) bool {
	o, _ := a.Object()
	p, _ := b.Object()
	if len(o.Members()) != len(p.Members()) {
		return false
	}
	for _, m := range o.Members() {
		if v, ok := p.Get(m.Name); !ok || !Equal(m.Value, v) {
			return false
		}
	}
	return true
}

// A number is a JSON number (RFC 8259 §6) in its one form: ±0.digits × 10^exponent.
// It is as large as its text whatever the exponent, so 1e999999999 costs nothing.
type number struct {
	negative bool
	digits   string // without zeros at either end; "" is zero
	exponent int64
}

// equalNumbers reports whether two JSON numbers are the same number: 1e2 is 100.0.
// Exponents of more than 18 digits are equal only where the texts are.
func equalNumbers(a, b Value) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, ok := parseNumber(string(a))
	y, both := parseNumber(string(b))
	return ok && both && x == y
}

// parseNumber reads a valid JSON number; ok is false where the exponent is vast.
func parseNumber(text string) (n number, ok bool) {
	text, n.negative = strings.CutPrefix(text, "-")
	mantissa, exponent := text, int64(0)
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		var err error
		mantissa = text[:e]
		exponent, err = strconv.ParseInt(text[e+1:], 10, 64)
		ok = err == nil && exponent > math.MinInt64/2 && exponent < math.MaxInt64/2
	} else {
		ok = true
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	n.exponent = exponent + int64(len(digits)-len(fraction))
	n.digits = strings.TrimRight(digits, "0")
	if n.digits == "" {
		return number{}, true
	}
	return n, ok
}
