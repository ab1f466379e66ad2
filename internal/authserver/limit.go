package authserver

import (
	"net/netip"
	"sync"
	"time"
)

// Failed logins that are let through at once, and how long one counts: by user
// and address together, by address, and by user from everywhere.
const (
	failuresPerPair    = 10
	failuresPerAddress = 100
	failuresPerUser    = 100
	failureInterval    = 6 * time.Second // one is forgotten each; per pair that is ten a minute

	maxLimited = 100_000 // keys remembered
)

// A limiter counts failed logins: a bucket that leaks one each interval. It is
// the process's own, several servers on one store have each theirs. No fault touches its
// clock: guesses take as long as they take.
type limiter struct {
	mu       sync.Mutex
	failures map[limitKey]time.Time // when the bucket will be empty
}

// A limitKey is a user, an address, or both.
type limitKey struct {
	user    string
	address netip.Prefix
}

func newLimiter() *limiter { return &limiter{failures: map[limitKey]time.Time{}} }

func limitKeys(user string, address netip.Addr) map[limitKey]int {
	net := network(address)
	user = user[:min(len(user), maxUserName)]
	return map[limitKey]int{
		{user: user, address: net}: failuresPerPair,
		{address: net}:             failuresPerAddress,
		{user: user}:               failuresPerUser,
	}
}

// network is what one attacker holds: an IPv4 address, an IPv6 /64.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	prefix, _ := a.Prefix(bits)
	return prefix
}

// wait returns how long the user must wait from now, or 0.
func (l *limiter) wait(user string, address netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.longest(user, address, now)
}

func (l *limiter) longest(user string, address netip.Addr, now time.Time) (longest time.Duration) {
	for key, most := range limitKeys(user, address) { // one more failure must fit
		longest = max(longest, l.level(key, most, now)-time.Duration(most-1)*failureInterval)
	}
	return longest
}

// level returns how long the bucket of a key takes to run empty, and forgets one that has.
// None is fuller than it can be filled: that looks so when the clock was set back.
func (l *limiter) level(key limitKey, most int, now time.Time) time.Duration {
	return l.fill(key, min(l.failures[key].Sub(now), time.Duration(most)*failureInterval), now)
}

// fill makes a bucket take that long to run empty, and returns how long that is.
func (l *limiter) fill(key limitKey, left time.Duration, now time.Time) time.Duration {
	if left <= 0 {
		delete(l.failures, key)
		return 0
	}
	l.failures[key] = now.Add(left)
	return left
}

// try counts a login as failed before it is known to be, so that no more than may fail
// are tried at once, or returns how long the user must wait. Of one that did not fail,
// undo or succeeded is to be told.
func (l *limiter) try(user string, address netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.longest(user, address, now); wait > 0 {
		return wait
	}
	l.count(user, address, now)
	return 0
}

func (l *limiter) count(user string, address netip.Addr, now time.Time) {
	if len(l.failures) > maxLimited {
		l.forget(now)
	}
	for key, most := range limitKeys(user, address) {
		l.fill(key, l.level(key, most, now)+failureInterval, now)
	}
}

// undo takes back what try counted.
func (l *limiter) undo(user string, address netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, most := range limitKeys(user, address) {
		l.fill(key, l.level(key, most, now)-failureInterval, now)
	}
}

// succeeded takes back what try counted, and forgets the failures of that user at that
// address.
func (l *limiter) succeeded(user string, address netip.Addr, now time.Time) {
	l.undo(user, address, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failures, limitKey{user: user, address: network(address)}) // no user's name is longer than maxUserName
}

// forget drops the keys that count nothing, and where all still count, any.
func (l *limiter) forget(now time.Time) {
	for key, empty := range l.failures {
		if empty.Before(now) {
			delete(l.failures, key)
		}
	}
	for key := range l.failures {
		if len(l.failures) <= maxLimited/2 {
			return
		}
		delete(l.failures, key)
	}
}
