package token

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"jwt/internal/anatomy"
	"jwt/internal/cli"
	"jwt/internal/verdict"
)

// What --watch tells the terminal. Lines that a narrowed window would wrap are
// cut instead, or the next drawing would begin on the wrong line.
const (
	hideCursor = "\x1b[?25l\x1b[?7l"
	showCursor = "\x1b[?7h\x1b[?25h"
	goUp       = "\r\x1b[%dA"
	clearLine  = "\x1b[K\n" // what is left of the line before, then the next line
	clearBelow = "\x1b[J"
)

// runWatch draws the lifetime of a token once a second, in place, until the
// token has expired or somebody interrupts it. The clock starts at now.
func runWatch(ctx context.Context, env *cli.Env, o inspectOptions, t anatomy.Token, now time.Time) error {
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

// untilNextSecond is how long the countdown stays as it is.
func untilNextSecond(left time.Duration) time.Duration {
	if part := left % time.Second; part > 0 {
		return part
	}
	return time.Second
}

// A watch is what is drawn again and again.
type watch struct {
	env     *cli.Env
	options inspectOptions
	token   anatomy.Token
	drawn   int // lines on the screen
}

func (w *watch) draw(now time.Time) error {
	w.token.Lifetime.Now = now
	text := w.options.output.Text(w.env)
	w.options.anatomy(w.env, w.token, now).Countdown(text)
	var frame bytes.Buffer
	if w.drawn > 0 {
		fmt.Fprintf(&frame, goUp, w.drawn)
	}
	frame.Write(bytes.ReplaceAll(text.Bytes(), []byte("\n"), []byte(clearLine)))
	frame.WriteString(clearBelow)
	w.drawn = bytes.Count(text.Bytes(), []byte("\n"))
	return w.options.output.Write(w.env, frame.Bytes())
}
