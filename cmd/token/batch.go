package token

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"jwt/internal/batch"
	"jwt/internal/cli"
	"jwt/internal/input"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/scan"
	"jwt/internal/verdict"
)

// A lineWork turns one line of a batch into its output.
type lineWork struct {
	// token returns the output for a token. With an error, it returns the object that reports
	// it, or nil for the usual one.
	token func(token string) (render.Object, error)
	none  func(error) render.Object // reports why a line has no token

	needsLine bool // an input without a line is an error
}

// runBatch reads one token per line and writes one JSON object per line, in order. A line
// that fails becomes an object with "error" and does not end the run; the exit status is
// that of the gravest such line.
func runBatch(ctx context.Context, env *cli.Env, in *input.Reader, output cli.Output, token tokenOptions, args []string, work lineWork) error {
	lines, err := token.open(in, args)
	if err != nil {
		return err
	}
	defer lines.Close()
	var t tally
	p := newProgress(env, output, "lines", sizeOf(lines))
	p.shown = p.shown && !env.StdoutTTY // which the answers fill
	out := env.Stdout
	if output.Quiet {
		out = io.Discard
	}
	spare := make([]byte, spareHeap)
	defer runtime.KeepAlive(spare)
	options := batch.Options{Workers: runtime.GOMAXPROCS(0), MaxLine: token.maxSize + framing, Progress: func(lines int, read int64) {
		t.done.Store(int64(lines))
		p.update(lines, read)
	}}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = runUntil(ctx, lines, out, options, func(dst, line []byte, number int, tooLong error) []byte {
		if !t.any.Load() { // a store by every worker for each line is slow
			t.any.Store(true)
		}
		object, err := answerLine(token, line, tooLong, work)
		if err != nil {
			t.add(number, verdict.ClassOf(err))
		}
		o := append(render.Object{{Name: "line", Value: number}}, object...)
		return append(render.AppendJSON(dst, o), '\n')
	})
	p.clear()
	switch {
	case ctx.Err() != nil:
		return verdict.Errorf(verdict.Interrupted, "interrupted after %s", t.summary())
	case err != nil:
		return verdict.Errorf(verdict.IO, "batch: %w", err)
	case !t.any.Load() && work.needsLine:
		return verdict.Errorf(verdict.Malformed, "no line in the input").Hintf("did the command before the pipe fail?")
	case !t.any.Load():
		output.Note(env, "no line in the input")
	case t.failed > 0:
		output.Note(env, t.String())
		return cli.Answered{Class: t.class}
	}
	return nil
}

// runUntil is batch.Run that returns soon after ctx ends, even if the input gives no next line.
func runUntil(ctx context.Context, r io.Reader, w io.Writer, o batch.Options, work batch.Work) error {
	const patience = time.Second
	ended := make(chan error, 1)
	go func() { ended <- batch.Run(ctx, r, w, o, work) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		return ctx.Err()
	}
}

// framing is how many bytes a line may have around its token, as in "Authorization:
// Bearer ".
const framing = 4096

// spareHeap is allocated for a run and never touched, so it costs no memory. It makes the
// garbage collector, which runs when the heap has doubled, run once in so many bytes and not
// every few lines, when it took a third of the time.
const spareHeap = 16 << 20

func answerLine(token tokenOptions, line []byte, tooLong error, work lineWork) (render.Object, error) {
	if tooLong != nil {
		err := verdict.Errorf(verdict.TooLarge, "the line is longer than a token of %d bytes", token.maxSize)
		return work.none(err), err
	}
	found, err := scan.One(line, scan.Options{Field: token.field})
	if err == nil {
		err = token.checkSize(found.Token)
	}
	if err != nil {
		return work.none(err), err
	}
	object, err := work.token(found.Token)
	if err != nil && object == nil {
		object = cli.ErrorObject(err)
	}
	return object, err
}

// A tally counts the lines that failed, by class, and records the first of the gravest.
type tally struct {
	any  atomic.Bool  // there was a line
	done atomic.Int64 // lines whose answers are written

	sync.Mutex
	failed int
	counts map[verdict.Class]int
	first  int // line that failed
	worst  int // first line of the class
	class  verdict.Class
}

func (t *tally) add(line int, class verdict.Class) {
	t.Lock()
	defer t.Unlock()
	if t.counts == nil {
		t.counts = map[verdict.Class]int{}
	}
	t.failed++
	t.counts[class]++
	if t.first == 0 || line < t.first {
		t.first = line
	}
	if t.class == "" || class.Graver(t.class) || !t.class.Graver(class) && line < t.worst {
		t.class, t.worst = class, line
	}
}

// summary says how many lines were answered and failed, also while others are.
func (t *tally) summary() string {
	t.Lock()
	defer t.Unlock()
	read := phrase.Count(int(t.done.Load()), "line")
	if t.failed == 0 {
		return read
	}
	return read + ", " + t.String()
}

// String says how many lines failed, with which classes, the most frequent first.
func (t *tally) String() string {
	lines := phrase.Count(t.failed, "line") + " failed"
	if len(t.counts) == 1 {
		return fmt.Sprintf("%s, the first on line %d: %s", lines, t.first, t.class)
	}
	classes := slices.SortedFunc(maps.Keys(t.counts), func(a, b verdict.Class) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(a, b))
	})
	var counts []string
	for _, c := range classes {
		counts = append(counts, fmt.Sprintf("%d %s", t.counts[c], c))
	}
	return fmt.Sprintf("%s: %s; the first on line %d", lines, strings.Join(counts, ", "), t.first)
}
