// Package limit slows down guessing, and limits what anyone can add to a store.
package limit

import (
	"net/netip"
	"sync"
	"time"

	"jwt/internal/authserver/users"
)

// Limits on failed logins: by user and address, by address, and by user from anywhere.
const (
	PerPair    = 10
	PerAddress = 100
	PerUser    = 100
	Interval   = 6 * time.Second // in which one failure is forgotten: ten per minute

	maxBuckets = 100_000
)

// Failures slow down the guessing of passwords, secrets and codes. For each user and network they
// have a leaky bucket of failed tries. Servers with a common store count separately.
type Failures struct {
	mu       sync.Mutex
	failures map[bucket]time.Time // when the bucket will be empty
}

// A bucket counts the failures of a user, of a network, or of a user there.
type bucket struct {
	user    string
	address netip.Prefix
}

// NewFailures returns an empty one.
func NewFailures() *Failures { return &Failures{failures: map[bucket]time.Time{}} }

func bucketsOf(user string, address netip.Addr) map[bucket]int {
	net := network(address)
	user = user[:min(len(user), users.MaxName)]
	return map[bucket]int{
		{user: user, address: net}: PerPair,
		{address: net}:             PerAddress,
		{user: user}:               PerUser,
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

// Wait returns how long a login must wait, or 0.
func (l *Failures) Wait(user string, address netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.longest(user, address, now)
}

func (l *Failures) longest(user string, address netip.Addr, now time.Time) (longest time.Duration) {
	for key, most := range bucketsOf(user, address) { // there must be room for one more failure
		longest = max(longest, l.level(key, most, now)-time.Duration(most-1)*Interval)
	}
	return longest
}

// level returns the time until a bucket is empty. It is at most that of a full
// bucket, in case the clock was set back.
func (l *Failures) level(key bucket, most int, now time.Time) time.Duration {
	return l.fill(key, min(l.failures[key].Sub(now), time.Duration(most)*Interval), now)
}

// fill sets the time until a bucket is empty, and returns it. It deletes an empty bucket.
func (l *Failures) fill(key bucket, left time.Duration, now time.Time) time.Duration {
	if left <= 0 {
		delete(l.failures, key)
		return 0
	}
	l.failures[key] = now.Add(left)
	return left
}

// Try counts a login as failed in advance, so that parallel guesses cannot exceed the
// limit, or returns how long the login must wait. After a login that did not fail, Undo
// or Succeeded must be called.
func (l *Failures) Try(user string, address netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.longest(user, address, now); wait > 0 {
		return wait
	}
	l.count(user, address, now)
	return 0
}

func (l *Failures) count(user string, address netip.Addr, now time.Time) {
	if len(l.failures) > maxBuckets {
		l.forget(now)
	}
	for key, most := range bucketsOf(user, address) {
		l.fill(key, l.level(key, most, now)+Interval, now)
	}
}

// Undo reverses Try.
func (l *Failures) Undo(user string, address netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, most := range bucketsOf(user, address) {
		l.fill(key, l.level(key, most, now)-Interval, now)
	}
}

// Succeeded reverses Try, and deletes the failures of the user at the address.
func (l *Failures) Succeeded(user string, address netip.Addr, now time.Time) {
	l.Undo(user, address, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failures, bucket{user: user, address: network(address)}) // user exists, so the name is at most users.MaxName long
}

// forget deletes empty buckets, and others until half of maxBuckets are left.
func (l *Failures) forget(now time.Time) {
	for key, empty := range l.failures {
		if empty.Before(now) {
			delete(l.failures, key)
		}
	}
	for key := range l.failures {
		if len(l.failures) <= maxBuckets/2 {
			return
		}
		delete(l.failures, key)
	}
}
