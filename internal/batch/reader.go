package batch

import (
	"bytes"
	"context"
	"io"
	"slices"
)

// A reader cuts its input into blocks of whole lines.
type reader struct {
	io.Reader
	maxLine int
	spent   <-chan *block // whose buffers are used again
	todo    chan<- *block // to the workers
	inOrder chan<- *block // to the writer

	next       int  // the number of the next line
	discarding bool // the line that was begun is too long
}

// run reads the input to its end.
func (r *reader) run(ctx context.Context) error {
	r.next = 1
	for b := r.fresh(nil); ; {
		readErr := r.fill(b)
		rest, err := r.pass(ctx, b, readErr != nil)
		switch {
		case err != nil:
			return err
		case readErr == io.EOF:
			return nil
		case readErr != nil:
			return readErr
		}
		b = rest
	}
}

// pass hands on the whole lines of a block, and returns a block with the line that is not whole yet.
// The last block has only whole lines.
func (r *reader) pass(ctx context.Context, b *block, last bool) (*block, error) {
	if r.discarding && !r.discard(b) && !last {
		return b, ctx.Err()
	}
	if r.discarding {
		r.discarding = false
		long := r.fresh(nil)
		long.long = true
		if err := r.hand(ctx, long); err != nil {
			return nil, err
		}
	}
	end := bytes.LastIndexByte(b.text, '\n') + 1
	if last {
		end = len(b.text)
	}
	rest := b
	if end > 0 {
		rest = r.fresh(b.text[end:])
		b.text = b.text[:end]
		if err := r.hand(ctx, b); err != nil {
			return nil, err
		}
	}
	if isTooLong(len(rest.text), r.maxLine) {
		r.discarding, rest.text = true, rest.text[:0]
	}
	return rest, ctx.Err()
}

// discard removes the rest of a line that is too long, and reports whether it ends in the block.
func (r *reader) discard(b *block) bool {
	end := bytes.IndexByte(b.text, '\n') + 1
	if end == 0 {
		b.text = b.text[:0]
		return false
	}
	b.text = b.text[:copy(b.text, b.text[end:])]
	return true
}

// fresh returns a block that begins with text.
func (r *reader) fresh(text []byte) *block {
	var b *block
	select {
	case b = <-r.spent:
	default:
		b = &block{text: make([]byte, 0, blockBytes), done: make(chan struct{}, 1)}
	}
	b.text, b.out, b.long = append(b.text[:0], text...), b.out[:0], false
	return b
}

// fill appends what one Read returns.
func (r *reader) fill(b *block) error {
	if len(b.text) == cap(b.text) {
		b.text = slices.Grow(b.text, len(b.text)) // a line longer than the block
	}
	n, err := r.Read(b.text[len(b.text):cap(b.text)])
	b.text = b.text[:len(b.text)+n]
	return err
}

// hand passes a block to a worker and to the writer, which waits for it.
func (r *reader) hand(ctx context.Context, b *block) error {
	b.first, b.lines = r.next, bytes.Count(b.text, []byte{'\n'})
	if n := len(b.text); n == 0 || b.text[n-1] != '\n' {
		b.lines++
	}
	r.next += b.lines
	select {
	case r.inOrder <- b:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.todo <- b // a worker always becomes free, because none waits for anything
	return nil
}
