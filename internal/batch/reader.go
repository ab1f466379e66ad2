package batch

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
)

// A reader cuts its input into blocks of whole lines, for one worker at a time.
type reader struct {
	io.Reader
	maxLine int
	expect  func(*block) // is called with each block, in the order of the input

	mu         sync.Mutex
	err        error  // of the input, at which it ends
	rest       []byte // what was read after the last block
	lines      int    // before it
	read       int64  // bytes
	searched   int    // bytes of the block, for the end of a line
	discarding bool   // the line that was begun is too long
}

// next makes b the next block and reports whether there is one.
func (r *reader) next(ctx context.Context, b *block) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(b)
	for !r.ends(b) {
		if r.err != nil || ctx.Err() != nil {
			return false
		}
		r.fill(b)
	}
	r.count(b)
	r.expect(b)
	return true
}

// begin empties b and puts into it what is left of the block before. The memory of an unusually
// large block is not used again.
func (r *reader) begin(b *block) {
	if cap(b.text) == 0 || cap(b.text)+cap(b.out) > keptBytes {
		*b = block{text: make([]byte, 0, blockBytes)}
	}
	b.text, b.out, b.long, b.done = append(b.text[:0], r.rest...), b.out[:0], false, false
	r.searched = 0
	if r.rest = r.rest[:0]; cap(r.rest) > keptBytes {
		r.rest = nil
	}
}

// ends reports whether b is complete, and keeps what is behind its last line.
func (r *reader) ends(b *block) bool {
	if r.discarding {
		return r.endsLong(b)
	}
	end := r.lastEnd(b)
	switch {
	case r.err != nil:
		end = len(b.text)
	case end == 0 && isTooLong(len(b.text), r.maxLine):
		r.discarding, b.text = true, b.text[:0]
	}
	if end > 0 {
		r.rest = append(r.rest, b.text[end:]...)
		b.text = b.text[:end]
	}
	return end > 0
}

// lastEnd returns where the last line that ends in b does, or 0. Bytes are searched once, however
// many reads a long line takes.
func (r *reader) lastEnd(b *block) int {
	at := bytes.LastIndexByte(b.text[r.searched:], '\n')
	start := r.searched
	if r.searched = len(b.text); at < 0 {
		return 0
	}
	return start + at + 1
}

// endsLong is ends within a line that is too long, of which b gets nothing.
func (r *reader) endsLong(b *block) bool {
	end := bytes.IndexByte(b.text, '\n') + 1
	if end == 0 && r.err == nil {
		b.text = b.text[:0]
		return false
	}
	if end > 0 {
		r.rest = append(r.rest, b.text[end:]...)
	}
	r.discarding, b.long, b.text = false, true, b.text[:0]
	return true
}

// fill appends what one Read returns.
func (r *reader) fill(b *block) {
	if len(b.text) == cap(b.text) {
		b.text = slices.Grow(b.text, len(b.text)) // a line longer than the block
	}
	n, err := r.Read(b.text[len(b.text):cap(b.text)])
	b.text, r.read, r.err = b.text[:len(b.text)+n], r.read+int64(n), err
}

// count numbers the lines of a block.
func (r *reader) count(b *block) {
	b.first, b.lines, b.read = r.lines+1, bytes.Count(b.text, []byte{'\n'}), r.read
	if n := len(b.text); n == 0 || b.text[n-1] != '\n' {
		b.lines++
	}
	r.lines += b.lines
}

// failure returns the error that ended the input early.
func (r *reader) failure() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}
