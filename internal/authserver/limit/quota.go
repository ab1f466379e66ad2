package limit

import (
	"sync"
	"time"
)

// A Quota limits the records that requests without a password or a secret add to the store:
// devices and pushed requests. Otherwise an attacker could fill the memory or the disk.
type Quota struct {
	Most   int
	Period time.Duration

	mu    sync.Mutex
	began time.Time
	used  int
}

// Take counts a record, or returns how long to wait if there are too many.
func (q *Quota) Take(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.began).Abs() >= q.Period {
		q.began, q.used = now, 0
	}
	if q.used >= q.Most {
		return q.began.Add(q.Period).Sub(now)
	}
	q.used++
	return 0
}
