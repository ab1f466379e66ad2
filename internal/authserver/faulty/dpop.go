package faulty

import (
	"context"
	"net/http"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/store"
	"jwt/internal/dpop"
	"jwt/internal/oauth"
)

type proofFunc = func(context.Context, authserver.ProofRequest) (string, error)

// onProof replaces Rules.CheckProof by f.
func onProof(f func(ctx context.Context, t toggle, q authserver.ProofRequest, next proofFunc) (string, error)) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.CheckProof
		r.CheckProof = func(ctx context.Context, q authserver.ProofRequest) (string, error) { return f(ctx, t, q, next) }
	}
}

// askForNonce refuses a proof, and names a nonce that the next one must have.
func askForNonce(ctx context.Context, t toggle, q authserver.ProofRequest, next proofFunc) (string, error) {
	if t.on(ctx) {
		return "", &oauth.Error{Status: http.StatusBadRequest, Code: oauth.UseDPoPNonce, Description: "a fault on demand: another nonce is required"}
	}
	return next(ctx, q)
}

// ignoreProof issues unbound tokens to clients that send a proof.
func ignoreProof(ctx context.Context, t toggle, q authserver.ProofRequest, next proofFunc) (string, error) {
	thumbprint, err := next(ctx, q)
	if err == nil && q.Request.AccessToken == "" && t.on(ctx) {
		return "", nil
	}
	return thumbprint, err
}

func acceptReplay(ctx context.Context, t toggle, q authserver.ProofRequest, next proofFunc) (string, error) {
	thumbprint, err := next(ctx, q)
	if err == nil {
		return thumbprint, nil
	}
	p, checked := dpop.Check(q.Proof, q.Request, q.Now)
	if checked == nil && p.Nonce == "" && t.on(ctx) {
		return p.Thumbprint, nil
	}
	return "", err
}

// acceptAnyKey accepts a bound access token with a proof of any key.
func acceptAnyKey(t toggle, r *authserver.Rules) {
	onProof(func(ctx context.Context, t toggle, q authserver.ProofRequest, next proofFunc) (string, error) {
		thumbprint, err := next(ctx, q)
		if err == nil || q.Request.AccessToken == "" {
			return thumbprint, err
		}
		if _, active := t.peek(ctx); !active {
			return "", err
		}
		q.Request.AccessToken = "" // its "cnf" is that of the other key
		return next(ctx, q)
	})(t, r)
	onBinding(func(b authserver.Bearer, thumbprint string) bool { return b.Key != "" && thumbprint != "" })(t, r)
}

// onBinding accepts access tokens that Rules.CheckBinding refuses, if accepts does.
func onBinding(accepts func(b authserver.Bearer, thumbprint string) bool) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.CheckBinding
		r.CheckBinding = func(ctx context.Context, b authserver.Bearer, thumbprint string) error {
			err := next(ctx, b, thumbprint)
			if err != nil && accepts(b, thumbprint) && t.on(ctx) {
				return nil
			}
			return err
		}
	}
}

func noProof(_ authserver.Bearer, thumbprint string) bool { return thumbprint == "" }

// issueUnbound omits the key from access tokens whose type says that they are bound.
func issueUnbound(t toggle, r *authserver.Rules) {
	next := r.IssueAccess
	r.IssueAccess = func(ctx context.Context, session store.Session, now time.Time) (token, id string, err error) {
		if session.Key != "" && t.on(ctx) {
			session.Key = ""
		}
		return next(ctx, session, now)
	}
}

// refreshUnbound accepts a bound refresh token without a proof of its key.
func refreshUnbound(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if k, ok := t.find(ctx, q.Token); ok && k.session.Key != "" && k.session.Key != q.Key && t.on(ctx) {
		q.Key = k.session.Key
	}
	return next(ctx, q)
}

// refreshForAnyClient accepts a refresh token of another client.
func refreshForAnyClient(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error) {
	if k, ok := t.find(ctx, q.Token); ok && k.session.Client != q.Client && t.on(ctx) {
		q.Client = k.session.Client
	}
	return next(ctx, q)
}
