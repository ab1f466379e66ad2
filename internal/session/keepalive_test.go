package session

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"jwt/internal/verdict"
)

func TestKeepalive(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", File)
	now := time.Now()
	c := w.client()
	c.Now = func() time.Time { return now }
	naps, refreshes := 0, 0
	after := func(d time.Duration) <-chan time.Time {
		naps++
		if d > longestNap || d < 0 {
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
	if naps < 10 { // of at most 30 s, for 5 min
		t.Errorf("%d naps", naps)
	}
	if d1, d2 := events[2].Next.Sub(events[2].At), events[3].Next.Sub(events[3].At); d1 != time.Second || d2 != 2*time.Second {
		t.Errorf("after a failure it waits %s, then %s", d1, d2)
	}
}

func TestKeepaliveSeesOthers(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", File)
	c := w.client()
	naps := 0
	after := func(time.Duration) <-chan time.Time {
		naps++
		var err error
		switch naps {
		case 1:
			_, _, err = w.client().Refresh(t.Context(), s)
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
