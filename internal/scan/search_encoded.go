package scan

import (
	"bytes"
	"cmp"
	"encoding/base64"

	"jwt/internal/base64url"
)

// encodedAt returns how many characters of Base64 before b encode the bytes before a header, if b
// is the Base64 of the beginning of one, for each of the three places in a group, or -1.
func encodedAt(b []byte) int {
	if len(b) < 3 {
		return -1
	}
	switch string(b[:3]) {
	case "ZXl", "ZXd", "ZXc":
		return 0
	case "V5S", "V5Q", "V3b", "V3M", "V3a":
		return 2
	case "leU", "ld2", "ldz":
		return 3
	}
	return -1
}

// encoded returns the token whose Base64 begins in the group of four characters at. The text
// before byte from does not belong to it.
func (s *Searcher) encoded(text []byte, at, from int) (Match, bool) {
	begin := at // of what names the token
	for begin-4 >= max(from, at-maxName) && part(text, begin-4) >= begin {
		begin -= 4
	}
	for size := 4 << 10; at >= from; size *= 4 {
		end := begin
		for end < len(text) && end-begin < size && (base64url.Is(text[end]) || text[end] == '+' || text[end] == '/') {
			end++
		}
		plain := decodeGroups(text[begin:end])
		m, i, ok := s.decoded(plain, (at-begin)/4*3)
		if i+len(m.Token) == len(plain) && end-begin == size {
			continue // more of it may follow
		}
		m.Encoded, m.Start = true, at
		m.End = min(end, begin+(i+len(m.Token)+2)/3*4)
		if m.Name = s.nameAround(text, begin); m.Name == "" || i > 0 && isQuote(plain[i-1]) {
			m.Name = cmp.Or(s.nameAround(plain, i), m.Name)
		}
		return m, ok
	}
	return Match{}, false
}

// decoded returns the token that begins in the three bytes from i on, and where. Without one,
// its Token is what a longer text could make a token.
func (s *Searcher) decoded(plain []byte, i int) (Match, int, bool) {
	for last := min(i+2, len(plain)-1); i <= last; i++ {
		if !beginsHeader(plain[i:]) {
			continue
		}
		run := i
		for run < len(plain) && inToken(plain[run]) {
			run++
		}
		m, ok := s.token(plain[i:run])
		if !ok {
			m.Token = plain[i:run]
		}
		return m, i, ok
	}
	return Match{}, 0, false
}

// decodeGroups returns the bytes of Base64 in either alphabet, which may be cut off.
func decodeGroups(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b)%4 == 1 {
		b = b[:len(b)-1]
	}
	for i, c := range b {
		switch c {
		case '+':
			b[i] = '-'
		case '/':
			b[i] = '_'
		}
	}
	plain, err := base64.RawURLEncoding.AppendDecode(nil, b)
	if err != nil {
		return nil
	}
	return plain
}
