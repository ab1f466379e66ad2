package audit

import (
	"bytes"
	"context"
	"errors"
	"io"

	"jwt/internal/blocks"
)

// MaxWord is the largest size of a word, in bytes. Longer lines are skipped and counted.
const MaxWord = 4096

// Options limit a search.
type Options struct {
	Workers  int
	Rules    bool                        // try variants of each word too
	Progress func(words int, read int64) // called now and then with the words tried and the bytes read; may be nil
}

// A Result is the result of a search.
type Result struct {
	Found   bool
	Secret  []byte
	Line    int    // of the word in the list, from 1
	Rule    string // that made the secret of the word; empty for the word itself
	Guesses int64
	Skipped int64 // lines that are too long
}

// errFound ends a search.
var errFound = errors.New("found")

// Search tries the lines of a list, on all workers. Of several words that fit, the result is
// the first. The error is that of reading the list, or of ctx.
func Search(ctx context.Context, g *Guesser, list io.Reader, o Options) (Result, error) {
	var all Result
	var failed error
	work := blocks.Work[worker]{
		Workers: o.Workers,
		Joined:  func(byte) bool { return true },
		Failed:  func(_ any, err error) { failed = err },
		Do:      func(w *worker, b *blocks.Block) { b.Result = w.block(g, b, o.Rules) },
		Done: func(b *blocks.Block) error {
			r, _ := b.Result.(Result)
			r.Guesses, r.Skipped = all.Guesses+r.Guesses, all.Skipped+r.Skipped
			if all = r; all.Found {
				return errFound
			}
			if o.Progress != nil {
				o.Progress(b.Line-1, b.Offset)
			}
			return nil
		},
	}
	err := work.Run(ctx, blocks.One(list, nil))
	if errors.Is(err, errFound) {
		return all, nil
	}
	return all, errors.Join(err, failed)
}

// A worker is what one goroutine needs for its guesses.
type worker struct {
	*Guesser
	buf     []byte
	guesses int64
}

func (w *worker) try(secret []byte) bool {
	w.guesses++
	return w.Try(secret)
}

// block tries the words of a block, up to the first that fits.
func (w *worker) block(g *Guesser, b *blocks.Block, rules bool) (r Result) {
	if w.Guesser == nil {
		w.Guesser, w.buf = g.clone(), make([]byte, 0, 2*MaxWord)
	}
	w.guesses = 0
	defer func() { r.Guesses = w.guesses }()
	text := b.Text[b.Lead:]
	for r.Line = b.Line; len(text) > 0; r.Line++ {
		word, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		word = bytes.TrimSuffix(word, []byte{'\r'})
		isRest := r.Line == b.Line && b.Column > 1 // of a line that no block holds
		switch {
		case isRest, len(word) == 0:
		case len(word) > MaxWord:
			r.Skipped++
		case w.word(word, rules, &r):
			return r
		}
	}
	r.Line = 0
	return r
}

// word tries a word and, with rules, its variants.
func (w *worker) word(word []byte, rules bool, r *Result) bool {
	found := func(secret []byte, rule string) bool {
		r.Found, r.Rule, r.Secret = true, rule, bytes.Clone(secret)
		return true
	}
	if w.try(word) {
		return found(word, "")
	}
	if !rules {
		return false
	}
	for _, v := range variants {
		if v.make(w.buf, word, func(guess []byte) bool { return w.try(guess) && found(guess, v.name) }) {
			return true
		}
	}
	return false
}
