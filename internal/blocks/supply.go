package blocks

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"unicode/utf8"
)

// A supply cuts texts into blocks. Of most texts one worker at a time reads a block. Several read
// parts of a divided one.
type supply struct {
	next   func() (Text, bool)
	joined func(byte) bool
	held   func([]byte) int
	failed func(any, error)

	mu      sync.Mutex
	ended   bool // there is no next text
	text    Text
	divided bool              // there may be parts of the text that are not joined
	whole   *io.SectionReader // the divided text
	claimed int64             // bytes of it
	parts   turns             // to be joined

	// The rest is for the worker with the lock, or with the turn at a divided text.
	open    bool   // there may be more of the text
	cutOff  bool   // a part ended early: the rest is not read
	rest    []byte // of the text, with which the next block begins
	lead    int    // bytes of it that belong to the block before
	place   Place  // of the byte after them
	offset  int64
	results turns // of blocks to be passed to Done
}

// read fills a block and reports whether there is one.
func (s *supply) read(ctx context.Context, b *Block) bool {
	filled := false
	for more := true; more && !filled && ctx.Err() == nil; {
		if p := s.claim(); p != nil {
			filled = s.fillPart(ctx, b, p)
		} else {
			filled, more = s.fillNext(ctx, b)
		}
	}
	return filled
}

// fillNext fills a block from a text that is not divided. Without one, it reports whether there is
// more to read.
func (s *supply) fillNext(ctx context.Context, b *Block) (filled, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hasParts() && (!s.allJoined(ctx) || !s.begin()) {
		return false, false
	}
	return !s.hasParts() && s.fill(ctx, b), true
}

// begin makes sure that a text is open, and reports whether there is one.
func (s *supply) begin() bool {
	if s.open || s.ended {
		return s.open
	}
	s.text, s.open = s.next()
	s.ended = !s.open
	s.rest, s.lead, s.place, s.offset, s.cutOff = s.rest[:0], 0, Place{1, 1}, 0, false
	s.divide()
	return s.open
}

// fill reads the text up to where a block can end, or to its end. It reports false if the block would
// be empty.
func (s *supply) fill(ctx context.Context, b *Block) (filled bool) {
	b.renew()
	s.head(b)
	b.Text = append(b.memory[:0], s.rest...)
	for !filled && s.open && ctx.Err() == nil {
		if len(b.Text) == cap(b.Text) {
			b.Text = slices.Grow(b.Text, blockBytes)
			b.memory = b.Text[:cap(b.Text)]
		}
		n, err := s.text.Read(b.Text[len(b.Text):cap(b.Text)])
		b.Text = b.Text[:len(b.Text)+n]
		end := len(b.Text)
		if err == nil {
			end = s.cut(b.Text, b.Lead, len(b.Text) == cap(b.Text))
		} else if s.open = false; err != io.EOF {
			s.failed(s.text.Source, err)
		}
		filled = end > b.Lead && s.keep(b, end)
	}
	return filled
}

// head makes b the beginning of the next block.
func (s *supply) head(b *Block) {
	b.Source, b.Lead, b.Line, b.Column, b.Offset = s.text.Source, s.lead, s.place.Line, s.place.Column, s.offset
	b.Out, b.Result = b.Out[:0], nil
}

// keep ends a block and keeps what was read after its end, and the part of its line before. It
// reports false if the block is empty.
func (s *supply) keep(b *Block, end int) bool {
	lead := max(0, end-leadBytes)
	if end > 0 && b.Text[end-1] == '\n' {
		lead = end
	}
	s.rest, s.lead = append(s.rest[:0], b.Text[lead:]...), end-lead
	b.Text = b.Text[:end]
	s.place, s.offset = b.count(), s.offset+int64(end-b.Lead)
	if end == b.Lead {
		return false
	}
	b.turn = s.results.take()
	return true
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
