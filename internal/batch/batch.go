// Package batch processes lines of text on all cores and keeps their order. Its memory
// use does not depend on the size of the input.
package batch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
)

// ErrLineTooLong is passed to Work for a line of more than Options.MaxLine bytes. The
// line itself was discarded while reading.
var ErrLineTooLong = errors.New("the line is too long")

// Work appends the answer to one line to dst and returns it. number counts from 1. line has no line
// end and is valid only during the call. tooLong is ErrLineTooLong or nil.
type Work func(dst, line []byte, number int, tooLong error) []byte

// Options limit the work.
type Options struct {
	Workers int // goroutines; at least 1
	MaxLine int // bytes of a line without its end
	// Progress is called after each write with the lines that are done and the bytes that
	// were read. It may be nil.
	Progress func(lines int, read int64)
}

// A worker takes a block of lines at a time, so that the cost of taking it is small per line. A slow
// input makes small blocks: no line waits for the next.
const (
	blockBytes = 16 << 10
	keptBytes  = 1 << 20 // maximum size of the buffers of a block that is reused
	ahead      = 2       // blocks for each worker, so that none waits for a slower one at once
)

// Run reads lines from r until it ends, answers each and writes the answers to w in the order of
// the lines. Each goroutine has a Work of its own, which newWork returns. Empty lines are skipped
// but counted. It returns the first error of r, w or ctx.
//
// A worker reads its block itself, and writes it if those before are written: nothing is passed on.
func Run(ctx context.Context, r io.Reader, w io.Writer, o Options, newWork func() Work) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	free := make(chan *block, ahead*o.Workers)
	for range cap(free) {
		free <- new(block)
	}
	out := &writer{Writer: w, free: free, progress: o.Progress}
	in := &reader{Reader: r, maxLine: o.MaxLine, expect: out.expect}
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			work := newWork()
			for {
				b := take(ctx, free)
				if b == nil || !in.next(ctx, b) {
					return
				}
				b.answer(work, o.MaxLine)
				if err := out.answered(b); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return in.failure()
}

// take returns a free block, or nil when ctx has ended.
func take(ctx context.Context, free <-chan *block) *block {
	if ctx.Err() != nil {
		return nil
	}
	select {
	case b := <-free:
		return b
	case <-ctx.Done():
		return nil
	}
}

// A block is a number of consecutive lines and their answers.
type block struct {
	text  []byte // whole lines; the last one of the input may lack its end
	first int    // the number of the first line
	lines int
	long  bool  // the only line was too long, and is not in text
	read  int64 // bytes of the input up to its end, or a little more
	out   []byte
	done  bool // the lines are answered; guarded by the writer
}

func (b *block) answer(work Work, maxLine int) {
	if b.long {
		b.out = work(b.out, nil, b.first, ErrLineTooLong)
		return
	}
	text := b.text
	for number := b.first; len(text) > 0; number++ {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		content := bytes.TrimRight(line, "\r")
		switch {
		case len(content) > maxLine || isTooLong(len(line), maxLine):
			b.out = work(b.out, nil, number, ErrLineTooLong)
		case len(content) > 0:
			b.out = work(b.out, content, number, nil)
		}
	}
}

// isTooLong reports whether a line of n bytes before its line feed is certainly too long.
func isTooLong(n, maxLine int) bool { return n > maxLine+len("\r") }
