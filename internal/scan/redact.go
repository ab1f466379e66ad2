package scan

import (
	"bytes"
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

// AppendMasked appends what the text of a match is without its signatures. A line break before the
// signature stays.
func (m *Match) AppendMasked(dst, text []byte) []byte {
	switch {
	case m.Encoded:
		return redact.AppendFingerprint(dst, m.Token)
	case m.Wrapped:
		return append(dst, m.maskedLines(string(text[m.Start:m.End]))...)
	case m.Encrypted || bytes.IndexByte(m.Token, '~') >= 0:
		return append(dst, Masked(string(m.Token))...)
	}
	signature := bytes.LastIndexByte(m.Token, '.') + 1
	dst = append(dst, m.Token[:signature]...)
	if signature == len(m.Token) {
		return dst
	}
	return redact.AppendFingerprint(dst, m.Token[signature:])
}

// maskedLines is AppendMasked for a token on several lines.
func (m *Match) maskedLines(spelled string) string {
	secret := strings.LastIndexByte(spelled, '.') + 1
	if m.Encrypted {
		secret = strings.IndexByte(spelled, '.') + 1
	}
	masked := Masked(string(m.Token))
	return spelled[:secret] + masked[strings.LastIndexByte(masked, '.')+1:]
}

// AppendMasked appends a piece of text to dst, in which appendMasked stands for each token.
func AppendMasked(dst, text []byte, from int, matches []Match, appendMasked func(dst []byte, m *Match) []byte) []byte {
	for i := range matches {
		m := &matches[i]
		dst = appendMasked(append(dst, text[from:m.Start]...), m)
		from = m.End
	}
	return append(dst, text[from:]...)
}
