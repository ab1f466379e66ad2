package flow

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/httpclient"
)

// patiently sends a request, and sends it again after the Retry-After of an answer 429 or
// 503. All such waits together take at most MaxWait.
func (r *run) patiently(ctx context.Context, name string, send func() answer) (answer, error) {
	const attempts = 3
	for n := 1; ; n++ {
		a := send()
		wait := r.retryAfter(a)
		if wait == 0 || n == attempts || r.waited+wait > r.MaxWait {
			return a, interrupted(ctx)
		}
		r.waited += wait
		if err := r.step(name, a, ""); err != nil {
			return a, err
		}
		if err := r.wait(ctx, wait, "wait", "for the Retry-After of the server"); err != nil {
			return a, err
		}
	}
}

// retryAfter returns how long an answer asks to wait, or 0.
func (r *run) retryAfter(a answer) time.Duration {
	if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
		return 0
	}
	text := a.header.Get("Retry-After")
	if d := httpclient.DeltaSeconds(text); d > 0 {
		return d
	}
	if at, err := http.ParseTime(text); err == nil && at.After(r.Now()) {
		return at.Sub(r.Now())
	}
	return 0
}
