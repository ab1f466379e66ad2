package authserver

import (
	"net/http"
	"testing"

	"jwt/internal/authserver/store"
)

// usersOf returns users after a restart.
func usersOf(t *testing.T, entries ...string) *Users {
	t.Helper()
	u := &Users{}
	u.setCost(testCost)
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
	const hash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdCBmb3IgYSB0ZXN0Lg$"
	for name, tt := range map[string]struct {
		users *Users
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
	generated := func() (*Users, string) {
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

// TestCredential checks that a credential depends on the user and the password.
func TestCredential(t *testing.T) {
	u, again := usersOf(t, "a:one", "b:one", "c:two"), usersOf(t, "a:one", "b:three")
	if u.credential("a") == u.credential("b") || u.credential("a") != again.credential("a") || u.credential("b") == again.credential("b") || u.credential("nobody") != "" {
		t.Error(u.credential("a"), u.credential("b"), again.credential("b"))
	}
}

// TestCartIsSpentOnce orders a cart, and tries to order any state of it again.
func TestCartIsSpentOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, state store.Store) {
		s := serve(t, func(o *Options) { o.Store = state })
		first := s.add("", `{"id":"apple"}`).cookies["cart"].Value
		second := s.add(first, `{"id":"pear"}`).cookies["cart"].Value
		other := s.add("", `{"id":"apple"}`).cookies["cart"].Value
		order := func(cart string) answer { return s.ask("POST", "/checkout", "", "Cookie: cart="+cart) }
		if a := order(second); a.status != 200 || a.body != "Checkout successful\n" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for name, cart := range map[string]string{"the same": second, "an earlier state": first} {
			if a := order(cart); a.status != 401 || a.body != "Invalid cart token\n" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
			if a := s.add(cart, `{"id":"fig"}`); a.status != 401 {
				t.Errorf("%s, another item: %d %s", name, a.status, a.body)
			}
		}
		if a := order(other); a.status != 200 {
			t.Errorf("another cart: %d %s", a.status, a.body)
		}
	})
}
