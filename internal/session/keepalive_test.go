package session

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"jwt/internal/verdict"
)

func TestKeepalive(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", StoreFile)
	now := time.Now()
	c := w.client()
	c.Now = func() time.Time { return now }
	naps, refreshes := 0, 0
	after := func(d time.Duration) <-chan time.Time {
		naps++
		if d > maxSleep || d < 0 {
			t.Errorf("it sleeps for %s", d)
		}
		now = now.Add(d)
		done := make(chan time.Time, 1)
		done <- now
		return done
	}
	var events []Event
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Path == "/refresh" {
			refreshes++
			switch refreshes {
			case 2, 3:
				status(503, "")(rw, r)
				return
			case 5:
				status(401, "")(rw, r)
				return
			}
		}
		serve(rw, r)
	})
	err := c.Keepalive(t.Context(), after, func(e Event) error {
		events = append(events, e)
		return nil
	})
	mustFail(t, err, verdict.SessionRevoked, "refuses the refresh token")
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	if got := strings.Join(names, " "); got != "started refreshed failed failed refreshed ended" {
		t.Fatalf("the events were: %s", got)
	}
	if at := events[1].At; at.Before(s.StaleAt().Add(-time.Second)) || !at.Before(s.AccessExpires) {
		t.Errorf("refreshed at %s, stale at %s, ended at %s", at, s.StaleAt(), s.AccessExpires)
	}
	if naps < 10 { // of at most 30 s each, for 5 min
		t.Errorf("%d naps", naps)
	}
	if d1, d2 := events[2].Next.Sub(events[2].At), events[3].Next.Sub(events[3].At); d1 != time.Second || d2 != 2*time.Second {
		t.Errorf("after a failure it waits %s, then %s", d1, d2)
	}
}

func TestKeepaliveSeesOthers(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", StoreFile)
	c := w.client()
	naps := 0
	after := func(time.Duration) <-chan time.Time {
		naps++
		var err error
		switch naps {
		case 1:
			_, _, err = w.client().Refresh(t.Context(), s, 0)
		case 2:
			_, err = w.client().Logout(t.Context())
		}
		if err != nil {
			t.Error(err)
		}
		done := make(chan time.Time, 1)
		done <- time.Now()
		return done
	}
	var names []string
	err := c.Keepalive(t.Context(), after, func(e Event) error {
		names = append(names, e.Name)
		return nil
	})
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	if got := strings.Join(names, " "); got != "started adopted ended" {
		t.Fatalf("the events were: %s", got)
	}
	w.mustAsk("/refresh", 1)
}

// keptAlive runs Keepalive until stop returns true, with a clock that advances while it
// sleeps and a server with this answer to refreshes. It returns the events and the times
// of the refreshes.
func keptAlive(t *testing.T, refresh http.HandlerFunc, stop func(asked int, slept time.Duration) bool) (events []Event, asked []time.Time, err error) {
	t.Helper()
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	start := time.Now()
	now := start
	c := w.client()
	c.Now = func() time.Time { return now }
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		asked = append(asked, now)
		refresh(rw, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	naps := 0
	after := func(d time.Duration) <-chan time.Time {
		if naps++; d > maxSleep || d < 0 || naps > 1000 {
			t.Fatalf("nap %d is of %s", naps, d)
		}
		now = now.Add(d)
		if stop(len(asked), now.Sub(start)) {
			cancel()
		}
		done := make(chan time.Time, 1)
		done <- now
		return done
	}
	err = c.Keepalive(ctx, after, func(e Event) error {
		events = append(events, e)
		return nil
	})
	return events, asked, err
}

// TestKeepaliveOfUnknownLifetime uses a server that gives the lifetime of its tokens only
// at the login.
func TestKeepaliveOfUnknownLifetime(t *testing.T) {
	events, asked, err := keptAlive(t, status(200, `{"accessToken":"opaque"}`), func(asked int, _ time.Duration) bool { return asked > 1 })
	mustFail(t, err, verdict.Usage, "does not say how long its access tokens live")
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	if got := strings.Join(names, " "); got != "started refreshed ended" || len(asked) != 1 || !events[1].Next.IsZero() {
		t.Fatalf("%d refreshes, the events were: %s", len(asked), got)
	}
}

// TestKeepaliveOfExpiredTokens uses a server whose tokens have expired on arrival by the
// local clock.
func TestKeepaliveOfExpiredTokens(t *testing.T) {
	_, asked, err := keptAlive(t, status(200, `{"accessToken":"`+expiredJWT+`"}`), func(asked int, _ time.Duration) bool { return asked == 8 })
	mustFail(t, err, verdict.Interrupted, "interrupted")
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := asked[i+1].Sub(asked[i]); got < want*time.Second {
			t.Errorf("refresh %d comes %s after the one before", i+2, got)
		}
	}
}

// expiredJWT has the claims {"exp":1000} and no iat.
const expiredJWT = "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDB9."

// TestKeepaliveRetryAfter checks that Retry-After is followed, up to maxRetryAfter.
func TestKeepaliveRetryAfter(t *testing.T) {
	for said, want := range map[string]time.Duration{"90": 90 * time.Second, "3600": time.Hour, "999999999": time.Hour} {
		events, asked, err := keptAlive(t, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Retry-After", said)
			status(http.StatusTooManyRequests, "")(rw, r)
		}, func(asked int, slept time.Duration) bool { return asked == 3 || slept > 4*time.Hour })
		mustFail(t, err, verdict.Interrupted, "interrupted")
		if len(asked) != 3 {
			t.Fatalf("Retry-After: %s: asked at %v", said, asked)
		}
		for i, at := range asked[1:] {
			if got := at.Sub(asked[i]); got < want || got > want+maxSleep {
				t.Errorf("Retry-After: %s: asked again after %s, want %s", said, got, want)
			}
		}
		if e := events[1]; e.Name != "failed" || e.Next.Sub(e.At) != want {
			t.Errorf("Retry-After: %s: %+v", said, e)
		}
	}
}
