package blocks

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"unicode/utf8"
)

// A supply cuts texts into blocks, for one worker at a time.
type supply struct {
	next   func() (Text, bool)
	joined func(byte) bool
	held   func([]byte) int
	failed func(any, error)

	mu     sync.Mutex
	ended  bool // there is no next text
	open   bool // there may be more of the current text
	text   Text
	rest   []byte // of the text, with which the next block begins
	lead   int    // bytes of it that belong to the block before
	place  Place  // of the byte after them
	offset int64
	turn   chan struct{} // of the next block
}

// read fills a block and reports whether there is one.
func (s *supply) read(ctx context.Context, b *Block) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil && s.begin() {
		s.fill(ctx, b)
		if len(b.Text) > b.Lead {
			b.turn, b.next = s.turn, make(chan struct{}, 1)
			s.turn = b.next
			return true
		}
	}
	return false
}

// begin makes sure that a text is open, and reports whether there is one.
func (s *supply) begin() bool {
	if s.open || s.ended {
		return s.open
	}
	s.text, s.open = s.next()
	s.ended = !s.open
	s.rest, s.lead, s.place, s.offset = s.rest[:0], 0, Place{1, 1}, 0
	return s.open
}

// fill reads the text up to where a block can end, or to its end.
func (s *supply) fill(ctx context.Context, b *Block) {
	s.reset(b)
	for end := b.Lead; end == b.Lead && s.open && ctx.Err() == nil; {
		if len(b.Text) == cap(b.Text) {
			b.Text = slices.Grow(b.Text, blockBytes)
		}
		n, err := s.text.Read(b.Text[len(b.Text):cap(b.Text)])
		b.Text = b.Text[:len(b.Text)+n]
		end = len(b.Text)
		if err == nil {
			end = s.cut(b.Text, b.Lead, len(b.Text) == cap(b.Text))
		} else if s.open = false; err != io.EOF {
			s.failed(s.text.Source, err)
		}
		s.keep(b, end)
	}
}

// reset makes b the beginning of the next block. The memory of an unusually large one is not
// used again.
func (s *supply) reset(b *Block) {
	if cap(b.Text) == 0 || cap(b.Text)+cap(b.Out) > 4*blockBytes {
		*b = Block{Text: make([]byte, 0, blockBytes+leadBytes)}
	}
	b.Source, b.Lead, b.Line, b.Column, b.Offset = s.text.Source, s.lead, s.place.Line, s.place.Column, s.offset
	b.Text, b.Out, b.Result = append(b.Text[:0], s.rest...), b.Out[:0], nil
}

// keep ends a block and keeps what was read after its end, and the part of its line before.
func (s *supply) keep(b *Block, end int) {
	if end == b.Lead {
		return
	}
	lead := max(0, end-leadBytes)
	if b.Text[end-1] == '\n' {
		lead = end
	}
	s.rest, s.lead = append(s.rest[:0], b.Text[lead:]...), end-lead
	b.Text = b.Text[:end]
	s.place, s.offset = b.count(), s.offset+int64(end-b.Lead)
}

// cut returns where a block can end: after the last line, or, in a line that fills the block,
// before bytes that belong together. It is lead if more must be read.
func (s *supply) cut(text []byte, lead int, full bool) int {
	if end := bytes.LastIndexByte(text[lead:], '\n') + 1; end > 0 {
		if s.held == nil {
			return lead + end
		}
		if held := s.held(text[lead : lead+end]); held > 0 || !full {
			end = held
		}
		return lead + end
	}
	if !full {
		return lead
	}
	end := len(text)
	for end > lead && (s.joined(text[end-1]) || text[end-1] >= utf8.RuneSelf) {
		end--
	}
	if end == lead && len(text) >= mostBytes {
		return len(text)
	}
	return end
}
