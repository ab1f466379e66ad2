// Package blocks reads texts of any length in pieces that cut no line, and works on them on all
// cores. Its memory use does not depend on the size of the texts.
package blocks

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"unicode/utf8"
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

	done chan struct{}
}

const (
	blockBytes = 256 << 10
	leadBytes  = 256
	mostBytes  = 3 << 20 // of a block in which nothing may be cut
)

// A Text is one text for Run.
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
// the first error of Done or ctx. A text that cannot be read is passed to Failed, which is
// called, as next is, on a goroutine of its own.
func (w Work[S]) Run(ctx context.Context, next func() (Text, bool)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := pipeline{ctx: ctx, joined: w.Joined, held: w.Held, todo: make(chan *Block), inOrder: make(chan *Block, 2*w.Workers)}
	p.spent = make(chan *Block, cap(p.inOrder)+2)
	var running sync.WaitGroup
	for range w.Workers {
		running.Go(func() {
			var state S
			for b := range p.todo {
				w.Do(&state, b)
				b.done <- struct{}{}
			}
		})
	}
	running.Go(func() {
		defer close(p.inOrder)
		defer close(p.todo)
		for t, ok := next(); ok && ctx.Err() == nil; t, ok = next() {
			if err := p.read(t); err != nil {
				w.Failed(t.Source, err)
			}
		}
	})
	err := p.write(w.Done)
	if err == nil {
		err = ctx.Err()
	}
	cancel()
	for range p.inOrder {
	}
	running.Wait()
	return err
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

type pipeline struct {
	ctx           context.Context
	joined        func(byte) bool
	held          func([]byte) int
	todo, inOrder chan *Block
	spent         chan *Block // whose memory is used again
}

func (p *pipeline) write(done func(*Block) error) error {
	for b := range p.inOrder {
		<-b.done
		if err := done(b); err != nil {
			return err
		}
		if cap(b.Text)+cap(b.Out) > 4*blockBytes {
			continue
		}
		select {
		case p.spent <- b:
		default:
		}
	}
	return nil
}

func (p *pipeline) fresh() *Block {
	select {
	case b := <-p.spent:
		b.Text, b.Out, b.Result = b.Text[:0], b.Out[:0], nil
		return b
	default:
		return &Block{Text: make([]byte, 0, blockBytes+leadBytes), done: make(chan struct{}, 1)}
	}
}

// read cuts a text into blocks and hands them on.
func (p *pipeline) read(t Text) error {
	place, offset := Place{1, 1}, int64(0)
	b := p.fresh()
	b.Lead = 0
	for p.ctx.Err() == nil {
		if len(b.Text) == cap(b.Text) {
			b.Text = slices.Grow(b.Text, blockBytes)
		}
		n, err := t.Read(b.Text[len(b.Text):cap(b.Text)])
		b.Text = b.Text[:len(b.Text)+n]
		end := len(b.Text)
		if err == nil {
			end = p.cut(b.Text, b.Lead, len(b.Text) == cap(b.Text))
		}
		if end > b.Lead || err != nil {
			following := p.following(b.Text, end)
			b.Source, b.Line, b.Column, b.Offset, b.Text = t.Source, place.Line, place.Column, offset, b.Text[:end]
			place, offset = place.after(b.Text[b.Lead:]), offset+int64(end-b.Lead)
			p.hand(b)
			b = following
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return nil // Run returns the error of ctx
}

// following returns a block with the text after end, and with the part of its line before end.
func (p *pipeline) following(text []byte, end int) *Block {
	lead := max(0, end-leadBytes)
	if end > 0 && text[end-1] == '\n' {
		lead = end
	}
	b := p.fresh()
	b.Lead = end - lead
	b.Text = append(b.Text, text[lead:]...)
	return b
}

// cut returns where a block can end: after the last line, or, in a line that fills the block,
// before bytes that belong together. It is lead if more must be read.
func (p *pipeline) cut(text []byte, lead int, full bool) int {
	if i := bytes.LastIndexByte(text[lead:], '\n') + 1; i > 0 {
		if p.held != nil && !full {
			i = p.held(text[lead : lead+i])
		}
		return lead + i
	}
	if !full {
		return lead
	}
	end := len(text)
	for end > lead && (p.joined(text[end-1]) || text[end-1] >= utf8.RuneSelf) {
		end--
	}
	if end == lead && len(text) >= mostBytes {
		return len(text)
	}
	return end
}

// hand passes a block to a worker and to the writer, which waits for it, unless ctx ends.
func (p *pipeline) hand(b *Block) {
	select {
	case p.inOrder <- b:
		p.todo <- b // a worker always becomes free, because none waits for anything
	case <-p.ctx.Done():
	}
}
