package blocks

import (
	"bytes"
	"unicode/utf8"
)

// A Place is where a byte of a text is.
type Place struct{ Line, Column int }

// Places returns a function that returns the place of a byte of Text. Each byte asked for must
// not precede the one before.
func (b *Block) Places() func(at int) Place {
	last, p := b.Lead, Place{b.Line, b.Column}
	return func(at int) Place {
		if at > last { // the first token of Base64 may begin in Lead
			p = p.after(b.Text[last:at])
			last = at
		}
		return p
	}
}

func (p Place) after(text []byte) Place {
	lines := bytes.Count(text, []byte{'\n'})
	if lines > 0 {
		text = text[bytes.LastIndexByte(text, '\n')+1:]
		p = Place{p.Line + lines, 1}
	}
	p.Column += utf8.RuneCount(text)
	return p
}
