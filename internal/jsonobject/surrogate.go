package jsonobject

import (
	"bytes"
	"strconv"
)

// ReplaceLoneSurrogates returns src with every escaped half of a surrogate pair replaced by
// the escape of U+FFFD, of the same length, and whether there was one. Use it to show text
// that Parse refuses, never to accept it.
func ReplaceLoneSurrogates(src []byte) ([]byte, bool) {
	if !bytes.Contains(src, []byte(`\u`)) {
		return src, false
	}
	out, found := bytes.Clone(src), false
	for i := 0; i < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		switch unit := escapedUnit(out[i:]); {
		case unit >= 0xd800 && unit < 0xdc00 && isLow(escapedUnit(out[i+escapeSize:])):
			i += 2*escapeSize - 1
		case unit >= 0xd800 && unit < 0xe000:
			copy(out[i:], `\ufffd`)
			found = true
			i += escapeSize - 1
		default:
			i++ // the escaped character may be a backslash
		}
	}
	return out, found
}

const escapeSize = len(`\uXXXX`)

func isLow(unit uint64) bool { return unit >= 0xdc00 && unit < 0xe000 }

// escapedUnit returns the UTF-16 code unit of the escape at the start of b, or 0.
func escapedUnit(b []byte) uint64 {
	if len(b) < escapeSize || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(b[2:escapeSize]), 16, 16)
	if err != nil {
		return 0
	}
	return unit
}
