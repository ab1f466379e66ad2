package faulty

import (
	"context"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/jsonobject"
	"jwt/internal/jws"
)

// onIDToken edits the claims of ID tokens before they are signed.
func onIDToken(edit func(claims *jsonobject.Object, now time.Time)) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.IssueID
		r.IssueID = func(ctx context.Context, claims jsonobject.Object, now time.Time) (string, error) {
			if t.on(ctx) {
				edit(&claims, now)
			}
			return next(ctx, claims, now)
		}
	}
}

// withClaim gives ID tokens another value of a claim.
func withClaim(name, value string) func(toggle, *authserver.Rules) {
	return onIDToken(func(claims *jsonobject.Object, _ time.Time) { claims.Set(name, jsonobject.Quote(value)) })
}

func expireID(claims *jsonobject.Object, now time.Time) {
	claims.Set("iat", jsonobject.Int(now.Add(-2*time.Hour).Unix()))
	claims.Set("exp", jsonobject.Int(now.Add(-time.Hour).Unix()))
}

// issueUnsignedID issues ID tokens with alg none.
func issueUnsignedID(t toggle, r *authserver.Rules) {
	next := r.IssueID
	r.IssueID = func(ctx context.Context, claims jsonobject.Object, now time.Time) (string, error) {
		if !t.on(ctx) {
			return next(ctx, claims, now)
		}
		var header jsonobject.Object
		header.Set("alg", jsonobject.Quote("none"))
		header.Set("typ", jsonobject.Quote("JWT"))
		token, err := jws.Unsecured(header, claims.Bytes())
		return token.Text(), err
	}
}
