// Package batch processes lines of text on all cores and keeps their order. Its memory
// use does not depend on the size of the input.
package batch

import (
	"bufio"
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

// Work appends the answer to one line to dst and returns it. number counts from 1. line
// has no line end and is valid only during the call. tooLong is ErrLineTooLong or nil.
type Work func(dst, line []byte, number int, tooLong error) []byte

// Options limit the work.
type Options struct {
	Workers int // goroutines; at least 1
	MaxLine int // bytes of a line without its end
	// Progress is called after each write with the lines that are done and the bytes that
	// were read. It may be nil.
	Progress func(lines int, read int64)
}

// One goroutine works on a chunk of lines, so that the cost of passing it on is small per
// line. A slow input makes small chunks: no line waits for the next.
const (
	chunkLines = 32
	chunkBytes = 256 << 10
	readBytes  = 64 << 10
	keptBytes  = 1 << 20 // maximum size of the buffers of a chunk that is reused
)

// Run reads lines from r until it ends, answers each and writes the answers to w in the order of
// the lines. Each goroutine has a Work of its own, which newWork returns. Empty lines are skipped
// but counted. It returns the first error of r, w or ctx.
func Run(ctx context.Context, r io.Reader, w io.Writer, o Options, newWork func() Work) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	in := &counter{Reader: r}
	todo := make(chan *chunk)
	inOrder := make(chan *chunk, 2*o.Workers) // limits the memory
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			work := newWork()
			for c := range todo {
				c.answer(work)
			}
		})
	}
	spent := make(chan *chunk, cap(inOrder)+2) // room for all chunks: those in inOrder, and one each in reader and writer
	var readErr error
	go func() {
		defer close(inOrder)
		defer close(todo)
		readErr = read(ctx, in, o.MaxLine, spent, todo, inOrder)
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

func write(w io.Writer, inOrder <-chan *chunk, spent chan<- *chunk, progress func(int)) error {
	lines := 0
	for c := range inOrder {
		<-c.done
		if _, err := w.Write(c.out); err != nil {
			return err
		}
		lines += c.lines()
		progress(lines)
		if cap(c.text)+cap(c.out) > keptBytes {
			continue // the buffers of an unusually large chunk are not kept
		}
		select {
		case spent <- c:
		default:
		}
	}
	return nil
}

// fresh returns an empty chunk. It reuses a spent one if possible, because chunks are
// most of a run's garbage.
func fresh(spent <-chan *chunk, first int) *chunk {
	select {
	case c := <-spent:
		c.text, c.ends, c.long, c.out = c.text[:0], c.ends[:0], c.long[:0], c.out[:0]
		c.first = first
		return c
	default:
		return &chunk{first: first, done: make(chan struct{}, 1)}
	}
}

// A chunk is a number of consecutive lines and their answers.
type chunk struct {
	text  []byte // the lines without their ends, one after the other
	ends  []int  // where each line ends in text
	long  []bool // which lines were too long
	first int    // the number of the first line
	out   []byte
	done  chan struct{} // receives a value when the lines are answered
}

func (c *chunk) lines() int { return len(c.ends) }

func (c *chunk) answer(work Work) {
	defer func() { c.done <- struct{}{} }()
	start := 0
	for i, end := range c.ends {
		line := c.text[start:end]
		start = end
		switch {
		case c.long[i]:
			c.out = work(c.out, nil, c.first+i, ErrLineTooLong)
		case len(line) > 0:
			c.out = work(c.out, line, c.first+i, nil)
		}
	}
}

func read(ctx context.Context, r io.Reader, maxLine int, spent <-chan *chunk, todo, inOrder chan<- *chunk) error {
	b := bufio.NewReaderSize(r, readBytes)
	for next := 1; ; {
		c := fresh(spent, next)
		err := c.fill(b, maxLine)
		if c.lines() > 0 {
			next += c.lines()
			if err := hand(ctx, c, todo, inOrder); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// hand passes the chunk to a worker and to the writer, which waits for it.
func hand(ctx context.Context, c *chunk, todo, inOrder chan<- *chunk) error {
	select {
	case inOrder <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	todo <- c // a worker always becomes free, because none waits for anything
	return nil
}

// fill reads lines until the chunk is full or no more input is available.
func (c *chunk) fill(b *bufio.Reader, maxLine int) error {
	for len(c.ends) < chunkLines && len(c.text) < chunkBytes {
		if len(c.ends) > 0 && b.Buffered() == 0 {
			return nil // the next line may take long: answer these now
		}
		if err := c.line(b, maxLine); err != nil {
			return err
		}
	}
	return nil
}

// line reads one line. It discards a line longer than maxLine while reading.
func (c *chunk) line(b *bufio.Reader, maxLine int) error {
	start := len(c.text)
	long, any := false, false
	for {
		piece, err := b.ReadSlice('\n')
		any = any || len(piece) > 0
		if len(c.text)-start+len(bytes.TrimRight(piece, "\r\n")) > maxLine {
			long = true
			c.text = c.text[:start]
		}
		if !long {
			c.text = append(c.text, piece...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if any {
			c.text = append(c.text[:start], bytes.TrimRight(c.text[start:], "\r\n")...)
			c.ends = append(c.ends, len(c.text))
			c.long = append(c.long, long)
		}
		return err
	}
}
