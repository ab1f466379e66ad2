package scan

import "bytes"

// Marks are where a token of a text may be. The run of token characters around a mark is read,
// and other text is not. A header begins with eyJ, or with eyA or ew if it is spaced. Base64 of a
// token has a J or K somewhere, but for a few short ones with leU for eyJ: to search for a U, too,
// costs more than all the rest.
type marks struct {
	text []byte
	next [len(letters)]int // of each letter
}

// A letter is a rare one, because a search for one letter is the fastest.
type letter struct {
	c      byte
	exact  bool // it is a mark only in an opening
	before int  // bytes of the opening before the letter
}

var letters = [...]letter{{c: 'J'}, {c: 'K'}, {c: 'A', exact: true, before: 2}, {c: 'w', exact: true, before: 1}}

func marksOf(text []byte) marks {
	m := marks{text: text}
	for i := range m.next {
		m.next[i] = -1 // not searched for yet
	}
	return m
}

// after returns the first mark at or after byte from, or the length of the text.
func (m *marks) after(from int) int {
	first := len(m.text)
	for i, l := range letters {
		if m.next[i]-l.before < from {
			m.next[i] = l.find(m.text, from)
		}
		first = min(first, m.next[i])
	}
	return first
}

// find returns the first mark of a letter whose opening is not before byte from.
func (l letter) find(text []byte, from int) int {
	for at := from + l.before; at < len(text); at++ {
		i := bytes.IndexByte(text[at:], l.c)
		if i < 0 {
			break
		}
		at += i
		if opening := text[at-l.before:]; !l.exact || opensHeader(opening) {
			return at
		}
	}
	return len(text)
}
