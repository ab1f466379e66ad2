package session

import (
	"net/http"
	"testing"

	"jwt/internal/verdict"
)

func TestLogout(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", File)
	f, err := w.client().Logout(t.Context())
	if err != nil || !f.Revoked || f.Err != nil || f.Access != FateRefused || f.User != user {
		t.Fatalf("%+v %v", f, err)
	}
	if w.accepted(s.AccessToken) {
		t.Error("the server still takes the access token")
	}
	_, err = w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	_, err = w.client().Logout(t.Context())
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	w.mustAsk("/logout", 1)
}

func TestLogoutIsHonest(t *testing.T) {
	tests := []struct {
		name    string
		around  func(http.ResponseWriter, *http.Request, http.HandlerFunc)
		revoked bool
		unknown bool
		class   verdict.Class
		fate    Fate
	}{
		{"the access token lives on", func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			if r.URL.Path == "/logout" {
				rw.WriteHeader(204)
				return
			}
			serve(rw, r)
		}, true, false, "", FateAccepted},
		{"nobody can be asked", func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			if r.URL.Path == "/me" {
				panic(http.ErrAbortHandler)
			}
			serve(rw, r)
		}, true, false, "", FateUnknown},
		{"unknown there", func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { status(401, "")(rw, r) }, false, true, "", FateRefused},
		{"broken", func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { status(500, "")(rw, r) }, false, false, verdict.ServerError, FateUnknown},
		{"gone", func(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }, false, false, verdict.FetchFailed, FateUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.login("cookie", File)
			w.wrap(tt.around)
			f, err := w.client().Logout(t.Context())
			if err != nil || f.Revoked != tt.revoked || f.Unknown != tt.unknown || verdict.ClassOf(f.Err) != tt.class || f.Access != tt.fate {
				t.Fatalf("%+v %v", f, err)
			}
			_, err = w.client().Store.Peek(DefaultName)
			mustFail(t, err, verdict.NotLoggedIn, "not logged in")
		})
	}
}
