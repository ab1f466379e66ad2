package blocks

import "context"

// Turns are taken in a row, and each is passed on to the one after it.
type turns struct{ last chan struct{} }

type turn struct{ own, next chan struct{} }

func newTurns() turns {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	return turns{first}
}

// take returns the last turn of the row.
func (t *turns) take() turn {
	own := t.last
	t.last = make(chan struct{}, 1)
	return turn{own, t.last}
}

// comes looks for the turn for some microseconds and reports whether it comes. To wake a goroutine
// that waits takes much longer.
func (t turn) comes() bool {
	const looks = 5000
	for range looks {
		select {
		case <-t.own:
			return true
		default:
		}
	}
	return false
}

// wait waits for the turn, and reports false if ctx ends before.
func (t turn) wait(ctx context.Context) bool {
	select {
	case <-t.own:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t turn) pass() { t.next <- struct{}{} }
