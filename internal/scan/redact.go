package scan

import (
	"strings"

	"jwt/internal/redact"
)

// Masked returns a token without its signatures and what only its recipient can decrypt.
// The disclosures of an SD-JWT stay.
func Masked(token string) string {
	pieces := strings.Split(token, "~")
	for i, piece := range pieces {
		if n := strings.Count(piece, "."); n > 0 && !strings.HasSuffix(piece, ".") {
			pieces[i] = redact.Credential(piece)
		}
	}
	return strings.Join(pieces, "~")
}

// Masked returns what the text of a match is without its signatures. A line break before the
// signature stays.
func (m Match) Masked(text []byte) string {
	switch {
	case m.Encoded:
		return redact.Fingerprint(string(m.Token))
	case !m.Wrapped:
		return Masked(string(m.Token))
	}
	spelled := string(text[m.Start:m.End])
	secret := strings.LastIndexByte(spelled, '.') + 1
	if m.Encrypted {
		secret = strings.IndexByte(spelled, '.') + 1
	}
	masked := Masked(string(m.Token))
	return spelled[:secret] + masked[strings.LastIndexByte(masked, '.')+1:]
}

// AppendMasked appends a piece of text to dst, with each token in it replaced.
func AppendMasked(dst, text []byte, from int, matches []Match, replace func(Match) string) []byte {
	for _, m := range matches {
		dst = append(append(dst, text[from:m.Start]...), replace(m)...)
		from = m.End
	}
	return append(dst, text[from:]...)
}
