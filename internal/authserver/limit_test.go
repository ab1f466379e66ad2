package authserver

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/users"
)

func TestLimiter(t *testing.T) {
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, c := range []struct {
		name     string
		failures int
		user     func(i int) string
		address  func(i int) netip.Addr
		free     []string // user@address that may try again after one failure less
	}{
		{
			"one user at one address", failuresPerPair,
			func(int) string { return "a" }, func(int) netip.Addr { return here },
			[]string{"a@192.0.2.2", "b@192.0.2.1"},
		},
		{
			"many users at one address", failuresPerAddress,
			strconv.Itoa, func(int) netip.Addr { return here },
			[]string{"a@192.0.2.2"},
		},
		{
			"one user at many addresses", failuresPerUser,
			func(int) string { return "a" }, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}) },
			[]string{"b@192.0.2.1"},
		},
		{
			"many addresses of one network", failuresPerPair,
			func(int) string { return "a" }, func(i int) netip.Addr { return netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}) },
			[]string{"a@192.0.2.1", "a@2001:0:0:1::"},
		},
		{
			"the same address in IPv6", failuresPerPair,
			func(int) string { return "a" }, func(i int) netip.Addr {
				if i%2 == 0 {
					return there
				}
				return netip.MustParseAddr("::ffff:192.0.2.2")
			},
			[]string{"a@192.0.2.1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLimiter()
			for i := range c.failures {
				l.try(c.user(i), c.address(i), epoch)
				l.undo(c.user(i), c.address(i), epoch) // a login that did not fail
				if wait := l.try(c.user(i), c.address(i), epoch); wait != 0 {
					t.Fatalf("failure %d waits %s", i, wait)
				}
			}
			last := c.failures
			same(t, "wait", l.wait(c.user(last), c.address(last), epoch), failureInterval)
			if wait := l.try(c.user(last), c.address(last), epoch); wait != failureInterval {
				t.Errorf("one more is let through: %s", wait)
			}
			same(t, "an interval later", l.wait(c.user(last), c.address(last), epoch.Add(failureInterval)), time.Duration(0))
			for _, who := range c.free {
				user, address, _ := strings.Cut(who, "@")
				if wait := l.wait(user, netip.MustParseAddr(address), epoch); wait != 0 {
					t.Errorf("%s waits %s", who, wait)
				}
			}
		})
	}
}

// TestLimiterIgnoresRulesNow checks that a successful login is not counted, whatever
// Rules.Now returns.
func TestLimiterIgnoresRulesNow(t *testing.T) {
	for _, d := range []time.Duration{time.Hour, -time.Hour} {
		var clock offset
		s := serve(t, func(o *Options) { o.Replace = clock.replace })
		clock.Store(int64(d))
		s.login()
		if n := len(s.server.limit.failures); n != 0 {
			t.Errorf("it remembers %d keys of a login that succeeded", n)
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
	for range failuresPerPair {
		s.loginAs(alice, "wrong").is(t, "a guess", 401, "invalid_credentials")
	}
	s.clock.advance(-time.Hour)
	a := s.loginAs(alice, password)
	a.is(t, "one too many", 429, "too_many_requests")
	same(t, "Retry-After", a.header.Get("Retry-After"), "6")
	s.loginAs("bob", "pass:word").is(t, "from the same address", 429, "too_many_requests")
	s.clock.advance(failureInterval)
	s.login()
	s.loginAs("bob", "pass:word").tokens(t)
	s.login()
}

func TestLimiterForgets(t *testing.T) {
	l := newLimiter()
	for i := range maxLimited {
		l.count(strings.Repeat("x", 2*users.MaxName)+strconv.Itoa(i), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), epoch.Add(time.Duration(i)*time.Millisecond))
	}
	if len(l.failures) > maxLimited+3 {
		t.Errorf("it remembers %d", len(l.failures))
	}
	for key := range l.failures {
		if len(key.user) > users.MaxName {
			t.Fatalf("it remembers %d bytes of a name", len(key.user))
		}
	}
	l.forget(epoch.Add(30 * 24 * time.Hour))
	if len(l.failures) != 0 {
		t.Errorf("it remembers %d a month later", len(l.failures))
	}
}
