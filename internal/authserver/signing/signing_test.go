package signing

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jwt/internal/authserver/store"
)

// slowReads is a store whose answers to Keys arrive with a delay.
type slowReads struct {
	store.Store
	delays chan time.Duration // of the next reads
}

func (s slowReads) Keys(ctx context.Context) ([]store.SigningKey, error) {
	keys, err := s.Store.Keys(ctx)
	select {
	case d := <-s.delays:
		time.Sleep(d)
	default:
	}
	return keys, err
}

// TestKeysReadLate checks that a late answer of the store does not replace keys that were
// read after it.
func TestKeysReadLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := slowReads{store.NewMemory(), make(chan time.Duration, 1)}
		keys, err := Open(t.Context(), state, "ES256", time.Hour, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		state.delays <- time.Minute
		done := make(chan error)
		go func() { done <- keys.load(t.Context(), time.Now()) }()
		synctest.Wait()
		if err := keys.Rotate(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		stored, err := state.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		newest, err := parseKey(stored[len(stored)-1])
		if err != nil {
			t.Fatal(err)
		}
		signs, _ := keys.current(time.Now())
		if len(stored) != 2 || signs.ID != newest.public.ID {
			t.Errorf("%d keys are stored, %s signs, want 2 and %s", len(stored), signs.ID, newest.public.ID)
		}
	})
}
