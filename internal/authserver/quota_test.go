package authserver

import (
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/limit"
)

// TestQuota sends more requests that anyone can send than the store has room for.
func TestQuota(t *testing.T) {
	s := serve(t, nil)
	s.server.quota = &limit.Quota{Most: 1, Period: deviceTTL}
	if a := s.push(nil); a.status != 201 {
		t.Fatalf("the last: %d %s", a.status, a.body)
	}
	s.clock.Advance(deviceTTL - time.Second)
	a := s.push(nil)
	a.is(t, "a pushed request", 429, "too_many_requests")
	same(t, "Retry-After", a.header.Get("Retry-After"), "1")
	s.form("/device_authorization", []string{"client_id", clients.Native}).is(t, "a device", 429, "too_many_requests")
	s.clock.Advance(time.Second)
	if a := s.push(nil); a.status != 201 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}
