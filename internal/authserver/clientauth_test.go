package authserver

import (
	"testing"

	"jwt/internal/authserver/limit"
)

// TestClientSecretsAreNotGuessed tries secrets of a client until it is limited, also with the
// right one.
func TestClientSecretsAreNotGuessed(t *testing.T) {
	s := serve(t, testClients(t))
	ask := func(secret string) answer {
		return s.form("/token", []string{"grant_type", "client_credentials"}, basic("web", secret))
	}
	for range limit.PerPair {
		ask("wrong").is(t, "a wrong secret", 401, "invalid_client")
	}
	ask("wrong").is(t, "one too many", 429, "too_many_requests")
	ask("s3cret+/ %").is(t, "the right one", 429, "too_many_requests")
	s.clock.Advance(limit.Interval)
	ask("s3cret+/ %").tokens(t)
}
