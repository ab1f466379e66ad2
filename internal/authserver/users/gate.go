package users

import (
	"context"
	"errors"
	"sync/atomic"
)

const (
	maxHashing = 4  // passwords hashed at the same time, 19 MiB each
	maxWaiting = 64 // logins that wait for their turn
)

// ErrBusy is returned if maxWaiting logins are waiting already.
var ErrBusy = errors.New("too many logins at once")

// A Gate limits the number of simultaneous password hashes, and of the logins that wait.
type Gate struct {
	running chan struct{}
	waiting atomic.Int32
}

// NewGate returns a gate.
func NewGate() *Gate { return &Gate{running: make(chan struct{}, maxHashing)} }

// Enter waits for its turn, which Leave must end.
func (g *Gate) Enter(ctx context.Context) error {
	select {
	case g.running <- struct{}{}:
		return nil
	default:
	}
	if g.waiting.Add(1) > maxWaiting {
		g.waiting.Add(-1)
		return ErrBusy
	}
	defer g.waiting.Add(-1)
	select {
	case g.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave ends a turn.
func (g *Gate) Leave() { <-g.running }
