package session

import (
	"context"
	"time"

	"jwt/internal/verdict"
)

// An Event is something that happened while a session was kept alive.
type Event struct {
	At            time.Time
	Name          string // started, refreshed, adopted, failed, ended, stopped
	AccessExpires time.Time
	Next          time.Time // when the next refresh is due
	Err           error     // of failed and ended
}

// The longest that keepalive sleeps: it then looks again at the session, which
// another process may have refreshed or ended, and at the clock, which may have
// been set or have stood still.
const longestNap = 30 * time.Second

// Keepalive refreshes the session ahead of expiry until ctx is cancelled or the
// session has ended. A server that cannot be reached is asked again, at growing
// intervals.
func (c *Client) Keepalive(ctx context.Context, after func(time.Duration) <-chan time.Time, emit func(Event) error) error {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return err
	}
	if s.Ended != nil {
		return s.Ended.error(s)
	}
	if s.StaleAt().IsZero() {
		return verdict.Errorf(verdict.Usage, "session %s: %s does not say how long its access tokens live: there is no time to refresh at", s.Name, s.Server)
	}
	event := Event{At: c.Now(), Name: "started", AccessExpires: s.AccessExpires, Next: s.StaleAt()}
	patience := time.Duration(0)
	for {
		if event.Name != "" {
			if err := emit(event); err != nil {
				return err
			}
		}
		if err := c.sleep(ctx, after, s, patience); err != nil {
			emit(Event{At: c.Now(), Name: "stopped", AccessExpires: s.AccessExpires})
			return err
		}
		was := s
		s, event, err = c.tend(ctx, s)
		switch {
		case err == nil:
			patience = 0
		case verdict.ClassOf(err) == verdict.Interrupted:
			emit(Event{At: c.Now(), Name: "stopped", AccessExpires: was.AccessExpires})
			return err
		case fatal(err):
			emit(Event{At: c.Now(), Name: "ended", AccessExpires: was.AccessExpires, Err: err})
			return err
		default:
			s, patience = was, min(max(2*patience, time.Second), longestNap)
			event = Event{At: c.Now(), Name: "failed", AccessExpires: s.AccessExpires, Next: c.Now().Add(patience), Err: err}
		}
	}
}

// sleep waits until the token is stale, at most longestNap, or for patience where
// the last refresh failed.
func (c *Client) sleep(ctx context.Context, after func(time.Duration) <-chan time.Time, s *Session, patience time.Duration) error {
	d := patience
	if d == 0 {
		d = min(s.StaleAt().Sub(c.Now()), longestNap)
	}
	select {
	case <-ctx.Done():
	case <-after(max(d, 0)):
	}
	if ctx.Err() != nil {
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
	return nil
}

// tend looks at the session and refreshes it if it is time. The event has no
// name if there was nothing to do.
func (c *Client) tend(ctx context.Context, seen *Session) (*Session, Event, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, Event{}, err
	}
	if s.Ended != nil {
		return nil, Event{}, s.Ended.error(s)
	}
	outcome := Adopted
	if s.stale(c.Now()) {
		if s, outcome, err = c.Refresh(ctx, s); err != nil {
			return nil, Event{}, err
		}
	} else if s.AccessToken == seen.AccessToken {
		return s, Event{}, nil
	}
	return s, Event{At: c.Now(), Name: string(outcome), AccessExpires: s.AccessExpires, Next: s.StaleAt()}, nil
}

// fatal holds for what no later try mends.
func fatal(err error) bool {
	switch verdict.ClassOf(err) {
	case verdict.SessionRevoked, verdict.SessionExpired, verdict.NotLoggedIn, verdict.Usage:
		return true
	}
	return false
}
