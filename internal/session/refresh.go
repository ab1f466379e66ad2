package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/verdict"
)

// An Outcome is the source of a new access token.
type Outcome string

// The outcomes.
const (
	Refreshed Outcome = "refreshed"
	Adopted   Outcome = "adopted" // another process had refreshed it
)

// Refresh returns the session with a newer access token than that of seen. It waits for a
// refresh by another process, for at most wait; 0 means 35 s.
//
// It reads the session again under the lock. If its token is not that of seen, another
// process has refreshed it, and Refresh adopts the token, even if the server returned the
// same one again. If another process failed meanwhile, the server is not asked again.
// A refresh token that should have expired is sent too: the server may have prolonged its
// life without saying so. Once a request may have been sent, cancelling ctx waits until its result is saved.
func (c *Client) Refresh(ctx context.Context, seen *Session, wait time.Duration) (*Session, Outcome, error) {
	began := c.Now()
	unlock, err := c.Store.lock(ctx, c.Name, cmp.Or(wait, lockTimeout))
	if err != nil {
		return nil, "", err
	}
	defer unlock()
	s, err := c.Store.Load(c.Name)
	if err != nil {
		return nil, "", err
	}
	now := c.Now()
	switch {
	case s.Ended != nil:
		return nil, "", s.Ended.error(s)
	case !s.sameToken(seen) && !s.stale(now):
		return s, Adopted, nil
	case s.RefreshToken == "" && !s.OAuth.Renews():
		return nil, "", s.noRefreshToken(now)
	case s.Failed != nil && s.Failed.binds(now):
		return nil, "", s.Failed.error(now)
	case s.Failed != nil && s.Failed.At.After(began) && !s.Failed.At.After(now):
		return nil, "", s.Failed.error(now)
	}
	defer c.noticeOnCancel(ctx, "the refresh that has begun is finished and saved first")()
	if err := c.rotate(context.WithoutCancel(ctx), s); err != nil {
		return nil, "", err
	}
	return s, Refreshed, nil
}

// noticeOnCancel reports message if ctx is cancelled before the returned function is
// called, to explain the delay.
func (c *Client) noticeOnCancel(ctx context.Context, message string) func() bool {
	return context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			c.Notice(message)
		}
	})
}

// rotate exchanges the refresh token for new tokens and saves them. If it fails but the
// answer has another refresh token, it tries once more with that one. The caller holds
// the lock.
func (c *Client) rotate(ctx context.Context, s *Session) error {
	server, err := c.server(s)
	if err != nil {
		return err
	}
	server.Timeout = cmp.Or(c.Timeout, c.refreshTimeout(s))
	ctx, cancel := context.WithTimeout(ctx, server.Timeout)
	defer cancel()
	held := s.RefreshToken
	if err = c.spend(ctx, server, s); err != nil && s.Ended == nil && s.RefreshToken != held && timeLeft(ctx) {
		return c.spend(ctx, server, s)
	}
	return err
}

// A refresh that is interrupted may cost the session. One that takes too long uses up the
// life of the access token: if that expires soon, the refresh must end before.
const (
	minRefreshTimeout = 20 * time.Second
	spareLifetime     = 5 * time.Second // part of the access token's life that is left for requests
)

func (c *Client) refreshTimeout(s *Session) time.Duration {
	if left := s.AccessExpires.Sub(c.Now()) - spareLifetime; left >= minRefreshTimeout {
		return min(left, authclient.ExchangeTimeout).Truncate(time.Second)
	}
	return authclient.ExchangeTimeout
}

// spend sends the refresh token to the server and saves the result: new tokens, the end
// of the session, or a failure. With an error, s may have another refresh token.
func (c *Client) spend(ctx context.Context, server *authclient.Client, s *Session) error {
	earlier := s.Pending
	file, err := c.begin(s)
	if err != nil {
		return err
	}
	defer file.abandon()
	grant, lost, err := exchange(ctx, server, s)
	var unsure *authclient.Uncertain
	switch {
	case err == nil:
		s.setTokens(grant)
		return file.finish(s)
	case verdict.ClassOf(err) == verdict.SessionRevoked:
		if s.expired(c.Now()) {
			return c.end(s, verdict.SessionExpired, fmt.Sprintf("%s, and the server refuses it (%v)", s.refreshExpired(), err))
		}
		return c.end(s, verdict.SessionRevoked, revocation(err, lost, earlier, s.Failed))
	case errors.As(err, &unsure) && unsure.Next.RefreshToken != "":
		s.setRefreshToken(unsure.Next)
		s.Pending = nil
		return cmp.Or(file.finish(s), err)
	}
	maybeSpent := lost != nil || unsure != nil
	if !maybeSpent {
		s.Pending = earlier
	}
	s.Failed = failureOf(err, c.Now(), maybeSpent)
	if err := file.finish(s); err != nil {
		c.Notice(err.Error())
	}
	return err
}

