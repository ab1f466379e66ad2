package token

import (
	"fmt"
	"io"
	"os"
	"time"

	"jwt/internal/cli"
	"jwt/internal/reltime"
)

// progress shows what is done, the rate and, for a file, the time left on one line of stderr,
// if stderr is a terminal.
type progress struct {
	env   *cli.Env
	shown bool
	unit  string // lines or words
	size  int64  // bytes of the input; 0 if unknown
	begun time.Time
	next  time.Time
	drawn bool
}

const progressEvery = 200 * time.Millisecond // a shorter run shows nothing

func newProgress(env *cli.Env, output cli.Output, unit string, size int64) *progress {
	now := env.Now()
	shown := env.StderrTTY && !output.Quiet && env.Getenv("TERM") != "dumb"
	return &progress{env: env, shown: shown, unit: unit, size: size, begun: now, next: now.Add(progressEvery)}
}

// sizeOf returns the size of a regular file, or 0 for another input.
func sizeOf(r io.Reader) int64 {
	f, ok := r.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

func (p *progress) update(done int, read int64) {
	if !p.shown {
		return
	}
	now := p.env.Now()
	if now.Before(p.next) {
		return
	}
	p.next, p.drawn = now.Add(progressEvery), true
	elapsed := now.Sub(p.begun)
	line := fmt.Sprintf("%d %s, %d a second", done, p.unit, int(float64(done)/elapsed.Seconds()))
	if p.size > read && read > 0 {
		left := time.Duration(float64(elapsed) / float64(read) * float64(p.size-read))
		line += ", " + reltime.Span(left.Round(time.Second)) + " left"
	}
	fmt.Fprintf(p.env.Stderr, "\r%s\x1b[K", line)
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.env.Stderr, "\r\x1b[K")
	}
}
