package token

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"jwt/internal/cli"
	"jwt/internal/inspect"
	"jwt/internal/verdict"
)

// Control sequences of --watch. They turn wrapping off, because after a wrapped line the next
// drawing would begin on the wrong line.
const (
	hideCursor = "\x1b[?25l\x1b[?7l"
	showCursor = "\x1b[?7h\x1b[?25h"
	goUp       = "\r\x1b[%dA"
	clearLine  = "\x1b[K\n" // the rest of the line, then the next line
	clearBelow = "\x1b[J"
)

// runWatch draws the lifetime of a token once a second, in place, until the token expires or
// a signal interrupts it. The clock starts at now.
func runWatch(ctx context.Context, env *cli.Env, o inspectOptions, t inspect.Token, now time.Time) error {
	if !t.Lifetime.Expires.Shown {
		return verdict.Errorf(verdict.MissingClaim, "--watch: the token has no exp to count down to").
			Hintf("jwt inspect shows what it has")
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ahead := now.Sub(env.Now()) // of --at
	w := watch{env: env, options: o, token: t}
	fmt.Fprint(env.Stdout, hideCursor)
	defer fmt.Fprint(env.Stdout, showCursor)
	for {
		now := env.Now().Add(ahead)
		if err := w.draw(now); err != nil {
			return err
		}
		left := t.Lifetime.Expires.At.Sub(now)
		if left <= 0 {
			return cli.Answered{Class: verdict.Expired}
		}
		select {
		case <-env.After(untilNextSecond(left)):
		case <-ctx.Done():
			fmt.Fprintln(env.Stdout) // below the ^C that the terminal shows
			return cli.Answered{Class: verdict.Interrupted}
		}
	}
}

// untilNextSecond returns how long the countdown stays the same.
func untilNextSecond(left time.Duration) time.Duration {
	if part := left % time.Second; part > 0 {
		return part
	}
	return time.Second
}

// A watch draws the lifetime again and again.
type watch struct {
	env     *cli.Env
	options inspectOptions
	token   inspect.Token
	drawn   int // lines on the screen
}

func (w *watch) draw(now time.Time) error {
	w.token.Lifetime.Now = now
	text := w.options.output.Text(w.env)
	w.options.inspection(w.env, w.token, now).Countdown(text)
	var frame bytes.Buffer
	if w.drawn > 0 {
		fmt.Fprintf(&frame, goUp, w.drawn)
	}
	frame.Write(bytes.ReplaceAll(text.Bytes(), []byte("\n"), []byte(clearLine)))
	frame.WriteString(clearBelow)
	w.drawn = bytes.Count(text.Bytes(), []byte("\n"))
	return w.options.output.Write(w.env, frame.Bytes())
}
