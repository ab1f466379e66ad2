package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"jwt/internal/reltime"
)

// Progress shows what is done, the rate and, for a file, the time left on one line of stderr,
// if stderr is a terminal.
type Progress struct {
	env   *Env
	shown bool
	unit  string // lines or words
	size  int64  // bytes of the input; 0 if unknown
	begun time.Time
	next  time.Time
	drawn bool
}

const progressEvery = 200 * time.Millisecond // a shorter run shows nothing

// NewProgress begins to count units of an input, whose size is 0 if it is unknown.
func NewProgress(env *Env, output Output, unit string, size int64) *Progress {
	now := env.Now()
	shown := env.StderrTTY && !output.Quiet && env.Getenv("TERM") != "dumb"
	return &Progress{env: env, shown: shown, unit: unit, size: size, begun: now, next: now.Add(progressEvery)}
}

// Hide shows nothing, for a run whose output fills the terminal.
func (p *Progress) Hide() { p.shown = false }

// Update shows that so many units are done, which are the first read bytes of the input.
func (p *Progress) Update(done int, read int64) {
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

// Clear removes the line.
func (p *Progress) Clear() {
	if p.drawn {
		fmt.Fprint(p.env.Stderr, "\r\x1b[K")
	}
}

// SizeOf returns the size of a regular file, or 0 for another input.
func SizeOf(r io.Reader) int64 {
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
