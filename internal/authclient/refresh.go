package authclient

import (
	"context"
	"errors"

	"jwt/internal/verdict"
)

// Refresh exchanges the refresh token for new tokens. Its error has the class
// session_revoked if the server has ended the session. After any other error the session
// exists, and one whose cause is Uncertain may have spent the refresh token.
func (s *Client) Refresh(ctx context.Context, h Tokens) (Grant, error) {
	if s.OAuth == nil && s.Preset.Refresh.Path == "" {
		return Grant{}, verdict.Errorf(verdict.SessionExpired, "the preset %s has no refresh step", s.Preset.Name)
	}
	r, err := s.refreshReply(ctx, h)
	switch {
	case err != nil:
		return Grant{}, s.keepNext(err, r, h)
	case s.saysDead(r):
		return Grant{}, r.refusal(verdict.SessionRevoked)
	case r.isPage() && s.Preset.SaysDead(r.status, r.body) && !unrelated(wordsOf(r.said().Code)):
		return Grant{}, r.refusal(verdict.FetchFailed).
			Hintf("the answer is an HTML page, perhaps from a proxy and not from the server: the session is kept")
	case r.status >= 500:
		return Grant{}, s.keepNext(uncertain(r.refusal(verdict.ServerError), false), r, h)
	case s.refuses(r) && aboutClient(r.said().Code):
		return Grant{}, r.refusal(verdict.FetchFailed).Hintf("the server refuses the client, not the session: the session is kept")
	case s.refuses(r):
		return Grant{}, r.refusal(verdict.FetchFailed)
	}
	g, err := s.grant(r)
	if err == nil {
		err = s.keepAnswer(g, r)
	}
	if err != nil {
		return Grant{}, s.keepNext(uncertain(verdict.Errorf(verdict.ClassOf(err), "%w", err), false), r, h)
	}
	return g, nil
}

// keepNext adds a new refresh token in the answer, if any, to an Uncertain error: the
// server may have spent the old one.
func (s *Client) keepNext(err error, r *reply, h Tokens) error {
	var unsure *Uncertain
	if r == nil || !(r.ok() || r.status >= 500) || !errors.As(err, &unsure) {
		return err
	}
	if g := s.refreshGrant(r); g.RefreshToken != h.RefreshToken {
		unsure.Next = g
	}
	return err
}
