package serialization

import (
	"strconv"
	"strings"

	"jwt/internal/phrase"
	"jwt/internal/verdict"
)

// numericScheme begins a token in the digits of a QR code, as SMART Health Cards write one.
const numericScheme = "shc:/"

// IsNumeric reports whether text is a token in the digits of a QR code.
func IsNumeric(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), numericScheme) }

// FromNumeric returns the compact token of its digits: two for each character, counted from 45. A
// token in several QR codes is one chunk a line, shc:/NUMBER/OF/DIGITS, in any order.
func FromNumeric(text string) (string, error) {
	lines := strings.Fields(text)
	chunks := make([]string, len(lines))
	for _, line := range lines {
		digits, ok := strings.CutPrefix(line, numericScheme)
		if !ok {
			return "", verdict.Errorf(verdict.Malformed, "a line does not begin with %s", numericScheme)
		}
		at := 1
		if number, rest, chunked := strings.Cut(digits, "/"); chunked {
			var err error
			if at, digits, err = chunk(number, rest, len(lines)); err != nil {
				return "", err
			}
		} else if len(lines) > 1 {
			return "", verdict.Errorf(verdict.Malformed, "%s of one token do not say their number: %s1/%d/…", phrase.Count(len(lines), "line"), numericScheme, len(lines))
		}
		if chunks[at-1] != "" {
			return "", verdict.Errorf(verdict.Malformed, "chunk %d is there twice", at)
		}
		chunks[at-1] = digits
	}
	return fromDigits(strings.Join(chunks, ""))
}

// chunk reads NUMBER and OF/DIGITS of a chunk. All chunks must be there.
func chunk(number, rest string, lines int) (at int, digits string, err error) {
	total, digits, _ := strings.Cut(rest, "/")
	at, atErr := strconv.Atoi(number)
	of, ofErr := strconv.Atoi(total)
	switch {
	case atErr != nil || ofErr != nil || at < 1 || at > of:
		return 0, "", verdict.Errorf(verdict.Malformed, "a chunk is not %sNUMBER/OF/DIGITS", numericScheme)
	case of != lines:
		return 0, "", verdict.Errorf(verdict.Malformed, "the token has %s, there are %d", phrase.Count(of, "chunk"), lines).
			Hintf("give one chunk a line: shc:/1/%d/… and so on", of)
	}
	return at, digits, nil
}

func fromDigits(digits string) (string, error) {
	if len(digits)%2 != 0 {
		return "", verdict.Errorf(verdict.Malformed, "the token has an odd number of digits: its end is cut off")
	}
	token := make([]byte, 0, len(digits)/2)
	for i := 0; i < len(digits); i += 2 {
		const first, most = 45, 'z' - 45 // "-" is the first character of a token, z the last
		n, err := strconv.ParseUint(digits[i:i+2], 10, 8)
		if err != nil || n > most {
			return "", verdict.Errorf(verdict.Malformed, "the digits at %d are not a character of a token", i)
		}
		token = append(token, byte(n)+first)
	}
	return string(token), nil
}
