package authserver

import (
	"testing"
	"time"

	"jwt/internal/authserver/limit"
)

// TestLimiterIgnoresRulesNow checks that a successful login is not counted, whatever
// Rules.Now returns.
func TestLimiterIgnoresRulesNow(t *testing.T) {
	for _, d := range []time.Duration{time.Hour, -time.Hour} {
		var clock offset
		s := serve(t, func(o *Options) { o.Replace = clock.replace })
		clock.Store(int64(d))
		for range limit.PerPair + 1 {
			s.login()
		}
		s.loginAs(alice, "wrong").is(t, "a guess", 401, "invalid_credentials")
		clock.Store(0)
		s.login()
		s.loginAs("bob", "pass:word").tokens(t)
	}
}

// TestLimiterClockSetBack checks that no failure counts for longer after the clock was
// set back.
func TestLimiterClockSetBack(t *testing.T) {
	s := serve(t, nil)
	for range limit.PerPair {
		s.loginAs(alice, "wrong").is(t, "a guess", 401, "invalid_credentials")
	}
	s.clock.Advance(-time.Hour)
	a := s.loginAs(alice, password)
	a.is(t, "one too many", 429, "too_many_requests")
	same(t, "Retry-After", a.header.Get("Retry-After"), "6")
	s.loginAs("bob", "pass:word").is(t, "from the same address", 429, "too_many_requests")
	s.clock.Advance(limit.Interval)
	s.login()
	s.loginAs("bob", "pass:word").tokens(t)
	s.login()
}
