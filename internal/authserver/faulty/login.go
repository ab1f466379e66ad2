package faulty

import (
	"context"
	"net/http"

	"jwt/internal/authserver"
	"jwt/internal/oauth"
)

func tellUnknownUsers(ctx context.Context, t toggle, user, password string, next passwordFunc) error {
	if !t.server.Users.Has(user) && t.on(ctx) {
		return &oauth.Error{Status: http.StatusNotFound, Code: "unknown_user", Description: "there is no such user"}
	}
	return next(ctx, user, password)
}

func acceptAnyPassword(ctx context.Context, t toggle, user, password string, next passwordFunc) error {
	if t.server.Users.Has(user) && t.on(ctx) {
		return nil
	}
	return next(ctx, user, password)
}

// refuseLogins answers like a wrong password, with an error that does not count as a failed
// login.
func refuseLogins(ctx context.Context, t toggle, user, password string, next passwordFunc) error {
	if t.on(ctx) {
		refused := *authserver.ErrWrongPassword
		return &refused
	}
	return next(ctx, user, password)
}

// revokeNothing removes the tokens from a logout request.
func revokeNothing(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	if isLogout(q) && t.on(q.Context()) {
		q.Header.Del("Authorization")
		q.Header.Del("Cookie")
		q.Body = http.NoBody
	}
	next(a, q)
}

func keepCookie(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	next(a, q)
	if isLogout(q) && a.Status == http.StatusNoContent && t.on(q.Context()) {
		a.Header.Del("Set-Cookie")
	}
}

func failLogouts(t toggle, a *authserver.Answer, q *http.Request, next authserver.Handler) {
	if isLogout(q) && t.on(q.Context()) {
		t.server.Fail(a, serverError(http.StatusInternalServerError))
		return
	}
	next(a, q)
}

func isLogout(q *http.Request) bool { return q.Method == http.MethodPost && q.URL.Path == "/logout" }

func serverError(status int) error {
	return &oauth.Error{Status: status, Code: oauth.ServerError, Description: "a fault on demand"}
}
