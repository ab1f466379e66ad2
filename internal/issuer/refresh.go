package issuer

import (
	"context"

	"jwt/internal/verdict"
)

// Refresh trades the refresh token for new tokens. A server that says the session
// has ended makes session_revoked; every other error leaves it alive, and one
// whose cause is Uncertain may have spent the refresh token.
func (s *Server) Refresh(ctx context.Context, h Held) (Grant, error) {
	if s.Preset.Refresh.Path == "" {
		return Grant{}, verdict.Errorf(verdict.SessionExpired, "the preset %s has no way to refresh", s.Preset.Name)
	}
	r, err := s.do(ctx, s.Preset.Refresh, h.values())
	switch {
	case err != nil:
		return Grant{}, err
	case s.Preset.SaysDead(r.status, r.body):
		return Grant{}, r.refusal(verdict.SessionRevoked)
	case r.status >= 500:
		return Grant{}, uncertain(r.refusal(verdict.ServerError), false)
	case !r.ok():
		return Grant{}, r.refusal(verdict.FetchFailed)
	}
	g, err := s.grant(r)
	if err != nil {
		return Grant{}, uncertain(verdict.Errorf(verdict.ClassOf(err), "%w", err), false)
	}
	return g, nil
}
