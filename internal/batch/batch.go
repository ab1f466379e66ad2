// Package batch processes lines of text on all cores and keeps their order. Its memory
// use does not depend on the size of the input.
package batch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
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

// One goroutine works on a block of lines, so that the cost of passing it on is small per line. A
// slow input makes small blocks: no line waits for the next.
const (
	blockBytes = 16 << 10
	keptBytes  = 1 << 20 // maximum size of the buffers of a block that is reused
)

// Run reads lines from r until it ends, answers each and writes the answers to w in the order of
// the lines. Each goroutine has a Work of its own, which newWork returns. Empty lines are skipped
// but counted. It returns the first error of r, w or ctx.
func Run(ctx context.Context, r io.Reader, w io.Writer, o Options, newWork func() Work) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	in := &counter{Reader: r}
	todo := make(chan *block)
	inOrder := make(chan *block, 2*o.Workers) // limits the memory
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			work := newWork()
			for b := range todo {
				b.answer(work, o.MaxLine)
			}
		})
	}
	spent := make(chan *block, cap(inOrder)+2) // room for all blocks: those in inOrder, and one each in reader and writer
	var readErr error
	go func() {
		defer close(inOrder)
		defer close(todo)
		r := reader{Reader: in, maxLine: o.MaxLine, spent: spent, todo: todo, inOrder: inOrder}
		readErr = r.run(ctx)
	}()
	writeErr := write(w, inOrder, spent, func(lines int) {
		if o.Progress != nil {
			o.Progress(lines, in.read.Load())
		}
	})
	cancel() // stops the reader after a write error
	for range inOrder {
	}
	workers.Wait()
	if writeErr != nil {
		return writeErr
	}
	return readErr
}

// A counter counts the bytes that were read.
type counter struct {
	io.Reader
	read atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.read.Add(int64(n))
	return n, err
}

func write(w io.Writer, inOrder <-chan *block, spent chan<- *block, progress func(int)) error {
	for b := range inOrder {
		<-b.done
		if _, err := w.Write(b.out); err != nil {
			return err
		}
		progress(b.first + b.lines - 1)
		if cap(b.text)+cap(b.out) > keptBytes {
			continue // the buffers of an unusually large block are not kept
		}
		select {
		case spent <- b:
		default:
		}
	}
	return nil
}

// A block is a number of consecutive lines and their answers.
type block struct {
	text  []byte // whole lines; the last one of the input may lack its end
	first int    // the number of the first line
	lines int
	long  bool // the only line was too long, and is not in text
	out   []byte
	done  chan struct{} // receives a value when the lines are answered
}

func (b *block) answer(work Work, maxLine int) {
	defer func() { b.done <- struct{}{} }()
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
