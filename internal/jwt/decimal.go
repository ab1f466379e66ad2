package jwt

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// A decimal is a JSON number (RFC 8259 §6), exactly: ±0.digits × 10^point. Its
// size is that of its text whatever the exponent, so 1e999999999 costs nothing.
type decimal struct {
	negative bool
	digits   string // without zeros at either end; "" is zero
	point    int64
	vast     bool // the exponent is beyond vastExponent, where point stands still
}

// vastExponent is more than the exponent of any number that a time or a text of
// the sizes we read can be equal to.
const vastExponent = 1 << 40

// parseDecimal reads text, which is a valid JSON number.
func parseDecimal(text string) decimal {
	var d decimal
	d.negative = strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		d.point, d.vast = parseExponent(text[i+1:])
		text = text[:i]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	d.point += int64(len(whole))
	digits := whole + fraction
	significant := strings.TrimLeft(digits, "0")
	d.point -= int64(len(digits) - len(significant))
	d.digits = strings.TrimRight(significant, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

func parseExponent(text string) (exponent int64, vast bool) {
	negative := strings.HasPrefix(text, "-")
	for _, c := range strings.TrimLeft(text, "+-") {
		exponent = exponent*10 + int64(c-'0')
		if exponent > vastExponent {
			exponent, vast = vastExponent, true
			break
		}
	}
	if negative {
		exponent = -exponent
	}
	return exponent, vast
}

// decimalOf returns the seconds from 1970 to t.
func decimalOf(t time.Time) decimal {
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	sign := ""
	if seconds < 0 {
		sign = "-"
		if nanos > 0 { // Unix rounds down: -0.25 s is second -1 and 0.75
			seconds, nanos = seconds+1, 1e9-nanos
		}
		seconds = -seconds
	}
	fraction := strconv.FormatInt(1e9+nanos, 10)[1:]
	return parseDecimal(sign + strconv.FormatInt(seconds, 10) + "." + fraction)
}

// compare returns -1, 0 or +1 as d is less than, equal to or greater than e. Two
// vast numbers may compare equal that are not.
func (d decimal) compare(e decimal) int {
	if s, t := d.sign(), e.sign(); s != t || s == 0 {
		return cmp.Compare(s, t)
	}
	c := cmp.Compare(d.point, e.point)
	if c == 0 {
		c = strings.Compare(d.digits, e.digits)
	}
	if d.negative {
		return -c
	}
	return c
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	default:
		return 1
	}
}

// digit returns the digit at place i of digits, which zeros surround.
func (d decimal) digit(i int64) int64 {
	if i < 0 || i >= int64(len(d.digits)) {
		return 0
	}
	return int64(d.digits[i] - '0')
}
