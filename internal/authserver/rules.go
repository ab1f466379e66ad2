package authserver

import (
	"context"
	"time"

	"jwt/internal/authserver/store"
)

// Rules are the decisions of a server. Each server starts with the sound ones;
// Options.Replace may put others in their place to test clients against a server
// that decides wrongly.
type Rules struct {
	// Now returns the instant at which tokens are issued and checked.
	Now func() time.Time

	// CheckPassword reports whether the password is the user's: ErrWrongPassword, or
	// another error, which does not count as a failed login.
	CheckPassword func(ctx context.Context, user, password string) error

	// VerifyAccess checks an access token, with ignoreExp even if it has expired. It
	// returns a Refusal for a token that is not accepted.
	VerifyAccess func(ctx context.Context, token string, now time.Time, ignoreExp bool) (Bearer, error)

	// CheckSession checks that the session of a verified access token has not ended.
	CheckSession func(ctx context.Context, b Bearer) error

	// Rotate spends a refresh token. Within grace a spent one gives the same successor.
	Rotate func(ctx context.Context, token string, now time.Time, grace time.Duration) (Grant, error)

	// IssueAccess returns an access token of the session, and its "jti".
	IssueAccess func(ctx context.Context, session store.Session, now time.Time) (token, id string, err error)

	// Handle answers a request that passed the checks of host and origin.
	Handle Handler
}

// soundRules returns the rules of a server whose Options replace none.
func (s *Server) soundRules() Rules {
	return Rules{
		Now:           s.Options.Now,
		CheckPassword: s.checkPassword,
		VerifyAccess:  s.verifyAccess,
		CheckSession:  s.checkSession,
		Rotate:        s.rotate,
		IssueAccess:   s.issueAccess,
		Handle:        s.answer,
	}
}
