package scan

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"time"

	"jwt/internal/blocks"
	"jwt/internal/cli"
	"jwt/internal/inspect"
	"jwt/internal/jsonobject"
	"jwt/internal/keysource"
	"jwt/internal/phrase"
	"jwt/internal/redact"
	"jwt/internal/render"
	"jwt/internal/scan"
	"jwt/internal/verdict"
	"jwt/internal/verify"
)

// A scanner is one run of scan.
type scanner struct {
	options  options
	env      *cli.Env
	now      time.Time
	zone     *time.Location
	keys     *keysource.Sources // nil without a key
	files    files
	progress *cli.Progress

	tally   tally
	started bool // the first result of a SARIF log is written
}

// A worker is what one goroutine has for its blocks.
type worker struct {
	searcher scan.Searcher
	matches  []scan.Match
	found    render.Found // the last
	payload  []byte       // of it
	claims   jsonobject.Reader
	verifier *verify.Verifier // nil before it is needed
}

// A tally counts matches. Of those that --fail-on names, it records the first.
type tally struct {
	found, examples, placeholders int
	failing                       int
	first                         string // where the first failing match is
}

func (t *tally) add(other tally) {
	t.found += other.found
	t.examples += other.examples
	t.placeholders += other.placeholders
	if t.failing == 0 {
		t.first = other.first
	}
	t.failing += other.failing
}

// String says what was found.
func (t tally) String() string {
	s := phrase.Count(t.found, "token")
	if t.examples > 0 {
		s += ", " + phrase.Count(t.examples, "published example")
	}
	if t.placeholders > 0 {
		s += ", " + phrase.Count(t.placeholders, "placeholder")
	}
	return s
}

