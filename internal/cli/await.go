package cli

import (
	"context"
	"time"
)

// Await returns the result of run, or soon after ctx ends that of ctx: run may wait for input that does
// not come.
func Await(ctx context.Context, run func() error) error {
	const patience = time.Second
	ended := make(chan error, 1)
	go func() { ended <- run() }()
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
