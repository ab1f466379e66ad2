package session

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"jwt/internal/cli"
	"jwt/internal/session"
	"jwt/internal/verdict"
)

// untilSignal returns a context that Ctrl-C, SIGTERM and SIGHUP cancel. Neither they nor a
// closed pipe end the process then, so that a refresh that has begun is saved.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	return ctx, func() { signal.Stop(pipes); stop() }
}

// interrupted returns err, or the error of a cancelled context.
func interrupted(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
	return err
}

// noteBound notes that a bound token which is printed is useless without proofs.
func noteBound(env *cli.Env, out cli.Output, s *session.Session) {
	if tokenType(s) == "DPoP" {
		out.Note(env, "the token is bound to the session's key (DPoP): servers take it only with a proof, as jwt session request and proxy send it")
	}
}

// freshToken returns the session with a token that lives for minTTL, refreshed if
// necessary.
func freshToken(ctx context.Context, client *session.Client, minTTL time.Duration) (*session.Session, error) {
	if s, err := client.Fresh(minTTL); s != nil || err != nil {
		return s, err // the usual case, which needs no signal handlers
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	s, err := client.Token(ctx, minTTL)
	return s, interrupted(ctx, err)
}
