package faulty

import (
	"context"
	"net/http"

	"jwt/internal/authserver"
)

// Functions of the rules. In a fault, next is the rule that it replaces.
type (
	passwordFunc = func(ctx context.Context, user, password string) error
	verifyFunc   = func(context.Context, authserver.VerifyRequest) (authserver.Bearer, error)
	rotateFunc   = func(context.Context, authserver.RotateRequest) (authserver.Grant, error)
)

// onPassword replaces Rules.CheckPassword by f.
func onPassword(f func(ctx context.Context, t toggle, user, password string, next passwordFunc) error) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.CheckPassword
		r.CheckPassword = func(ctx context.Context, user, password string) error { return f(ctx, t, user, password, next) }
	}
}

// onVerify replaces Rules.VerifyAccess by f.
func onVerify(f func(ctx context.Context, t toggle, q authserver.VerifyRequest, next verifyFunc) (authserver.Bearer, error)) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.VerifyAccess
		r.VerifyAccess = func(ctx context.Context, q authserver.VerifyRequest) (authserver.Bearer, error) {
			return f(ctx, t, q, next)
		}
	}
}

// onRotate replaces Rules.Rotate by f.
func onRotate(f func(ctx context.Context, t toggle, q authserver.RotateRequest, next rotateFunc) (authserver.Grant, error)) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.Rotate
		r.Rotate = func(ctx context.Context, q authserver.RotateRequest) (authserver.Grant, error) {
			return f(ctx, t, q, next)
		}
	}
}

// onRequest replaces Rules.Handle by f.
func onRequest(f func(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler)) func(toggle, *authserver.Rules) {
	return func(t toggle, r *authserver.Rules) {
		next := r.Handle
		r.Handle = func(a *authserver.Answer, q *http.Request) { f(t, a, q, next) }
	}
}
