package session

import (
	"net/http"
	"testing"

	"jwt/internal/verdict"
)

func TestLoginRefused(t *testing.T) {
	w := newWorld(t, nil)
	login := func(user, password string) error {
		_, err := w.client().Login(t.Context(), Login{Server: mustServer(t, w.url), Preset: "cookie", User: user, Password: []byte(password), Store: StoreFile})
		return err
	}
	wrong, unknown := login(user, "wrong horse"), login("nobody", "wrong horse")
	mustFail(t, wrong, verdict.LoginRefused, "401", "wrong horse")
	if wrong.Error() != unknown.Error() {
		t.Errorf("the error differs for an unknown user: %v, %v", wrong, unknown)
	}
	_, err := w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	if names := w.leftovers(); len(names) != 0 {
		t.Errorf("files left: %v", names)
	}
	w.login("cookie", StoreFile)
	if err := login(user, "wrong horse"); verdict.ClassOf(err) != verdict.LoginRefused {
		t.Error(err)
	}
	if _, err := w.client().Token(t.Context(), 0); err != nil {
		t.Errorf("a refused login takes the session that was: %v", err)
	}
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		rw.Header().Set("Retry-After", "7")
		status(429, `{"error":"too_many_requests"}`)(rw, r)
	})
	err = login(user, password)
	mustFail(t, err, verdict.FetchFailed, "429")
	if e := err.(*verdict.Error); e.Hint != "try again in 7s" {
		t.Errorf("hint %q", e.Hint)
	}

	// The next process waits, except for another user, whom the server may accept.
	asked := 0
	w.wrap(func(rw http.ResponseWriter, r *http.Request, next http.HandlerFunc) { asked++; next(rw, r) })
	mustFail(t, login(user, password), verdict.FetchFailed, "wants no request before")
	if asked != 0 {
		t.Errorf("the server is asked %d times while it wants no request", asked)
	}
	mustFail(t, login("nobody", "wrong horse"), verdict.LoginRefused, "401")
	if err := login(user, password); err != nil {
		t.Errorf("a login with another result does not end the wait: %v", err)
	}
}
