package authserver

import (
	"context"
	"time"

	"jwt/internal/authserver/store"
)

// Rules are the decisions of a server. Options.Replace replaces some of the standard ones
// to test clients with a wrong server.
type Rules struct {
	// Now returns the instant at which tokens are issued and checked.
	Now func() time.Time

	// CheckPassword returns ErrWrongPassword for an unknown user or a wrong password. Any
	// other error does not count as a failed login.
	CheckPassword func(ctx context.Context, user, password string) error

	// VerifyAccess verifies an access token. It returns a Refusal for a token that is not
	// accepted.
	VerifyAccess func(context.Context, VerifyRequest) (Bearer, error)

	// CheckSession returns a Refusal if the session of a verified access token has ended.
	CheckSession func(context.Context, Bearer) error

	// Rotate spends a refresh token.
	Rotate func(context.Context, RotateRequest) (Grant, error)

	// IssueAccess returns an access token of the session and its "jti".
	IssueAccess func(ctx context.Context, session store.Session, now time.Time) (token, id string, err error)

	// Handle answers a request whose size, host and origin are acceptable.
	Handle Handler
}

// A VerifyRequest asks to verify an access token.
type VerifyRequest struct {
	Token     string
	Now       time.Time
	IgnoreExp bool // accept an expired token
}

// A RotateRequest asks to spend a refresh token.
type RotateRequest struct {
	Token string
	Now   time.Time
	Grace time.Duration // how long a spent token returns the same successor again
}

// standardRules returns the rules of a server without Options.Replace.
func (s *Server) standardRules() Rules {
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
