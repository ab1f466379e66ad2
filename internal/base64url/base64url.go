// Package base64url encodes and decodes the Base64 variant of JOSE: the URL alphabet without
// padding, line breaks or spare bits (RFC 7515 §2, RFC 4648 §3.3, §3.5 and §5).
package base64url

import (
	"encoding/base64"
	"fmt"
)

// A Fault is a reason why a text is not base64url.
type Fault string

// The faults, each of which has a remedy of its own.
const (
	Padding   Fault = "padding"             // '='
	Standard  Fault = "standard alphabet"   // '+' or '/'
	Space     Fault = "white space"         // space, tab, CR, LF
	Alphabet  Fault = "not base64url"       // any other byte
	Length    Fault = "impossible length"   // 1 mod 4 characters
	SpareBits Fault = "spare bits not zero" // the last character has bits that are not used
)

// An Error describes the first place where a text is not base64url.
type Error struct {
	Fault  Fault
	Offset int  // bytes from the start of the text
	Byte   byte // the byte at Offset, if one is wrong
}

func (e *Error) Error() string {
	switch e.Fault {
	case Length:
		return "its length is 1 mod 4, which no base64url text has"
	case SpareBits:
		return "its last character has spare bits that are not zero"
	case Alphabet:
		return fmt.Sprintf("byte 0x%02x at offset %d is not base64url", e.Byte, e.Offset)
	default:
		return fmt.Sprintf("%s (0x%02x) at offset %d is not base64url", e.Fault, e.Byte, e.Offset)
	}
}

// Encode returns b in base64url.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// AppendEncode appends b in base64url to dst.
func AppendEncode(dst, b []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, b) }

// Decode returns the bytes that s encodes, or an *Error.
func Decode(s string) ([]byte, error) {
	b, err := AppendDecode(nil, []byte(s))
	if err != nil {
		return nil, err
	}
	return b, nil
}

// AppendDecode appends the bytes that s encodes to dst. The error is an *Error.
func AppendDecode(dst, s []byte) ([]byte, error) {
	if b, ok := appendOctets(dst, s); ok {
		return b, nil
	}
	return dst, wrong(s)
}

// wrong returns the first fault of a text that does not decode.
func wrong(s []byte) *Error {
	for i, c := range s {
		if !Is(c) {
			return &Error{Fault: faultOf(c), Offset: i, Byte: c}
		}
	}
	if len(s)%4 == 1 {
		return &Error{Fault: Length, Offset: len(s)}
	}
	return &Error{Fault: SpareBits, Offset: len(s) - 1, Byte: s[len(s)-1]} // nothing else is left
}

// DecodeLax returns the bytes that s most likely encodes, and the faults that it ignored. Use it
// to show a token, never to accept one. It returns an error if s cannot be decoded at all.
func DecodeLax(s string) ([]byte, []Fault, error) {
	if b, err := Decode(s); err == nil {
		return b, nil, nil
	}
	var faults []Fault
	note := func(f Fault) {
		for _, g := range faults {
			if g == f {
				return
			}
		}
		faults = append(faults, f)
	}
	clean := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch f := faultOf(c); {
		case Is(c):
			clean = append(clean, c)
		case c == '+':
			clean = append(clean, '-')
			note(f)
		case c == '/':
			clean = append(clean, '_')
			note(f)
		case f == Padding || f == Space:
			note(f)
		default:
			return nil, nil, &Error{Fault: f, Offset: i, Byte: c}
		}
	}
	if len(clean)%4 == 1 {
		return nil, nil, &Error{Fault: Length, Offset: len(s)}
	}
	b, err := base64.RawURLEncoding.DecodeString(string(clean))
	if err != nil {
		return nil, nil, err
	}
	if _, err := Decode(string(clean)); err != nil {
		note(SpareBits)
	}
	return b, faults, nil
}

// Only reports whether s has only characters of the URL alphabet.
func Only(s []byte) bool { return Prefix(s) == len(s) }

// Prefix returns how many characters of the URL alphabet s begins with.
func Prefix(s []byte) int {
	n := 0
	for ; n+8 <= len(s); n += 8 { // without a branch for each byte, since most texts are long
		w, t := s[n:n+8], &sextets[3]
		if (t[w[0]]|t[w[1]]|t[w[2]]|t[w[3]]|t[w[4]]|t[w[5]]|t[w[6]]|t[w[7]])&notSextet != 0 {
			break
		}
	}
	for n < len(s) && Is(s[n]) {
		n++
	}
	return n
}

// Is reports whether c is a character of the URL alphabet.
func Is(c byte) bool { return sextets[3][c] != notSextet }

func faultOf(c byte) Fault {
	switch c {
	case '=':
		return Padding
	case '+', '/':
		return Standard
	case ' ', '\t', '\r', '\n':
		return Space
	default:
		return Alphabet
	}
}