// run searches all texts. work makes the output of a block.
func (s *scanner) run(ctx context.Context, work func(*worker, *blocks.Block)) error {
	var before, after []byte
	if s.options.sarif {
		before, after = render.Sarif(s.env.Version)
	}
	if err := s.write(before); err != nil {
		return err
	}
	next, stop := iter.Pull(s.files.texts())
	err := cli.Await(ctx, func() error {
		defer stop()
		failed := func(source any, err error) {
			s.files.fail(fmt.Errorf("%s: %w", nameOfText(source.(*origin).name), err))
		}
		return blocks.Work[worker]{Workers: runtime.GOMAXPROCS(0), Joined: scan.InToken, Held: scan.Unfinished, Do: work, Done: s.done, Failed: failed}.Run(ctx, next)
	})
	s.progress.Clear()
	if ctx.Err() != nil {
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
	if err != nil {
		return err
	}
	if err := s.write(after); err != nil {
		return err
	}
	return s.conclude()
}

// done writes the output of a block.
func (s *scanner) done(b *blocks.Block) error {
	if t, ok := b.Result.(tally); ok {
		s.tally.add(t)
	}
	out := b.Out
	if s.options.sarif && !s.started && len(out) > 0 {
		out, s.started = out[1:], true // the comma before the first result
	}
	s.progress.Update(int(b.Offset>>20), b.Offset)
	return s.write(out)
}

// write writes to stdout, if there is anything to write.
func (s *scanner) write(out []byte) error {
	if len(out) == 0 {
		return nil
	}
	return s.options.output.Write(s.env, out)
}

// mask writes the text of a block with its tokens masked.
func (s *scanner) mask(w *worker, b *blocks.Block) {
	w.matches = w.searcher.Append(w.matches[:0], b.Text, b.Lead)
	b.Out = scan.AppendMasked(b.Out, b.Text, b.Lead, w.matches, func(dst []byte, m *scan.Match) []byte {
		if s.options.redact == "all" {
			return redact.AppendFingerprint(dst, m.Token)
		}
		return m.AppendMasked(dst, b.Text)
	})
}

// report writes a line for each token of a block.
func (s *scanner) report(w *worker, b *blocks.Block) {
	w.matches = w.searcher.Append(w.matches[:0], b.Text, b.Lead)
	if len(w.matches) == 0 {
		return
	}
	var t tally
	placeOf := b.Places()
	source, _ := b.Source.(*origin)
	f := &w.found
	f.File, f.Zone, f.Reveal = source.name, s.zone, s.options.reveal
	for i := range w.matches {
		w.decode(&w.matches[i])
		s.judge(w)
		f.Place, f.Offset = placeOf(f.Start), int(b.Offset)+f.Start-b.Lead
		if s.options.sarif {
			f.Last = placeOf(f.End)
		}
		f.Request = source.requests.At(f.Offset)
		t.add(s.count(f))
		b.Out = s.append(b.Out, f)
	}
	b.Result = t
}

// decode makes a match the one that was found last.
func (w *worker) decode(m *scan.Match) {
	f := &w.found
	f.Match, f.HasClaims = m, false
	var ok bool
	if w.payload, ok = m.AppendPayload(w.payload[:0]); ok {
		claims, err := w.claims.Parse(w.payload)
		f.Claims, f.HasClaims = claims, err == nil
	}
}

// judge compares the last token with the time and, with a key, verifies it.
func (s *scanner) judge(w *worker) {
	f := &w.found
	f.Lifetime = inspect.Lifetime{}
	if f.HasClaims {
		f.Lifetime = inspect.Lifetime{NotBefore: inspect.MomentOf(f.Claims, "nbf"), Expires: inspect.MomentOf(f.Claims, "exp"), Now: s.now}
	}
	if s.keys == nil {
		return
	}
	if w.verifier == nil {
		w.verifier = verify.New(s.keys, verify.Policy{Algs: s.options.keys.Algs, Diagnosis: &verify.Diagnosis{Off: true}}, s.now)
	}
	var again bool
	if f.Report, again = w.verifier.Again(f.Token); !again {
		f.Report = w.verifier.Token(string(f.Token))
	}
}

func (s *scanner) append(dst []byte, f *render.Found) []byte {
	switch {
	case s.options.sarif:
		return render.AppendJSON(append(dst, ",\n"...), f.SarifResult())
	case s.options.output.WantsJSON(s.env):
		return append(render.AppendJSON(dst, f), '\n')
	}
	t := s.options.output.Text(s.env)
	f.Text(t)
	return append(dst, t.Bytes()...)
}

// count counts one match.
func (s *scanner) count(f *render.Found) tally {
	var t tally
	switch f.Kind {
	case scan.Example:
		t.examples = 1
	case scan.Placeholder:
		t.placeholders = 1
	default:
		t.found = 1
	}
	if slices.ContainsFunc(s.options.failsOn(), func(name string) bool { return failKinds[indexOfFailKind(name)].is(f) }) {
		t.failing, t.first = 1, fmt.Sprintf("%s:%d:%d", nameOfText(f.File), f.Place.Line, f.Place.Column)
	}
	return t
}

// conclude says what was found, and returns the error that decides the status.
func (s *scanner) conclude() error {
	failures := s.files.failures
	for _, err := range failures[:max(0, len(failures)-1)] {
		s.options.output.Note(s.env, err.Error())
	}
	if s.options.redact == "" && s.files.opened > 0 {
		s.options.output.Note(s.env, s.summary())
	}
	if s.tally.failing > 0 {
		if n := len(failures); n > 0 {
			s.options.output.Note(s.env, failures[n-1].Error())
		}
		return verdict.Errorf(verdict.ClaimMismatch, "--fail-on %s: %s, the first at %s",
			strings.Join(s.options.failsOn(), ","), phrase.Count(s.tally.failing, "such token"), s.tally.first)
	}
	if n := len(failures); n > 0 {
		return failures[n-1]
	}
	return nil
}

func (s *scanner) summary() string {
	text := s.tally.String()
	if s.files.opened+s.files.binary > 1 {
		text += " in " + phrase.Count(s.files.opened, "file")
	}
	if s.files.binary > 0 {
		text += "; " + phrase.Count(s.files.binary, "binary file") + " passed over"
	}
	return text
}