// begin saves that a refresh is pending, and reserves the disk space for its result, so
// that neither a crash nor a full disk loses the new refresh token.
func (c *Client) begin(s *Session) (*writing, error) {
	earlier := s.Pending
	if s.Pending == nil {
		s.Pending = &Pending{At: c.Now().UTC()}
	}
	if err := c.Store.save(s); err != nil {
		return nil, err
	}
	file, err := c.Store.prepare(s.Name, c.Store.sizeOf(s)+reserve)
	if err == nil {
		return file, nil
	}
	s.Pending = earlier
	if err := c.Store.save(s); err != nil {
		c.Notice(err.Error()) // it stays pending, which is harmless
	}
	return nil, err
}

// exchange requests new tokens. If the answer is lost the server may have spent the
// refresh token, and returns the same successor again within its grace period. So
// exchange tries once more; lost is the first error.
func exchange(ctx context.Context, server *authclient.Client, s *Session) (grant authclient.Grant, lost, err error) {
	grant, err = server.Refresh(ctx, s.tokens())
	var unsure *authclient.Uncertain
	if errors.As(err, &unsure) && unsure.Lost && unsure.Next.RefreshToken == "" && timeLeft(ctx) {
		lost = err
		grant, err = server.Refresh(ctx, s.tokens())
	}
	return grant, lost, err
}

// timeLeft reports whether there is time for another request.
func timeLeft(ctx context.Context) bool {
	const least = 500 * time.Millisecond
	end, bounded := ctx.Deadline()
	return ctx.Err() == nil && (!bounded || time.Until(end) > least)
}

// failureOf returns the record of a refresh without tokens. lost says that the server may
// have spent the refresh token.
func failureOf(err error, now time.Time, lost bool) *Failure {
	f := &Failure{At: now.UTC(), Class: verdict.ClassOf(err), Reason: err.Error(), Lost: lost}
	if wait := retryAfter(err); wait > 0 {
		f.Until = f.At.Add(min(wait, maxRetryAfter))
	}
	return f
}

// expired reports whether the refresh token is over by the lifetime that the server gave.
func (s *Session) expired(now time.Time) bool {
	return !s.RefreshExpires.IsZero() && !now.Before(s.RefreshExpires)
}

// revocation explains why the server refuses the refresh token.
func revocation(err, lost error, earlier *Pending, failed *Failure) string {
	switch {
	case lost != nil:
		return fmt.Sprintf("the answer to a refresh was lost on the way (%v), and the server now refuses the spent refresh token (%v)", lost, err)
	case earlier != nil && failed != nil && failed.Lost && !failed.At.Before(earlier.At):
		return fmt.Sprintf("the answer to a refresh begun %s was lost (%s), and the server now refuses the spent refresh token (%v)",
			earlier.At.UTC().Format(time.RFC3339), failed.Reason, err)
	case earlier != nil:
		return fmt.Sprintf("a refresh begun %s was cut off before its answer was saved, and the server now refuses the spent refresh token (%v)",
			earlier.At.UTC().Format(time.RFC3339), err)
	default:
		return fmt.Sprintf("the server refuses the refresh token (%v): it was revoked, or another client has used it", err)
	}
}

// end marks the session as ended, so that no process sends a spent refresh token again,
// and returns the error.
func (c *Client) end(s *Session, class verdict.Class, reason string) error {
	s.Ended = &Ended{At: c.Now().UTC(), Class: class, Reason: reason}
	s.Pending, s.Failed = nil, nil
	if err := c.Store.save(s); err != nil {
		c.Notice(err.Error())
	}
	return s.Ended.error(s)
}
