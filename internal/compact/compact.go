// Package compact tells the compact serializations of tokens apart by their separators,
// without decoding anything.
package compact

import (
	"bytes"
	"strings"

	"jwt/internal/base64url"
)

// A Kind is a compact serialization.
type Kind string

// The kinds. Other is any text that has the separators of none.
const (
	Other Kind = ""
	JWS   Kind = "JWS"    // three parts (RFC 7515 §7.1)
	JWE   Kind = "JWE"    // five parts (RFC 7516 §7.1)
	SDJWT Kind = "SD-JWT" // a JWS and disclosures, joined by tildes (RFC 9901 §4)
)

// KindOf returns the kind that text has by its separators. No other token has a tilde.
func KindOf(text string) Kind {
	if strings.IndexByte(text, '~') >= 0 {
		return SDJWT
	}
	return kindOf(strings.Count(text, "."))
}

func kindOf(dots int) Kind {
	switch dots {
	case 2:
		return JWS
	case 4:
		return JWE
	}
	return Other
}

// Looks reports whether text looks like a token: it has the separators of one, and its
// header begins with {" in base64url.
func Looks(text string) bool { return strings.HasPrefix(text, "eyJ") && KindOf(text) != Other }

// Ellipsis does not occur in a token: a JWE has an initialization vector and a tag.
var Ellipsis = []byte("...")

// Is reports whether s is a token by its separators and characters.
func Is(s []byte) bool {
	if issued, rest, ok := bytes.Cut(s, []byte{'~'}); ok {
		dots, pure := Dots(issued)
		return pure && kindOf(dots) == JWS && isPure(rest) && EndsPresentation(rest)
	}
	dots, pure := Dots(s)
	kind := kindOf(dots)
	return pure && (kind == JWS || kind == JWE && !bytes.Contains(s, Ellipsis))
}

// Dots counts the dots of s, and reports whether all else is base64url.
func Dots(s []byte) (dots int, pure bool) {
	for pure = true; pure; dots++ {
		at := bytes.IndexByte(s, '.')
		if at < 0 {
			return dots, base64url.Only(s)
		}
		pure, s = base64url.Only(s[:at]), s[at+1:]
	}
	return dots, false
}

// EndsPresentation reports whether s, what follows the first tilde, ends as an SD-JWT does:
// with a tilde, or with a Key Binding JWT.
func EndsPresentation(s []byte) bool {
	last := s[bytes.LastIndexByte(s, '~')+1:]
	return len(last) == 0 || bytes.Count(last, []byte{'.'}) == 2
}

func isPure(s []byte) bool {
	for _, c := range s {
		if c != '~' && c != '.' && !base64url.Is(c) {
			return false
		}
	}
	return true
}
