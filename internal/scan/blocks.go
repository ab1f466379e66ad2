package scan

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"unicode/utf8"
)

// A Block is a piece of a text that cuts no line and, in a line that is longer than a block, no
// token.
type Block struct {
	Source any    // what the text was read from
	Text   []byte // begins with Lead bytes of the block before
	Lead   int    // which may name the first token
	Line   int    // of the first byte after Lead, from 1
	Column int    // in characters, from 1
	Offset int64  // of the first byte after Lead, in the text
	Out    []byte // what work writes, for done
	Result any    // what else work says

	done chan struct{}
}

const (
	blockBytes = 256 << 10
	leadBytes  = 2 * maxName
	mostBytes  = 3 << 20 // of a block with a token that is longer than others
)

// A Place is where a byte of a text is.
type Place struct{ Line, Column int }

// Places returns a function that returns the place of a byte of Text. Each byte asked for must
// not precede the one before.
func (b *Block) Places() func(at int) Place {
	last, p := b.Lead, Place{b.Line, b.Column}
	return func(at int) Place {
		if at > last { // the first token of Base64 may begin in Lead
			p = p.after(b.Text[last:at])
			last = at
		}
		return p
	}
}

func (p Place) after(text []byte) Place {
	lines := bytes.Count(text, []byte{'\n'})
	if lines > 0 {
		text = text[bytes.LastIndexByte(text, '\n')+1:]
		p = Place{p.Line + lines, 1}
	}
	p.Column += utf8.RuneCount(text)
	return p
}

// A Text is one text for Run.
type Text struct {
	io.Reader
	Source any
}

// Run reads texts in blocks, calls work for each on several goroutines, and done in the order of
// the texts. Its memory does not depend on their sizes. It returns the first error of done or
// ctx. next returns the next text, or false; an error in reading one is passed to failed, which
// Run calls, as it calls next, from a goroutine of its own.
func Run(ctx context.Context, workers int, next func() (Text, bool), failed func(source any, err error), work func(s *Searcher, b *Block), done func(b *Block) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := pipeline{ctx: ctx, todo: make(chan *Block), inOrder: make(chan *Block, 2*workers)}
	p.spent = make(chan *Block, cap(p.inOrder)+2)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			var s Searcher
			for b := range p.todo {
				work(&s, b)
				b.done <- struct{}{}
			}
		})
	}
	running.Go(func() {
		defer close(p.inOrder)
		defer close(p.todo)
		for t, ok := next(); ok && ctx.Err() == nil; t, ok = next() {
			if err := p.read(t); err != nil {
				failed(t.Source, err)
			}
		}
	})
	err := p.write(done)
	if err == nil {
		err = ctx.Err()
	}
	cancel()
	for range p.inOrder {
	}
	running.Wait()
	return err
}

type pipeline struct {
	ctx           context.Context
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
	for {
		if len(b.Text) == cap(b.Text) {
			b.Text = slices.Grow(b.Text, blockBytes)
		}
		n, err := t.Read(b.Text[len(b.Text):cap(b.Text)])
		b.Text = b.Text[:len(b.Text)+n]
		end := len(b.Text)
		if err == nil {
			end = cutBlock(b.Text, b.Lead, len(b.Text) == cap(b.Text))
		}
		if end > b.Lead || err != nil {
			following := p.fresh()
			lead := max(0, end-leadBytes)
			if end > 0 && b.Text[end-1] == '\n' {
				lead = end
			}
			following.Lead = end - lead
			following.Text = append(following.Text, b.Text[lead:]...)
			b.Source, b.Line, b.Column, b.Offset, b.Text = t.Source, place.Line, place.Column, offset, b.Text[:end]
			place, offset = place.after(b.Text[b.Lead:]), offset+int64(end-b.Lead)
			if sent := p.hand(b); sent != nil {
				return nil // Run returns the error of ctx
			}
			b = following
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// cutBlock returns where a block can end: after the last line, or, in a line that fills the
// block, before characters that a token may have. It is lead if more must be read.
func cutBlock(text []byte, lead int, full bool) int {
	if i := bytes.LastIndexByte(text[lead:], '\n'); i >= 0 {
		return lead + i + 1
	}
	if !full {
		return lead
	}
	end := len(text)
	for end > lead && (inToken(text[end-1]) || text[end-1] >= utf8.RuneSelf) {
		end--
	}
	if end == lead && len(text) >= mostBytes {
		return len(text)
	}
	return end
}

// hand passes a block to a worker and to the writer, which waits for it.
func (p *pipeline) hand(b *Block) error {
	select {
	case p.inOrder <- b:
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
	p.todo <- b // a worker always becomes free, because none waits for anything
	return nil
}
