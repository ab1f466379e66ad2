// Package blocks reads texts of any length in pieces that cut no line, and works on them on all
// cores. Its memory use does not depend on the size of the texts.
package blocks

import (
	"context"
	"io"
	"sync"
)

// A Block is a piece of a text. It cuts no line that fits into a block.
type Block struct {
	Source any    // what the text was read from
	Text   []byte // begins with Lead bytes of the block before, if that ends inside a line
	Lead   int
	Line   int    // of the first byte after Lead, from 1
	Column int    // in characters, from 1
	Offset int64  // of the first byte after Lead, in the text
	Out    []byte // what work writes, for done
	Result any    // what else work says

	memory []byte // of Text
	lines  []int  // of each step of the bytes after Lead
	turn   turn   // to be passed to Done
}

const (
	blockBytes = 640 << 10
	leadBytes  = 256
	frontBytes = 4 << 10 // of memory before a part
	mostBytes  = 2 << 20 // without a place to cut, after which the text is cut anyway: no token has more
)

// Large is the size of an *io.SectionReader from which on several workers read it.
const Large = 4 * blockBytes

// renew prepares the memory of a block. That of an unusually large one is not used again.
func (b *Block) renew() {
	if len(b.memory) == 0 || len(b.memory)+cap(b.Out) > 3*mostBytes {
		*b = Block{memory: make([]byte, frontBytes+blockBytes)}
	}
}

// A Text is one text for Run. Several workers read parts of a Large *io.SectionReader at the same
// time.
type Text struct {
	io.Reader
	Source any
}

// Work is what Run does with each block of its texts.
type Work[S any] struct {
	Workers int
	Joined  func(c byte) bool        // bytes that are not cut apart in a line longer than a block
	Held    func(text []byte) int    // where lines begin that wait for the next line; may be nil
	Do      func(state *S, b *Block) // on one of the workers, each of which has its state
	Done    func(b *Block) error     // in the order of the texts
	Failed  func(source any, err error)
}

// Run reads the texts that next returns, until it returns false, and works on them. It returns
// the first error of Done or ctx. A text that cannot be read is passed to Failed. Of next, Failed
// and Read, and of Done, one is called at a time, on any worker.
//
// A worker reads its block itself, because the text is then in the cache of its core.
func (w Work[S]) Run(ctx context.Context, next func() (Text, bool)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	in := supply{next: next, joined: w.Joined, held: w.Held, failed: w.Failed, results: newTurns()}
	var running sync.WaitGroup
	for range w.Workers {
		running.Go(func() {
			var state S
			b := new(Block)
			for in.read(ctx, b) {
				w.Do(&state, b)
				if err := w.done(ctx, b); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// done passes a block to Done when it is its turn.
func (w Work[S]) done(ctx context.Context, b *Block) error {
	if !b.turn.wait(ctx) {
		return context.Cause(ctx)
	}
	if err := w.Done(b); err != nil {
		return err
	}
	b.turn.pass()
	return nil
}

// One returns a next for Run of one text.
func One(r io.Reader, source any) func() (Text, bool) {
	read := false
	return func() (Text, bool) {
		first := !read
		read = true
		return Text{Reader: r, Source: source}, first
	}
}
