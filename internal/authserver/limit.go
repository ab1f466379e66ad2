package authserver

import (
	"net/netip"
	"sync"
	"time"

	"jwt/internal/authserver/users"
)

// Limits on failed logins: by user and address, by address, and by user from anywhere.
const (
	failuresPerPair    = 10
	failuresPerAddress = 100
	failuresPerUser    = 100
	failureInterval    = 6 * time.Second // in which one failure is forgotten: ten per minute

	maxLimited = 100_000 // number of keys
)

// A limiter slows down password guessing. For each key it has a leaky bucket of failed
// logins. Servers with a common store have separate limiters. It uses Options.Now and not
// Rules.Now, because no fault may advance its clock.
type limiter struct {
	mu       sync.Mutex
	failures map[limitKey]time.Time // when the bucket will be empty
}

// A limitKey is a user, a network, or both.
type limitKey struct {
	user    string
	address netip.Prefix
}

func newLimiter() *limiter { return &limiter{failures: map[limitKey]time.Time{}} }

func limitKeys(user string, address netip.Addr) map[limitKey]int {
	net := network(address)
	user = user[:min(len(user), users.MaxName)]
	return map[limitKey]int{
		{user: user, address: net}: failuresPerPair,
		{address: net}:             failuresPerAddress,
		{user: user}:               failuresPerUser,
	}
}

// network returns the addresses that one attacker can use: one in IPv4, a /64 in IPv6.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	prefix, _ := a.Prefix(bits)
	return prefix
}

// wait returns how long a login must wait, or 0.
func (l *limiter) wait(user string, address netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.longest(user, address, now)
}

func (l *limiter) longest(user string, address netip.Addr, now time.Time) (longest time.Duration) {
	for key, most := range limitKeys(user, address) { // there must be room for one more failure
		longest = max(longest, l.level(key, most, now)-time.Duration(most-1)*failureInterval)
	}
	return longest
}

// level returns the time until the bucket of a key is empty. It is at most that of a full
// bucket, in case the clock was set back.
func (l *limiter) level(key limitKey, most int, now time.Time) time.Duration {
	return l.fill(key, min(l.failures[key].Sub(now), time.Duration(most)*failureInterval), now)
}

// fill sets the time until a bucket is empty, and returns it. It deletes an empty bucket.
func (l *limiter) fill(key limitKey, left time.Duration, now time.Time) time.Duration {
	if left <= 0 {
		delete(l.failures, key)
		return 0
	}
	l.failures[key] = now.Add(left)
	return left
}

// try counts a login as failed in advance, so that parallel guesses cannot exceed the
// limit, or returns how long the login must wait. After a login that did not fail, undo
// or succeeded must be called.
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

// undo reverses try.
func (l *limiter) undo(user string, address netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, most := range limitKeys(user, address) {
		l.fill(key, l.level(key, most, now)-failureInterval, now)
	}
}

// succeeded reverses try, and deletes the failures of the user at the address.
func (l *limiter) succeeded(user string, address netip.Addr, now time.Time) {
	l.undo(user, address, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failures, limitKey{user: user, address: network(address)}) // user exists, so the name is at most users.MaxName long
}

// forget deletes empty buckets, and others until half of maxLimited are left.
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
