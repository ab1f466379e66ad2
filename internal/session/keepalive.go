package session

import (
	"context"
	"errors"
	"time"

	"jwt/internal/oauth"
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

// The longest that a server is left alone because it says so.
const longestPause = time.Hour

// Keepalive refreshes the session ahead of expiry until ctx is cancelled or the
// session has ended. A server that cannot be reached, or whose access tokens have
// expired when they come, is asked again at growing intervals.
func (c *Client) Keepalive(ctx context.Context, after func(time.Duration) <-chan time.Time, emit func(Event) error) error {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return err
	}
	if s.Ended != nil {
		return s.Ended.error(s)
	}
	if s.AccessExpires.IsZero() {
		return s.endless()
	}
	event := Event{At: c.Now(), Name: "started", AccessExpires: s.AccessExpires, Next: s.StaleAt()}
	var p pause
	for {
		if event.Name != "" {
			if err := emit(event); err != nil {
				return err
			}
		}
		if s.AccessExpires.IsZero() {
			err := s.endless()
			emit(Event{At: c.Now(), Name: "ended", Err: err})
			return err
		}
		if err := c.sleep(ctx, after, p.due(s)); err != nil {
			emit(Event{At: c.Now(), Name: "stopped", AccessExpires: s.AccessExpires})
			return err
		}
		was := s
		s, event, err = c.tend(ctx, s, p.until)
		now := c.Now()
		switch {
		case err == nil && event.Name == "":
		case err == nil && (s.stale(now) || !s.Alive(now)): // already: the clocks differ, or it came late
			p.lengthen(now, 0)
			event.Next = p.until
		case err == nil:
			p = pause{}
		case verdict.ClassOf(err) == verdict.Interrupted:
			emit(Event{At: now, Name: "stopped", AccessExpires: was.AccessExpires})
			return err
		case fatal(err):
			emit(Event{At: now, Name: "ended", AccessExpires: was.AccessExpires, Err: err})
			return err
		default:
			s = was
			p.lengthen(now, retryAfter(err))
			event = Event{At: now, Name: "failed", AccessExpires: s.AccessExpires, Next: p.until, Err: err}
		}
	}
}

// endless is the error of a session that nobody knows when to refresh.
func (s *Session) endless() error {
	return verdict.Errorf(verdict.Usage, "session %s: %s does not say how long its access tokens live: there is no time to refresh at", s.Name, s.Server).
		Hintf("jwt session request refreshes when the server answers 401")
}

// A pause is how long a server is left alone. The zero pause is none.
type pause struct {
	length time.Duration // doubled each time, as far as longestNap
	until  time.Time
}

// lengthen begins the next pause, of at least what the server wants.
func (p *pause) lengthen(now time.Time, wanted time.Duration) {
	p.length = min(max(2*p.length, time.Second), longestNap)
	p.until = now.Add(max(p.length, min(wanted, longestPause)))
}

// due is when the next refresh is.
func (p *pause) due(s *Session) time.Time {
	if p.until.IsZero() {
		return s.StaleAt()
	}
	return p.until
}

// retryAfter is how long the server wants to be left alone, as far as it says so.
func retryAfter(err error) time.Duration {
	var said *oauth.Error
	if errors.As(err, &said) {
		return said.RetryAfter
	}
	return 0
}

// sleep waits until then, at most longestNap.
func (c *Client) sleep(ctx context.Context, after func(time.Duration) <-chan time.Time, then time.Time) error {
	select {
	case <-ctx.Done():
	case <-after(min(max(then.Sub(c.Now()), 0), longestNap)):
	}
	if ctx.Err() != nil {
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
	return nil
}

// tend looks at the session and refreshes it if it is time, and not before until.
// The event has no name if there was nothing to do.
func (c *Client) tend(ctx context.Context, seen *Session, until time.Time) (*Session, Event, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, Event{}, err
	}
	if s.Ended != nil {
		return nil, Event{}, s.Ended.error(s)
	}
	outcome := Adopted
	if now := c.Now(); s.stale(now) && !now.Before(until) {
		if s, outcome, err = c.Refresh(ctx, s); err != nil {
			return nil, Event{}, err
		}
	} else if s.seen(seen) {
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
