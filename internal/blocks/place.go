package blocks

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// A Place is where a byte of a text is.
type Place struct{ Line, Column int }

// step is the distance between the bytes whose line a block keeps, so that the line feeds of a
// text are counted once.
const step = 4 << 10

// count counts the line feeds of a block, and returns the place after it.
func (b *Block) count() Place {
	b.lines = b.lines[:0]
	line := b.Line
	for at := b.Lead; at < len(b.Text); at += step {
		b.lines = append(b.lines, line)
		line += lineFeeds(b.Text[at:min(at+step, len(b.Text))])
	}
	return Place{b.Line, b.Column}.moved(line, b.Text[b.Lead:])
}

// Places returns a function that returns the place of a byte of Text. Each byte asked for must
// not precede the one before.
func (b *Block) Places() func(at int) Place {
	last, p := b.Lead, Place{b.Line, b.Column}
	return func(at int) Place {
		if at > last { // the first token of Base64 may begin in Lead
			p = p.moved(b.lineOf(at), b.Text[last:at])
			last = at
		}
		return p
	}
}

// lineOf returns the line of a byte after Lead.
func (b *Block) lineOf(at int) int {
	steps := (at - b.Lead - 1) / step
	return b.lines[steps] + lineFeeds(b.Text[b.Lead+steps*step:at])
}

// moved returns the place after a text that ends in a line.
func (p Place) moved(line int, text []byte) Place {
	if line > p.Line {
		text = text[lineStart(text):]
		p = Place{line, 1}
	}
	p.Column += characters(text)
	return p
}

// lineStart returns where the last line of a text begins. Most of it is searched forwards, which is
// much faster than backwards.
func lineStart(text []byte) int {
	const piece = 64
	end := len(text)
	for end > piece && bytes.IndexByte(text[end-piece:end], '\n') < 0 {
		end -= piece
	}
	return bytes.LastIndexByte(text[:end], '\n') + 1
}

// characters counts the characters of a text. Most have ASCII alone, of which 8 bytes are read at
// once.
func characters(text []byte) int {
	const high = 0x8080808080808080
	at := 0
	for at+8 <= len(text) && binary.NativeEndian.Uint64(text[at:])&high == 0 {
		at += 8
	}
	return at + utf8.RuneCount(text[at:])
}

func lineFeeds(text []byte) int { return bytes.Count(text, []byte{'\n'}) }
