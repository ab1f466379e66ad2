package session

import (
	"net/http"
	"testing"
	"time"

	"jwt/internal/verdict"
)

func TestLogout(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", StoreFile)
	f, err := w.client().Logout(t.Context())
	if err != nil || !f.Revoked || f.Err != nil || f.Access != AccessRefused || f.User != user {
		t.Fatalf("%+v %v", f, err)
	}
	if w.accepted(s.AccessToken) {
		t.Error("the server still accepts the access token")
	}
	_, err = w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	_, err = w.client().Logout(t.Context())
	mustFail(t, err, verdict.NotLoggedIn, "not logged in")
	w.mustAsk("/logout", 1)
}

func TestLogoutReportsFailures(t *testing.T) {
	tests := []struct {
		name    string
		around  func(http.ResponseWriter, *http.Request, http.HandlerFunc)
		revoked bool
		unknown bool
		class   verdict.Class
		fate    AccessState
	}{
		{"the access token stays valid", func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			if r.URL.Path == "/logout" {
				rw.WriteHeader(204)
				return
			}
			serve(rw, r)
		}, true, false, "", AccessAccepted},
		{"the server cannot be asked", func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			if r.URL.Path == "/me" {
				panic(http.ErrAbortHandler)
			}
			serve(rw, r)
		}, true, false, "", AccessUnknown},
		{"unknown to the server", func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { status(401, "")(rw, r) }, false, true, "", AccessRefused},
		{"401, and nothing is revoked", func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			if r.URL.Path == "/logout" {
				rw.WriteHeader(401)
				return
			}
			serve(rw, r)
		}, false, false, verdict.FetchFailed, AccessAccepted},
		{"401, and the server cannot be asked", func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			if r.URL.Path == "/me" {
				panic(http.ErrAbortHandler)
			}
			rw.WriteHeader(401)
		}, false, false, verdict.FetchFailed, AccessUnknown},
		{"broken", func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { status(500, "")(rw, r) }, false, false, verdict.ServerError, AccessUnknown},
		{"gone", func(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }, false, false, verdict.FetchFailed, AccessUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.login("cookie", StoreFile)
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

// TestLogoutSendsTheBearer checks that a valid access token is sent with the logout,
// because a server may require it. An expired one is not sent: the answer would be 401,
// and the refresh token would stay valid.
func TestLogoutSendsTheBearer(t *testing.T) {
	for _, preset := range []string{"cookie", "token"} {
		w := newWorld(t, nil)
		s := w.login(preset, StoreFile)
		if f, err := w.client().Logout(t.Context()); err != nil || !f.Revoked {
			t.Fatalf("%+v %v", f, err)
		}
		r, _ := w.last("/logout")
		if got := r.Header.Get("Authorization"); got != "Bearer "+s.AccessToken {
			t.Errorf("%s: the logout has the Authorization %q", preset, got)
		}
		w.login(preset, StoreFile)
		w.age(10*time.Minute, -time.Minute)
		f, err := w.client().Logout(t.Context())
		if err != nil || !f.Revoked || f.Access != AccessExpired {
			t.Fatalf("%+v %v", f, err)
		}
		if r, _ := w.last("/logout"); r.Header.Get("Authorization") != "" {
			t.Errorf("%s: an expired access token went along", preset)
		}
	}
}

// TestLogoutUnauthorizedWithoutAccess checks a 401 without a valid access token, which
// could have shown its reason.
func TestLogoutUnauthorizedWithoutAccess(t *testing.T) {
	for _, tt := range []struct {
		name    string
		edit    func(*Session)
		unknown bool
	}{
		{"the refresh token is valid", func(*Session) {}, false},
		{"the refresh token has expired", func(s *Session) { s.RefreshExpires = time.Now().Add(-time.Second) }, true},
		{"the session has ended", func(s *Session) { s.Ended = &Ended{Class: verdict.SessionRevoked, Reason: "revoked"} }, true},
	} {
		w := newWorld(t, nil)
		w.login("cookie", StoreFile)
		w.age(10*time.Minute, -time.Minute)
		w.edit(tt.edit)
		w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { status(401, "")(rw, r) })
		f, err := w.client().Logout(t.Context())
		if err != nil || f.Unknown != tt.unknown || f.Revoked || (f.Err == nil) != tt.unknown {
			t.Errorf("%s: %+v %v", tt.name, f, err)
		}
		w.mustAsk("/me", 0)
	}
}
