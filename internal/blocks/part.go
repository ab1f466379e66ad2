package blocks

import (
	"context"
	"io"
)

// A part is a piece of a large text that a worker reads while others read other parts. It is joined
// to the part before in its turn.
type part struct {
	turn
	text *io.SectionReader
	at   int64
	size int
	last bool // of its text

	n   int // bytes that were read
	err error
}

// divide lets workers claim parts of the current text, if it is a large one that can be read at any
// offset.
func (s *supply) divide() {
	text, ok := s.text.Reader.(*io.SectionReader)
	if s.divided = ok && s.open && text.Size() >= Large; s.divided {
		s.whole, s.claimed, s.parts = text, 0, newTurns()
	}
}

// hasParts reports whether there are parts to be claimed.
func (s *supply) hasParts() bool { return s.divided && s.claimed < s.whole.Size() }

// claim returns the next part of the current text, or nil at its end.
func (s *supply) claim() *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hasParts() {
		return nil
	}
	left := s.whole.Size() - s.claimed
	p := &part{turn: s.parts.take(), text: s.whole, at: s.claimed, size: int(min(left, blockBytes)), last: left <= blockBytes}
	s.claimed += int64(p.size)
	return p
}

// fillPart reads a part and fills a block with it. It reports false if the block would be empty.
func (s *supply) fillPart(ctx context.Context, b *Block, p *part) bool {
	b.renew()
	p.n, p.err = p.text.ReadAt(b.memory[frontBytes:frontBytes+p.size], p.at)
	if !p.comes() && !p.wait(ctx) {
		return false
	}
	defer p.pass()
	return s.join(b, p)
}

// join makes b the next block, from what precedes a part and from the part.
func (s *supply) join(b *Block, p *part) bool {
	n := p.n
	if s.cutOff {
		n = 0
	} else if n < p.size {
		if s.cutOff = true; p.err != io.EOF {
			s.failed(s.text.Source, p.err)
		}
	}
	s.head(b)
	b.prepend(s.rest, n)
	s.open = !p.last
	end := len(b.Text)
	if s.open && !s.cutOff {
		end = s.cut(b.Text, b.Lead, true)
	}
	return s.keep(b, end)
}

// prepend makes the text of a block of what precedes a part and its n bytes.
func (b *Block) prepend(rest []byte, n int) {
	start, size := frontBytes-len(rest), len(rest)+n
	if start < 0 {
		start = 0
		data := b.memory[frontBytes : frontBytes+n]
		if len(b.memory) < size {
			b.memory = make([]byte, max(size, 2*len(b.memory)))
		}
		copy(b.memory[len(rest):], data)
	}
	b.Text = b.memory[start : start+size]
	copy(b.Text, rest)
}

// allJoined waits until all parts of the current text are joined. It reports false if ctx ends before.
func (s *supply) allJoined(ctx context.Context) bool {
	if s.divided && !s.parts.take().wait(ctx) {
		return false // another worker may still join its part
	}
	s.divided = false
	return true
}
