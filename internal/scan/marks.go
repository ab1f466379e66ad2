package scan

import "bytes"

// Marks are where a token of a text may be. The run of token characters around a mark is read,
// and other text is not. A header begins with eyJ, or with eyA or ew if it is spaced. Base64 of a
// token has a J or K somewhere, but for a few short ones with leU for eyJ: to search for a U, too,
// costs more than all the rest.
type marks struct {
	text  []byte
	clear [len(letters)]int // before which there is no further mark of each letter
}

// A letter is a rare one, because a search for one letter is the fastest.
type letter struct {
	c      byte
	exact  bool // it is a mark only in an opening
	before int  // bytes of the opening before the letter
}

var letters = [...]letter{{c: 'J'}, {c: 'K'}, {c: 'A', exact: true, before: 2}, {c: 'w', exact: true, before: 1}}

// after returns the first mark at or after byte from, or the length of the text. It searches for
// each letter only before the mark of another, since a token that is found is not searched.
func (m *marks) after(from int) int {
	first := len(m.text)
	for i, l := range letters {
		first = l.find(m.text, max(from+l.before, m.clear[i]), first)
		m.clear[i] = first
	}
	return first
}

// find returns the first mark of a letter from byte at to byte end, or end.
func (l letter) find(text []byte, at, end int) int {
	for ; at < end; at++ {
		i := bytes.IndexByte(text[at:end], l.c)
		if i < 0 {
			break
		}
		at += i
		if !l.exact || opensHeader(text[at-l.before:]) {
			return at
		}
	}
	return end
}
