package blocks

import "io"

// A claim is a turn at a supply. With a part of a large text, the worker reads it before its turn,
// while others read other parts.
type claim struct {
	turn
	text *io.SectionReader // nil without a part
	at   int64
	size int
	last bool // of its text

	n   int // bytes that were read
	err error
}

// read reads the part into the memory of a block, and leaves room before it.
func (c *claim) read(b *Block) {
	if c.text != nil {
		b.renew()
		c.n, c.err = c.text.ReadAt(b.memory[frontBytes:frontBytes+c.size], c.at)
	}
}

// claim returns the next turn, with the next part of a text that is divided.
func (s *supply) claim() *claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &claim{turn: s.claims.take()}
	if s.divided == nil {
		return c
	}
	left := s.divided.Size() - s.claimed
	c.text, c.at, c.size, c.last = s.divided, s.claimed, int(min(left, blockBytes)), left <= blockBytes
	if s.claimed += int64(c.size); c.last {
		s.divided = nil
	}
	return c
}

// divide lets workers claim parts of the current text, if it is a large one that can be read at any
// offset. It reports whether they do.
func (s *supply) divide() bool {
	text, ok := s.text.Reader.(*io.SectionReader)
	if !ok || text.Size() < largeBytes {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.divided, s.claimed = text, 0
	return true
}

// join makes b the next block, from the part of a claim. It reports false if the block would be
// empty.
func (s *supply) join(b *Block, c *claim) bool {
	n := c.n
	if s.cutOff {
		n = 0
	} else if n < c.size {
		if s.cutOff = true; c.err != io.EOF {
			s.failed(s.text.Source, c.err)
		}
	}
	s.head(b)
	if room := frontBytes - len(s.rest); room >= 0 {
		copy(b.memory[room:], s.rest)
		b.Text = b.memory[room : frontBytes+n]
	} else {
		b.Text = append(append(make([]byte, 0, len(s.rest)+n), s.rest...), b.memory[frontBytes:frontBytes+n]...)
	}
	s.open = !c.last
	end := len(b.Text)
	if s.open && !s.cutOff {
		end = s.cut(b.Text, b.Lead, true)
	}
	s.keep(b, end)
	return end > b.Lead
}
