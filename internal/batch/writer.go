package batch

import (
	"io"
	"sync"
)

// A writer writes the answers to blocks in the order in which it was told to expect them.
type writer struct {
	io.Writer
	free     chan<- *block // for blocks that are written
	progress func(lines int, read int64)

	mu       sync.Mutex
	expected []*block
	writing  bool // a worker is
	err      error
}

// expect is called before a block is answered, with one block at a time.
func (w *writer) expect(b *block) {
	w.mu.Lock()
	w.expected = append(w.expected, b)
	w.mu.Unlock()
}

// answered writes the blocks whose turn it is, unless another worker does. It returns the error of
// the output.
func (w *writer) answered(b *block) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.done = true
	if w.writing {
		return nil // the other one looks again
	}
	w.writing = true
	for w.err == nil && len(w.expected) > 0 && w.expected[0].done {
		next := w.expected[0]
		w.expected = append(w.expected[:0], w.expected[1:]...)
		w.mu.Unlock()
		err := w.write(next)
		w.mu.Lock()
		w.err = err
	}
	w.writing = false
	return w.err
}

func (w *writer) write(b *block) error {
	if len(b.out) > 0 {
		if _, err := w.Write(b.out); err != nil {
			return err
		}
	}
	if w.progress != nil {
		w.progress(b.first+b.lines-1, b.read)
	}
	w.free <- b
	return nil
}
