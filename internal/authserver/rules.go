package authserver

import (
	"context"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/store"
	"jwt/internal/jsonobject"
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

	// AccessTTL returns how long an access token lives.
	AccessTTL func(context.Context) time.Duration

	// IssueAccess returns an access token of the session and its "jti".
	IssueAccess func(ctx context.Context, session store.Session, now time.Time) (token, id string, err error)

	// IssueID returns an ID token with these claims.
	IssueID func(ctx context.Context, claims jsonobject.Object, now time.Time) (string, error)

	// AuthenticateClient returns the client of a request to the token endpoint and the like.
	AuthenticateClient func(context.Context, ClientAuth) (clients.Client, error)

	// CheckRedirect reports whether the redirect URI belongs to the client.
	CheckRedirect func(ctx context.Context, c clients.Client, uri string) bool

	// CheckChallenge returns an error for a PKCE challenge that an authorization request must
	// not have, or lacks.
	CheckChallenge func(ctx context.Context, c clients.Client, challenge, method string) error

	// CheckVerifier compares the PKCE verifier of a token request with the challenge.
	CheckVerifier func(ctx context.Context, challenge, verifier string) error

	// CheckCodeClient compares the client of a token request with that of the authorization request.
	CheckCodeClient func(ctx context.Context, owner, client string) error

	// CheckCodeRedirect compares the redirect URI of a token request, which may be empty, with
	// that of the authorization request, which sent it or left it out.
	CheckCodeRedirect func(ctx context.Context, redirect, sent string, explicit bool) error

	// ReuseCode answers a code that was redeemed, and began this session.
	ReuseCode func(ctx context.Context, session string, now time.Time) error

	// CheckPoll returns the error for a device whose user has not decided: it must wait.
	CheckPoll func(context.Context, DevicePoll) error

	// CheckProof returns the thumbprint of the key of a DPoP proof.
	CheckProof func(context.Context, ProofRequest) (thumbprint string, err error)

	// CheckBinding returns a Refusal if a verified access token is bound to a key, and the
	// request proves none or another, or the reverse.
	CheckBinding func(ctx context.Context, b Bearer, thumbprint string) error

	// Handle answers a request whose size, host and origin are acceptable.
	Handle Handler
}

// A VerifyRequest asks to verify an access token.
type VerifyRequest struct {
	Token     string
	Now       time.Time
	IgnoreExp bool // accept an expired token

	AnyAudience bool // accept a token for another audience
}

// A RotateRequest asks to spend a refresh token.
type RotateRequest struct {
	Token  string
	Client string // ID of the client, which is authenticated
	Key    string // thumbprint of the DPoP key that it proved to hold, or empty
	Now    time.Time
	Grace  time.Duration // how long a spent token returns the same successor again
}

// standardRules returns the rules of a server without Options.Replace.
func (s *Server) standardRules() Rules {
	return Rules{
		Now:                s.Options.Now,
		CheckPassword:      s.checkPassword,
		VerifyAccess:       s.verifyAccess,
		CheckSession:       s.checkSession,
		Rotate:             s.rotate,
		AccessTTL:          func(context.Context) time.Duration { return s.Options.AccessTTL },
		IssueAccess:        s.issueAccess,
		IssueID:            s.issueID,
		CheckRedirect:      func(_ context.Context, c clients.Client, uri string) bool { return c.MayRedirect(uri) },
		CheckChallenge:     checkChallenge,
		CheckVerifier:      checkVerifier,
		CheckCodeClient:    checkCodeClient,
		CheckCodeRedirect:  checkCodeRedirect,
		AuthenticateClient: s.authenticateClient,
		CheckPoll:          checkPoll,
		ReuseCode:          s.reuseCode,
		CheckProof:         s.checkProof,
		CheckBinding:       checkBinding,
		Handle:             s.answer,
	}
}
