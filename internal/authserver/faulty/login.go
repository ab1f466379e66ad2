package faulty

import (
	"context"
	"net/http"

	"jwt/internal/authserver"
	"jwt/internal/oauth"
)

func tellUnknownUsers(t toggle, r *authserver.Rules) {
	check := r.CheckPassword
	r.CheckPassword = func(ctx context.Context, user, password string) error {
		if !t.server.Users.Has(user) && t.on(ctx) {
			return &oauth.Error{Status: http.StatusNotFound, Code: "unknown_user", Description: "there is no such user"}
		}
		return check(ctx, user, password)
	}
}

func acceptAnyPassword(t toggle, r *authserver.Rules) {
	check := r.CheckPassword
	r.CheckPassword = func(ctx context.Context, user, password string) error {
		if t.server.Users.Has(user) && t.on(ctx) {
			return nil
		}
		return check(ctx, user, password)
	}
}

// refuseLogins answers like a wrong password, with an error that does not count as a failed
// login.
func refuseLogins(t toggle, r *authserver.Rules) {
	check := r.CheckPassword
	r.CheckPassword = func(ctx context.Context, user, password string) error {
		if t.on(ctx) {
			refused := *authserver.ErrWrongPassword
			return &refused
		}
		return check(ctx, user, password)
	}
}

// revokeNothing removes the tokens from a logout request.
func revokeNothing(t toggle, r *authserver.Rules) {
	handle := r.Handle
	r.Handle = func(a *authserver.Answer, q *http.Request) {
		if isLogout(q) && t.on(q.Context()) {
			q.Header.Del("Authorization")
			q.Header.Del("Cookie")
			q.Body = http.NoBody
		}
		handle(a, q)
	}
}

func keepCookie(t toggle, r *authserver.Rules) {
	handle := r.Handle
	r.Handle = func(a *authserver.Answer, q *http.Request) {
		handle(a, q)
		if isLogout(q) && a.Status == http.StatusNoContent && t.on(q.Context()) {
			a.Header.Del("Set-Cookie")
		}
	}
}

func failLogouts(t toggle, r *authserver.Rules) {
	handle := r.Handle
	r.Handle = func(a *authserver.Answer, q *http.Request) {
		if isLogout(q) && t.on(q.Context()) {
			t.server.Fail(a, serverError(http.StatusInternalServerError))
			return
		}
		handle(a, q)
	}
}

func isLogout(q *http.Request) bool { return q.Method == http.MethodPost && q.URL.Path == "/logout" }

func serverError(status int) error {
	return &oauth.Error{Status: status, Code: oauth.ServerError, Description: "a fault on demand"}
}
