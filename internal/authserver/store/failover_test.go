package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver/store/redistest"
	"jwt/internal/verdict"
)

// timed fails the test if a call takes longer than a method may take.
func timed(t *testing.T, what string, call func() error) error {
	began := time.Now()
	err := call()
	if took := time.Since(began); took > redisTimeout+500*time.Millisecond {
		t.Errorf("%s took %s (%v)", what, took, err)
	}
	if err != nil && verdict.ClassOf(err) != verdict.FetchFailed {
		t.Errorf("%s: %v", what, err)
	}
	return err
}

// When a master dies, requests fail within their timeout until its replica has taken
// over. No session is lost, and one of many requests that spend a token wins.
func TestRedisFailover(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *redistest.Group{"cluster": redistest.Cluster, "sentinel": redistest.Sentinel} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group := start(t)
			stores := []Store{openedRedis(t, group.URL), openedRedis(t, group.URL)}
			replicated := openedRedis(t, group.URL+"&wait=1")
			var families []family
			for i := range 10 {
				families = append(families, begin(t, replicated, fmt.Sprintf("s%d", i), byte(i)))
			}
			f := families[0]
			group.KillMaster(t, redisSession(f.session.ID))
			killed := time.Now()

			won := race(t, stores, f, 50)
			for timed(t, "Find", func() error { _, _, err := stores[0].Find(context.Background(), f.token); return err }) != nil {
				if time.Since(killed) > time.Minute {
					t.Fatal("no replica has taken over")
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Logf("requests succeed again after %s", time.Since(killed))
			for _, s := range stores { // each has found the new master by itself
				for timed(t, "Session", func() error { _, err := s.Session(context.Background(), f.session.ID); return err }) != nil {
					time.Sleep(10 * time.Millisecond)
				}
			}
			if won += race(t, stores, f, 150); won != 1 {
				t.Errorf("%d successors of one token, want 1", won)
			}
			for _, other := range families[1:] {
				if _, _, err := stores[1].Find(t.Context(), other.token); err != nil {
					t.Errorf("session %s is lost: %v", other.session.ID, err)
				}
			}
		})
	}
}

// With wait=1, a rotation that no replica would receive is an error and spends nothing.
func TestRedisWaitsForAReplica(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url  string
		acks bool
	}{
		"alone":        {redistest.Start(t) + "?wait=1", false},
		"with replica": {redistest.Sentinel(t).URL + "&wait=1", true},
		"one of two":   {redistest.Sentinel(t).URL + "&wait=2", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := openedRedis(t, strings.NewReplacer("?wait=1", "", "&wait=1", "", "&wait=2", "").Replace(c.url))
			s := openedRedis(t, c.url)
			f := begin(t, plain, "s1", 1)
			_, err := s.Rotate(t.Context(), f.spend(2, 0, 0))
			if (err == nil) != c.acks || err != nil && !errors.Is(err, errNotReplicated) {
				t.Errorf("Rotate: %v", err)
			}
			spent, _, err := s.Find(t.Context(), f.token)
			if err != nil || spent.Spent.IsZero() == c.acks {
				t.Errorf("the token after it: %+v, %v", spent, err)
			}
			if err := s.Begin(t.Context(), f.session, TokenID{Hash{3}, "s1"}, f.refresh); (err == nil) != c.acks {
				t.Errorf("Begin: %v", err)
			}
		})
	}
}

// race spends a token a hundred times at once and returns how many of them won.
func race(t *testing.T, stores []Store, f family, first byte) (won int) {
	t.Helper()
	const racers = 100
	rotations := make([]Rotation, racers)
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			timed(t, "Rotate", func() (err error) {
				rotations[i], err = stores[i%len(stores)].Rotate(context.Background(), f.spend(first+byte(i), time.Minute, 0))
				return err
			})
		})
	}
	group.Wait()
	for _, r := range rotations {
		if r.Outcome == Rotated {
			won++
		}
	}
	return won
}
