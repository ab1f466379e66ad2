package authserver

import (
	"net/http"
	"testing"

	"jwt/internal/authserver/store"
	"jwt/internal/authserver/users"
)

// usersOf returns users after a restart.
func usersOf(t *testing.T, entries ...string) *users.Set {
	t.Helper()
	u := &users.Set{}
	for _, entry := range entries {
		if err := u.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// TestUsersAfterRestart changes the users while sessions exist. A removed user's tokens
// and those of another password are refused at once.
func TestUsersAfterRestart(t *testing.T) {
	const hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBmb3IgYSB0ZXN0Lg$"
	for name, tt := range map[string]struct {
		users *users.Set
		ok    bool
		says  string
	}{
		"as before":                    {usersOf(t, alice+":"+password, "bob:x"), true, ""},
		"another password of another":  {usersOf(t, alice+":"+password, "bob:y"), true, ""},
		"removed":                      {usersOf(t, "bob:x"), false, "no longer exists"},
		"another password":             {usersOf(t, alice+":"+password+"2", "bob:x"), false, "the password has changed"},
		"another password, as a hash":  {usersOf(t, alice+":"+hash+"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"), false, "the password has changed"},
		"the password of another user": {usersOf(t, "bob:"+password), false, "no longer exists"},
	} {
		eachStore(t, func(t *testing.T, state store.Store) {
			s := serve(t, func(o *Options) { o.Store, o.Users = state, usersOf(t, alice+":"+password, "bob:x") })
			tokens := s.loginAs(alice, password).tokens(t)
			s.server.Users = tt.users
			me := s.me(tokens.AccessToken)
			refreshed := s.ask("POST", "/token", `{"refreshToken":"`+tokens.RefreshToken+`"}`)
			if tt.ok {
				if me.status != http.StatusOK || refreshed.status != http.StatusOK {
					t.Errorf("%s: me %d %s, refresh %d %s", name, me.status, me.body, refreshed.status, refreshed.body)
				}
				return
			}
			me.is(t, name+": me", 401, "invalid_token")
			refreshed.is(t, name+": refresh", 401, "invalid_grant")
			if !contains(me.body, tt.says) || !contains(refreshed.body, tt.says) {
				t.Errorf("%s: %s, %s", name, me.body, refreshed.body)
			}
		})
	}
}

// TestGeneratedPassword keeps the sessions of a user whose password is made at each start,
// and ends them when the user gets a password of its own.
func TestGeneratedPassword(t *testing.T) {
	generated := func() (*users.Set, string) {
		u := usersOf(t)
		password, err := u.AddGenerated("demo")
		if err != nil {
			t.Fatal(err)
		}
		return u, password
	}
	users, password := generated()
	s := serve(t, func(o *Options) { o.Users = users })
	tokens := s.loginAs("demo", password).tokens(t)
	s.server.Users, _ = generated()
	if a := s.me(tokens.AccessToken); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.server.Users = usersOf(t, "demo:"+password)
	s.me(tokens.AccessToken).is(t, "a password of its own", 401, "invalid_token")
}
