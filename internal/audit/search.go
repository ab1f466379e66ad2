package audit

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"jwt/internal/batch"
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

// Search tries the lines of a list, on all workers. Of several words that fit, the result is
// the first. The error is that of reading the list, or of ctx.
func Search(ctx context.Context, g *Guesser, list io.Reader, o Options) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := search{guesser: g, options: o, found: cancel}
	s.idle.New = func() any { return &worker{Guesser: g.clone()} }
	err := batch.Run(ctx, list, io.Discard, batch.Options{Workers: o.Workers, MaxLine: MaxWord, Progress: o.Progress}, func() batch.Work { return s.line })
	s.result.Guesses, s.result.Skipped = s.guesses.Load(), s.skipped.Load()
	if s.result.Found && errors.Is(err, context.Canceled) {
		err = nil
	}
	return s.result, err
}

type search struct {
	guesser *Guesser
	options Options
	found   func()
	idle    sync.Pool // *worker

	guesses, skipped atomic.Int64
	mutex            sync.Mutex
	result           Result
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

// line tries one line of the list.
func (s *search) line(dst, word []byte, number int, tooLong error) []byte {
	if tooLong != nil {
		s.skipped.Add(1)
		return dst
	}
	w := s.idle.Get().(*worker)
	w.word(word, s.options.Rules, func(secret []byte, rule string) { s.add(secret, number, rule) })
	s.guesses.Add(w.guesses)
	w.guesses = 0
	s.idle.Put(w)
	return dst
}

// word tries a word and, with rules, its variants.
func (w *worker) word(word []byte, rules bool, found func(secret []byte, rule string)) {
	if w.try(word) {
		found(word, "")
		return
	}
	if !rules {
		return
	}
	if cap(w.buf) == 0 {
		w.buf = make([]byte, 0, 2*MaxWord)
	}
	for _, v := range variants {
		if v.make(w.buf, word, func(guess []byte) bool {
			if !w.try(guess) {
				return false
			}
			found(guess, v.name)
			return true
		}) {
			return
		}
	}
}

// add records a secret and ends the search. Lines before it are being tried already.
func (s *search) add(secret []byte, line int, rule string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.result.Found && s.result.Line < line {
		return
	}
	s.result.Found, s.result.Line, s.result.Rule = true, line, rule
	s.result.Secret = append([]byte(nil), secret...)
	s.found()
}
