package token

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"jwt/internal/batch"
	"jwt/internal/cli"
	"jwt/internal/compact"
	"jwt/internal/input"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/render"
	"jwt/internal/scan"
	"jwt/internal/serialization"
	"jwt/internal/tokensource"
	"jwt/internal/verdict"
)

// A lineWork says how the lines of a batch are answered.
type lineWork struct {
	worker    func() lineWorker // for each goroutine
	needsLine bool              // an input without a line is an error
}

// A lineWorker answers lines for one goroutine. Its answers are valid until the next one.
type lineWorker interface {
	// answer returns the answer to a token. With an error, it returns the answer that reports
	// it, or nil for the usual one.
	answer(token string) (render.Members, error)
	// refuse returns the answer to a line without a token.
	refuse(err error) render.Members
}

// A lineFunc is the answer of a lineWorker that keeps nothing.
type lineFunc func(token string) (render.Members, error)

func (f lineFunc) answer(token string) (render.Members, error) { return f(token) }
func (f lineFunc) refuse(err error) render.Members             { return cli.ErrorObject(err) }

// runBatch reads one token per line and writes one JSON object per line, in order. A line
// that fails becomes an object with "error" and does not end the run; the exit status is
// that of the gravest such line.
func runBatch(ctx context.Context, env *cli.Env, in *input.Reader, output cli.Output, token tokensource.Options, args []string, work lineWork) error {
	lines, err := token.OpenLines(in, args)
	if err != nil {
		return err
	}
	defer lines.Close()
	if output.Format == "text" {
		output.Note(env, "--batch prints JSON, one object a line, whatever --output says")
	}
	var t tally
	p := cli.NewProgress(env, output, "lines", cli.SizeOf(lines))
	if env.StdoutTTY { // which the answers fill
		p.Hide()
	}
	options := batch.Options{Workers: runtime.GOMAXPROCS(0), MaxLine: token.MaxText(), Progress: p.Update}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	newWork := func() batch.Work {
		worker, answered := work.worker(), t.count()
		return func(dst, line []byte, number int, tooLong error) []byte {
			answered.Add(1)
			answer, err := answerLine(token, line, tooLong, worker)
			if err != nil {
				t.add(number, verdict.ClassOf(err))
			}
			if output.Quiet {
				return dst
			}
			return render.AppendLine(dst, number, answer)
		}
	}
	err = cli.Await(ctx, func() error { return batch.Run(ctx, lines, env.Stdout, options, newWork) })
	p.Clear()
	switch {
	case ctx.Err() != nil:
		return verdict.Errorf(verdict.Interrupted, "interrupted: %s", t.summary())
	case err != nil:
		return verdict.Errorf(verdict.IO, "batch: %w", err)
	case t.answered() == 0 && work.needsLine:
		return noLine(args)
	case t.answered() == 0:
		output.Note(env, "no line in the input")
	case t.failed > 0:
		output.Note(env, t.String())
		return cli.Answered{Class: t.class}
	}
	return nil
}

// noLine returns the error of a batch without any line.
func noLine(args []string) error {
	e := verdict.Errorf(verdict.Malformed, "no line in the input")
	if len(args) == 0 || input.IsStdin(args[0]) {
		return e.Hintf("did the command before the pipe fail?")
	}
	return keysource.InFile(args, e.Hintf("write the tokens into it, one a line"))
}

// An againWorker answers a token with the header of one before. known is false for any other text.
type againWorker interface {
	again(text []byte) (answer render.Members, known bool, err error)
}

func answerLine(token tokensource.Options, line []byte, tooLong error, worker lineWorker) (render.Members, error) {
	if tooLong != nil {
		err := verdict.Errorf(verdict.TooLarge, "the line is longer than a token of %d bytes", token.MaxSize)
		return worker.refuse(err), err
	}
	if w, ok := worker.(againWorker); ok && token.Field == "" && len(line) <= token.MaxSize && scan.IsAlone(line) {
		if answer, known, err := w.again(line); known {
			return answered(answer, err)
		}
	}
	if form, err := formOf(token, line); form != nil || err != nil {
		return answerForm(form, err, worker)
	}
	found, err := scan.One(line, scan.Options{Field: token.Field})
	if err == nil {
		err = token.CheckSize(found.Token)
	}
	if err != nil {
		return worker.refuse(err), err
	}
	return answered(worker.answer(found.Token))
}

// answered returns the answer of a worker, which may be nil with an error.
func answered(answer render.Members, err error) (render.Members, error) {
	if err != nil && answer == nil {
		answer = cli.ErrorObject(err)
	}
	return answer, err
}

// A formWorker also answers tokens in a JSON serialization.
type formWorker interface {
	answerForm(form *serialization.Form) (render.Members, error)
}

// formOf returns the token of a line in a JSON serialization, or nil for any other line.
func formOf(token tokensource.Options, line []byte) (*serialization.Form, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' || token.Field != "" || !serialization.Is(line) {
		return nil, nil
	}
	form, err := serialization.Parse(line)
	if err == nil && len(line) > token.MaxSize {
		err = token.CheckSize(string(line))
	}
	return &form, err
}

// answerForm answers such a line: as it is, or as the compact token that it is.
func answerForm(form *serialization.Form, err error, worker lineWorker) (render.Members, error) {
	if err != nil {
		return worker.refuse(err), err
	}
	if w, ok := worker.(formWorker); ok && form.Kind == compact.JWS {
		return w.answerForm(form)
	}
	text, err := form.Compact()
	if err != nil {
		return worker.refuse(err), err
	}
	return answered(worker.answer(text))
}

// A tally counts the lines that were answered, those that failed by class, and records the first of
// the gravest.
type tally struct {
	sync.Mutex
	lines  []*counter // answered, by each goroutine
	failed int
	counts map[verdict.Class]int
	first  int // line that failed
	worst  int // first line of the class
	class  verdict.Class
}

// A counter has a cache line of its own: with one for two goroutines, each would wait for the other.
type counter struct {
	atomic.Int64
	_ [120]byte
}

// count returns the count of answered lines of one goroutine.
func (t *tally) count() *counter {
	t.Lock()
	defer t.Unlock()
	n := new(counter)
	t.lines = append(t.lines, n)
	return n
}

func (t *tally) answered() int {
	n := int64(0)
	for _, lines := range t.lines {
		n += lines.Load()
	}
	return int(n)
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
	if t.failed == 0 {
		return phrase.Count(t.answered(), "line") + " answered"
	}
	return t.String()
}

// String says how many lines failed, with which classes, the most frequent first.
func (t *tally) String() string {
	lines := strconv.Itoa(t.failed) + " of " + phrase.Count(t.answered(), "line") + " failed"
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
