package limit

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"jwt/internal/authserver/users"
)

// epoch is the initial time of tests.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestFailures(t *testing.T) {
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, c := range []struct {
		name     string
		failures int
		user     func(i int) string
		address  func(i int) netip.Addr
		free     []string // user@address that may try again after one failure less
	}{
		{
			"one user at one address", PerPair,
			func(int) string { return "a" }, func(int) netip.Addr { return here },
			[]string{"a@192.0.2.2", "b@192.0.2.1"},
		},
		{
			"many users at one address", PerAddress,
			strconv.Itoa, func(int) netip.Addr { return here },
			[]string{"a@192.0.2.2"},
		},
		{
			"one user at many addresses", PerUser,
			func(int) string { return "a" }, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}) },
			[]string{"b@192.0.2.1"},
		},
		{
			"many addresses of one network", PerPair,
			func(int) string { return "a" }, func(i int) netip.Addr { return netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}) },
			[]string{"a@192.0.2.1", "a@2001:0:0:1::"},
		},
		{
			"the same address in IPv6", PerPair,
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
			l := NewFailures()
			for i := range c.failures {
				l.Try(c.user(i), c.address(i), epoch)
				l.Undo(c.user(i), c.address(i), epoch) // a login that did not fail
				if wait := l.Try(c.user(i), c.address(i), epoch); wait != 0 {
					t.Fatalf("failure %d waits %s", i, wait)
				}
			}
			last := c.failures
			if wait := l.Wait(c.user(last), c.address(last), epoch); wait != Interval {
				t.Errorf("one more waits %s", wait)
			}
			if wait := l.Try(c.user(last), c.address(last), epoch); wait != Interval {
				t.Errorf("one more is let through: %s", wait)
			}
			if wait := l.Wait(c.user(last), c.address(last), epoch.Add(Interval)); wait != 0 {
				t.Errorf("an interval later it waits %s", wait)
			}
			for _, who := range c.free {
				user, address, _ := strings.Cut(who, "@")
				if wait := l.Wait(user, netip.MustParseAddr(address), epoch); wait != 0 {
					t.Errorf("%s waits %s", who, wait)
				}
			}
		})
	}
}

func TestFailuresForget(t *testing.T) {
	l := NewFailures()
	for i := range maxBuckets {
		l.count(strings.Repeat("x", 2*users.MaxName)+strconv.Itoa(i), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), epoch.Add(time.Duration(i)*time.Millisecond))
	}
	if len(l.failures) > maxBuckets+3 {
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
