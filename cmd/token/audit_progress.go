package token

import (
	"fmt"
	"time"

	"jwt/internal/cli"
	"jwt/internal/reltime"
)

// auditProgress shows words, rate and, for a file, the time left on one line of stderr, if
// stderr is a terminal.
type auditProgress struct {
	env   *cli.Env
	shown bool
	size  int64 // bytes of the list; 0 if unknown
	begun time.Time
	next  time.Time
	drawn bool
}

func newAuditProgress(env *cli.Env, output cli.Output, size int64) *auditProgress {
	now := env.Now()
	shown := env.StderrTTY && !output.Quiet && env.Getenv("TERM") != "dumb"
	return &auditProgress{env: env, shown: shown, size: size, begun: now, next: now.Add(progressEvery)}
}

func (p *auditProgress) update(words, read int64) {
	if !p.shown {
		return
	}
	now := p.env.Now()
	if now.Before(p.next) {
		return
	}
	p.next, p.drawn = now.Add(progressEvery), true
	elapsed := now.Sub(p.begun)
	line := fmt.Sprintf("%d words, %.1f million a second", words, float64(words)/elapsed.Seconds()/1e6)
	if p.size > read && read > 0 {
		left := time.Duration(float64(elapsed) / float64(read) * float64(p.size-read))
		line += ", " + reltime.Span(left.Round(time.Second)) + " left"
	}
	fmt.Fprintf(p.env.Stderr, "\r%s\x1b[K", line)
}

func (p *auditProgress) clear() {
	if p.drawn {
		fmt.Fprint(p.env.Stderr, "\r\x1b[K")
	}
}
