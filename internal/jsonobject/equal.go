package jsonobject

import (
	"bytes"
	"strconv"
	"strings"
)

// Equal reports whether two JSON values without duplicate members are equal. Numbers
// compare by value, strings unescaped, members in any order, array elements in order.
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

// vast is the limit of the exponents that Decimal keeps exactly.
const vast = 1 << 61

// equalNumbers reports whether two JSON numbers have the same value, such as 1e2 and
// 100.0. Numbers with vast exponents are equal only if their texts are.
func equalNumbers(a, b Value) bool {
	d, e := a.Decimal(), b.Decimal()
	return bytes.Equal(a, b) || d == e && -vast < d.Exponent && d.Exponent < vast
}

// A Decimal is the value of a JSON number (RFC 8259 §6): ±0.Digits × 10^Exponent. Its
// size is that of the text, whatever the exponent: 1e999999999 costs nothing.
type Decimal struct {
	Negative bool
	Digits   string // without zeros at either end; "" is zero
	Exponent int64  // at least 2^61 or at most -2^61 if it is out of that range
}

// Decimal returns the value of v, which must be a number.
func (v Value) Decimal() Decimal {
	text, negative := strings.CutPrefix(string(v), "-")
	var exponent int64
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		exponent, _ = strconv.ParseInt(text[e+1:], 10, 64) // the nearest int64 if it is out of range
		exponent = min(max(exponent, -2*vast), 2*vast-1)
		text = text[:e]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	d := Decimal{
		Negative: negative, Digits: strings.TrimRight(digits, "0"),
		Exponent: exponent + int64(len(digits)-len(fraction)),
	}
	if d.Digits == "" {
		return Decimal{}
	}
	return d
}
