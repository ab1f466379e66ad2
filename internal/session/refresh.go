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

// An Outcome says how a fresh token was come by.
type Outcome string

// The outcomes.
const (
	Refreshed Outcome = "refreshed"
	Adopted   Outcome = "adopted" // another process had refreshed it
)

// Refresh gets an access token later than that of seen. Under the lock the
// session is read again: if its token is not the one seen, somebody refreshed it
// meanwhile, and that one is adopted, also where the server gave the same once
// more; if somebody tried in vain meanwhile, the server is not asked again. Once a
// request may have left, nothing interrupts it before what came of it is saved:
// whoever cancels ctx waits.
func (c *Client) Refresh(ctx context.Context, seen *Session) (*Session, Outcome, error) {
	return c.refresh(ctx, seen, lockTimeout)
}

// refresh is Refresh that waits for another process so long.
func (c *Client) refresh(ctx context.Context, seen *Session, wait time.Duration) (*Session, Outcome, error) {
	came := c.Now()
	unlock, err := c.Store.lock(ctx, c.Name, wait)
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
	case !s.seen(seen) && !s.stale(now):
		return s, Adopted, nil
	case s.RefreshToken == "":
		return nil, "", s.noRefreshToken()
	case !s.Refreshable(now):
		return nil, "", c.end(s, verdict.SessionExpired, s.refreshExpired())
	case s.Failed != nil && s.Failed.At.After(came) && !s.Failed.At.After(now):
		return nil, "", s.Failed.error(now)
	}
	defer c.finishing(ctx, "the refresh that has begun is finished and saved first")()
	if err := c.rotate(context.WithoutCancel(ctx), s); err != nil {
		return nil, "", err
	}
	return s, Refreshed, nil
}

// finishing tells whoever cancels ctx why nothing seems to come of it, until the
// returned function is called.
func (c *Client) finishing(ctx context.Context, what string) func() bool {
	return context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			c.Notice(what)
		}
	})
}

// rotate trades the refresh token for new tokens and saves them. An answer of no
// use that brings another refresh token gets one more try, with that one. The
// caller holds the lock.
func (c *Client) rotate(ctx context.Context, s *Session) error {
	server, err := c.server(s)
	if err != nil {
		return err
	}
	server.Timeout = cmp.Or(c.Timeout, c.patience(s))
	ctx, cancel := context.WithTimeout(ctx, server.Timeout)
	defer cancel()
	held := s.RefreshToken
	if err = c.spend(ctx, server, s); err != nil && s.Ended == nil && s.RefreshToken != held && timeLeft(ctx) {
		return c.spend(ctx, server, s)
	}
	return err
}

// A refresh that is cut off may cost the session, and one that is waited for may cost
// the access token: where that ends soon, a server that takes longer than most is
// given up while something is left of it.
const (
	leastPatience = 20 * time.Second
	leftOver      = 5 * time.Second // of the access token's life
)

// patience is how long a refresh may take.
func (c *Client) patience(s *Session) time.Duration {
	if left := s.AccessExpires.Sub(c.Now()) - leftOver; left >= leastPatience {
		return min(left, authclient.ExchangeTimeout).Truncate(time.Second)
	}
	return authclient.ExchangeTimeout
}

// spend puts the refresh token before the server and saves what it gives: with an
// error, that may be another refresh token.
func (c *Client) spend(ctx context.Context, server *authclient.Client, s *Session) error {
	earlier := s.Intent
	s.Intent = &Intent{At: c.Now().UTC()}
	if earlier != nil {
		s.Intent.At = earlier.At
	}
	if err := c.Store.save(s); err != nil {
		return err
	}
	w, err := c.Store.prepare(s.Name, c.room(s))
	if err != nil {
		c.withdraw(s, earlier)
		return err
	}
	defer w.abandon()

	g, err := server.Refresh(ctx, held(s))
	unsure := uncertain(err)
	var lost error
	if unsure != nil && unsure.Lost && unsure.Next.RefreshToken == "" && timeLeft(ctx) {
		// The server may have spent the token and the answer is lost: within its
		// grace it gives the same successor again.
		lost = err
		g, err = server.Refresh(ctx, held(s))
		unsure = uncertain(err)
	}
	failed := &Failure{At: c.Now().UTC()}
	switch {
	case err == nil:
		s.take(g)
		return w.finish(s)
	case verdict.ClassOf(err) == verdict.SessionRevoked:
		return c.end(s, ended(s, c.Now()), reason(err, earlier, s.Failed, lost))
	case unsure != nil && unsure.Next.RefreshToken != "":
		s.takeRefresh(unsure.Next)
		s.Intent = nil
		return cmp.Or(w.finish(s), err)
	case lost != nil, unsure != nil: // the intent stays: the next one knows
		failed.Lost = true
	default:
		s.Intent = earlier // the token is not spent
	}
	failed.Class, failed.Reason = verdict.ClassOf(err), err.Error()
	if wait := retryAfter(err); wait > 0 {
		failed.Until = failed.At.Add(wait)
	}
	s.Failed = failed
	if werr := w.finish(s); werr != nil {
		c.Notice(werr.Error())
	}
	return err
}

// timeLeft reports whether there is time for another request: whether a server that
// answers at all would be heard.
func timeLeft(ctx context.Context) bool {
	const least = 500 * time.Millisecond
	end, bounded := ctx.Deadline()
	return ctx.Err() == nil && (!bounded || time.Until(end) > least)
}

// uncertain returns the cause of an error that leaves open what the server has
// done, or nil.
func uncertain(err error) *authclient.Uncertain {
	var u *authclient.Uncertain
	errors.As(err, &u)
	return u
}

// room is how many bytes are kept free for the next file.
func (c *Client) room(s *Session) int {
	data, err := c.Store.encode(s)
	if err != nil {
		return reserve
	}
	return len(data) + reserve
}

// withdraw takes back the intent of a refresh that never reached the server.
func (c *Client) withdraw(s *Session, earlier *Intent) {
	s.Intent = earlier
	if err := c.Store.save(s); err != nil {
		c.Notice(err.Error()) // the intent stays: no harm is done
	}
}

func held(s *Session) authclient.Held {
	return authclient.Held{AccessToken: s.AccessToken, RefreshToken: s.RefreshToken}
}

// ended tells expired from revoked by what the server had said of the lifetime.
func ended(s *Session, now time.Time) verdict.Class {
	if !s.RefreshExpires.IsZero() && !now.Before(s.RefreshExpires) {
		return verdict.SessionExpired
	}
	return verdict.SessionRevoked
}

// reason says in words why a refresh token is refused.
func reason(err error, earlier *Intent, failed *Failure, lost error) string {
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
		return fmt.Sprintf("the server refuses the refresh token: it was revoked, or somebody else has used it (%v)", err)
	}
}

// end marks the session as ended, so that nobody puts a spent token before the
// server again, and returns the error that says so.
func (c *Client) end(s *Session, class verdict.Class, why string) error {
	s.Ended = &Ended{At: c.Now().UTC(), Class: class, Reason: why}
	s.Intent, s.Failed = nil, nil
	if err := c.Store.save(s); err != nil {
		c.Notice(err.Error())
	}
	return s.Ended.error(s)
}
