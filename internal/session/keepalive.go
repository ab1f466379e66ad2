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

// maxSleep bounds how long Keepalive sleeps before it reads the session again, which
// another process may have refreshed or ended, and the clock, which may have been set.
const maxSleep = 30 * time.Second

// maxRetryAfter bounds how long a server's Retry-After is followed.
const maxRetryAfter = time.Hour

// Keepalive refreshes the session ahead of expiry until ctx is cancelled or the
// session has ended. A server that cannot be reached, or whose access tokens are expired
// on arrival, is asked again at growing intervals.
func (c *Client) Keepalive(ctx context.Context, after func(time.Duration) <-chan time.Time, emit func(Event) error) error {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return err
	}
	if s.Ended != nil {
		return s.Ended.error(s)
	}
	if s.AccessExpires.IsZero() {
		return s.unknownLifetime()
	}
	event := Event{At: c.Now(), Name: "started", AccessExpires: s.AccessExpires, Next: s.StaleAt()}
	var delay backoff
	for {
		if event.Name != "" {
			if err := emit(event); err != nil {
				return err
			}
		}
		if s.AccessExpires.IsZero() {
			err := s.unknownLifetime()
			emit(Event{At: c.Now(), Name: "ended", Err: err})
			return err
		}
		if err := c.sleep(ctx, after, delay.due(s)); err != nil {
			emit(Event{At: c.Now(), Name: "stopped", AccessExpires: s.AccessExpires})
			return err
		}
		was := s
		s, event, err = c.refreshIfDue(ctx, s, delay.until)
		now := c.Now()
		switch {
		case err == nil && event.Name == "":
		case err == nil && (s.stale(now) || !s.Alive(now)): // on arrival: the clocks differ, or it came late
			delay.lengthen(now, 0)
			event.Next = delay.until
		case err == nil:
			delay = backoff{}
		case verdict.ClassOf(err) == verdict.Interrupted:
			emit(Event{At: now, Name: "stopped", AccessExpires: was.AccessExpires})
			return err
		case fatal(err):
			emit(Event{At: now, Name: "ended", AccessExpires: was.AccessExpires, Err: err})
			return err
		default:
			s = was
			delay.lengthen(now, retryAfter(err))
			event = Event{At: now, Name: "failed", AccessExpires: s.AccessExpires, Next: delay.until, Err: err}
		}
	}
}

// unknownLifetime returns the error of a session without a time to refresh at.
func (s *Session) unknownLifetime() error {
	return verdict.Errorf(verdict.Usage, "session %s: %s does not say how long its access tokens live: there is no time to refresh at", s.Name, s.Server).
		Hintf("jwt session request refreshes when the server answers 401")
}

// A backoff delays the next request to a server that failed. The zero backoff does not.
type backoff struct {
	length time.Duration // doubled each time, up to maxSleep
	until  time.Time
}

// lengthen starts the next delay, of at least retryAfter.
func (b *backoff) lengthen(now time.Time, retryAfter time.Duration) {
	b.length = min(max(2*b.length, time.Second), maxSleep)
	b.until = now.Add(max(b.length, min(retryAfter, maxRetryAfter)))
}

// due returns when the next refresh is.
func (b *backoff) due(s *Session) time.Time {
	if b.until.IsZero() {
		return s.StaleAt()
	}
	return b.until
}

// retryAfter returns the Retry-After of the server's answer, or 0.
func retryAfter(err error) time.Duration {
	var said *oauth.Error
	if errors.As(err, &said) {
		return said.RetryAfter
	}
	return 0
}

// sleep waits until then, or for maxSleep.
func (c *Client) sleep(ctx context.Context, after func(time.Duration) <-chan time.Time, then time.Time) error {
	select {
	case <-ctx.Done():
	case <-after(min(max(then.Sub(c.Now()), 0), maxSleep)):
	}
	if ctx.Err() != nil {
		return verdict.Errorf(verdict.Interrupted, "interrupted")
	}
	return nil
}

// refreshIfDue reads the session and refreshes it if it is stale, not before until. The
// event has no name if nothing changed.
func (c *Client) refreshIfDue(ctx context.Context, seen *Session, until time.Time) (*Session, Event, error) {
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, Event{}, err
	}
	if s.Ended != nil {
		return nil, Event{}, s.Ended.error(s)
	}
	outcome := Adopted
	if now := c.Now(); s.stale(now) && !now.Before(until) {
		if s, outcome, err = c.Refresh(ctx, s, 0); err != nil {
			return nil, Event{}, err
		}
	} else if s.sameToken(seen) {
		return s, Event{}, nil
	}
	return s, Event{At: c.Now(), Name: string(outcome), AccessExpires: s.AccessExpires, Next: s.StaleAt()}, nil
}

// fatal reports whether no later attempt can succeed.
func fatal(err error) bool {
	switch verdict.ClassOf(err) {
	case verdict.SessionRevoked, verdict.SessionExpired, verdict.NotLoggedIn, verdict.Usage:
		return true
	}
	return false
}
