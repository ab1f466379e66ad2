// Package clocktest is a clock for tests, which stands still until they advance it.
package clocktest

import (
	"sync"
	"time"
)

// A Clock can be read while it is advanced.
type Clock struct {
	mutex sync.Mutex
	now   time.Time
}

// At returns a clock that shows an instant.
func At(now time.Time) *Clock { return &Clock{now: now} }

// Now returns the instant.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}
