package session

import (
	"context"
	"errors"
	"time"

	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// An Event is a change while a session is kept alive.
type Event struct {
	At            time.Time
	Name          string // started, refreshed, adopted, failed, ended, stopped
	AccessExpires time.Time
	Next          time.Time // when the next refresh is due
	Err           error     // of failed and ended
}

// maxSleep limits how long Keepalive sleeps before it reads the session and the clock
// again. Another process may have refreshed or ended the session, and the clock may have
// been set.
const maxSleep = 30 * time.Second

// maxRetryAfter limits how long a Retry-After binds: a broken server could lock a session
// for years.
const maxRetryAfter = time.Hour

// Keepalive refreshes the session before its access token expires, until ctx is cancelled
// or the session has ended. After a failure, or an access token that is expired on
// arrival, it waits for increasing intervals.
func (c *Client) Keepalive(ctx context.Context, after func(time.Duration) <-chan time.Time, emit func(Event) error) error {
	s, err := c.Store.Load(c.Name)
	switch {
	case err != nil:
		return err
	case s.Ended != nil:
		return s.Ended.error(s)
	case s.AccessExpires.IsZero():
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
		if s, event, err = c.waitAndRefresh(ctx, after, s, &delay); err != nil {
			emit(c.lastEvent(s, err))
			return err
		}
	}
}

// waitAndRefresh sleeps and refreshes the session if it is due then. An error means that
// ctx is cancelled or that no later attempt can succeed. The event has no name if nothing
// changed.
func (c *Client) waitAndRefresh(ctx context.Context, after func(time.Duration) <-chan time.Time, s *Session, delay *backoff) (*Session, Event, error) {
	if s.AccessExpires.IsZero() {
		return s, Event{}, s.unknownLifetime()
	}
	if err := c.sleep(ctx, after, delay.due(s)); err != nil {
		return s, Event{}, err
	}
	next, event, err := c.refreshIfDue(ctx, s, delay.until)
	now := c.Now()
	switch {
	case err != nil && (verdict.ClassOf(err) == verdict.Interrupted || fatal(err)):
		return s, Event{}, err
	case err != nil:
		delay.lengthen(now, retryAfter(err))
		return s, Event{At: now, Name: "failed", AccessExpires: s.AccessExpires, Next: delay.until, Err: err}, nil
	case event.Name == "":
	case next.stale(now) || !next.Alive(now): // on arrival: the clocks differ, or the answer was late
		delay.lengthen(now, 0)
		event.Next = delay.until
	default:
		*delay = backoff{}
	}
	return next, event, nil
}

// lastEvent returns the event for an error of waitAndRefresh.
func (c *Client) lastEvent(s *Session, err error) Event {
	if verdict.ClassOf(err) == verdict.Interrupted {
		return Event{At: c.Now(), Name: "stopped", AccessExpires: s.AccessExpires}
	}
	return Event{At: c.Now(), Name: "ended", AccessExpires: s.AccessExpires, Err: err}
}

// unknownLifetime returns the error for a session without an expiry.
func (s *Session) unknownLifetime() error {
	return verdict.Errorf(verdict.Usage, "session %s: %s does not say how long its access tokens live: the time of the next refresh is unknown", s.Name, s.Server).
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

// due returns the time of the next refresh.
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

// sleep waits until then, but at most for maxSleep.
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

// refreshIfDue reads the session and refreshes it if it is stale, but not before until.
// The event has no name if nothing changed.
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
