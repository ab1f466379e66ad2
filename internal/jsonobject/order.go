package jsonobject

import (
	"cmp"
	"strings"
)

// Compare compares two decimals exactly: -1, 0 or +1. Of two with exponents that are out of range
// the order is that of their signs.
func (d Decimal) Compare(e Decimal) int {
	if c := cmp.Compare(d.sign(), e.sign()); c != 0 || d.sign() == 0 {
		return c
	}
	size := cmp.Compare(d.Exponent, e.Exponent)
	if size == 0 {
		size = strings.Compare(d.Digits, e.Digits) // 0.Digits: the first digit is not 0
	}
	return size * d.sign()
}

func (d Decimal) sign() int {
	switch {
	case d.Digits == "":
		return 0
	case d.Negative:
		return -1
	}
	return 1
}
