package authserver

import (
	"net/http"
	"sync"
	"time"

	"jwt/internal/oauth"
)

// A quota limits the records that requests without a password or a secret add to the store:
// devices and pushed requests. Otherwise an attacker could fill the memory or the disk.
type quota struct {
	mu    sync.Mutex
	began time.Time
	used  int
}

const (
	quotaPeriod = deviceTTL
	quotaMost   = 10_000 // in a period
)

// take counts a record, or returns the error for too many.
func (q *quota) take(now time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.began).Abs() >= quotaPeriod {
		q.began, q.used = now, 0
	}
	if q.used >= quotaMost {
		return &oauth.Error{Status: http.StatusTooManyRequests, Code: oauth.TooManyRequests, Description: "too many devices and pushed requests", RetryAfter: q.began.Add(quotaPeriod).Sub(now)}
	}
	q.used++
	return nil
}
