package authserver

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
)

// TestRefreshWays checks that the successor is sent back in the place of the refresh
// token.
func TestRefreshWays(t *testing.T) {
	s := serve(t, nil)
	form := []string{"Content-Type: " + formType}
	for _, c := range []struct {
		name, path   string
		ask          func(token string) (body string, more []string)
		body, cookie bool // places of the successor
	}{
		{"cookie", "/refresh", func(k string) (string, []string) { return "", []string{"Cookie: refresh_token=" + k} }, false, true},
		{"cookie and empty object", "/refresh", func(k string) (string, []string) { return "{}", []string{"Cookie: refresh_token=" + k} }, false, true},
		{"body", "/refresh", func(k string) (string, []string) { return `{"refreshToken":"` + k + `"}`, nil }, true, false},
		{"body and cookie", "/refresh", func(k string) (string, []string) {
			return `{"refreshToken":"` + k + `"}`, []string{"Cookie: refresh_token=stale"}
		}, true, true},
		{"token", "/token", func(k string) (string, []string) { return `{"refreshToken":"` + k + `"}`, nil }, true, false},
		{"form", "/token", func(k string) (string, []string) { return "grant_type=refresh_token&refresh_token=" + k, form }, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			old := s.login()
			body, more := c.ask(old.RefreshToken)
			a := s.ask("POST", c.path, body, more...)
			tokens := a.tokens(t)
			if (tokens.RefreshToken != "") != c.body || (a.cookies["refresh_token"] != nil) != c.cookie {
				t.Errorf("body %s, cookies %v", a.body, a.cookies)
			}
			next := tokens.RefreshToken
			if c.cookie {
				next = a.cookies["refresh_token"].Value
			}
			if next == old.RefreshToken || tokens.AccessToken == old.AccessToken || tokens.ExpiresIn != 300 {
				t.Errorf("nothing new: %s", a.body)
			}
			if got := a.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control: %q", got)
			}
			if a := s.me(tokens.AccessToken); a.status != http.StatusOK {
				t.Errorf("me: %d %s", a.status, a.body)
			}
			s.spend(next).tokens(t)
		})
	}
}

func TestRefreshFormSpelling(t *testing.T) {
	s := serve(t, nil)
	a := s.ask("POST", "/token", "grant_type=refresh_token&refresh_token="+s.login().RefreshToken, "Content-Type: "+formType+"; charset=utf-8")
	for _, name := range []string{`"access_token":"`, `"refresh_token":"`, `"token_type":"Bearer"`, `"expires_in":300`} {
		if !contains(a.body, name) {
			t.Errorf("%s is missing: %s", name, a.body)
		}
	}
}

func TestRefreshRefused(t *testing.T) {
	s := serve(t, nil)
	tokens := s.login()
	form := []string{"Content-Type: " + formType}
	for _, c := range []struct {
		name, path, body string
		more             []string
		status           int
		code             string
	}{
		{"nothing", "/refresh", "", nil, 401, "invalid_grant"},
		{"nothing", "/token", "", nil, 401, "invalid_grant"},
		{"/token takes no cookie", "/token", "", []string{"Cookie: refresh_token=" + tokens.RefreshToken}, 401, "invalid_grant"},
		{"unknown", "/token", `{"refreshToken":"` + strings.Repeat("A", 43) + `"}`, nil, 401, "invalid_grant"},
		{"spare bits", "/token", `{"refreshToken":"` + strings.Repeat("A", 42) + `B"}`, nil, 401, "invalid_grant"},
		{"an access token", "/token", `{"refreshToken":"` + tokens.AccessToken + `"}`, nil, 401, "invalid_grant"},
		{"a number", "/token", `{"refreshToken":1}`, nil, 400, "invalid_request"},
		{"twice", "/token", `{"refreshToken":"a","refreshToken":"b"}`, nil, 400, "invalid_request"},
		{"two cookies", "/refresh", "", []string{"Cookie: refresh_token=a; refresh_token=b"}, 400, "invalid_request"},
		{"form: unknown", "/token", "grant_type=refresh_token&refresh_token=a", form, 400, "invalid_grant"},
		{"form: no token", "/token", "grant_type=refresh_token", form, 400, "invalid_request"},
		{"form: no grant", "/token", "refresh_token=a", form, 400, "invalid_request"},
		{"form: twice", "/token", "grant_type=refresh_token&refresh_token=a&refresh_token=b", form, 400, "invalid_request"},
		{"form: password", "/token", "grant_type=password&username=alice&password=x", form, 400, "unsupported_grant_type"},
		{"a form to /refresh", "/refresh", "refresh_token=a", form, 415, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.ask("POST", c.path, c.body, c.more...)
			a.is(t, c.name, c.status, c.code)
			if contains(a.body, tokens.RefreshToken) || contains(a.body, "accessToken") {
				t.Errorf("it says %s", a.body)
			}
		})
	}
	s.spend(tokens.RefreshToken).tokens(t) // none of these spent or revoked it
}

func TestReuseRevokesTheFamily(t *testing.T) {
	s := serve(t, nil)
	first := s.login()
	second := s.spend(first.RefreshToken).tokens(t)
	a := s.ask("POST", "/refresh", "", "Cookie: refresh_token="+first.RefreshToken)
	a.is(t, "replay", 401, "invalid_grant")
	if !contains(a.body, "used before") {
		t.Errorf("it says %s", a.body)
	}
	same(t, "cookie", a.header.Values("Set-Cookie"), []string{"refresh_token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"})
	s.spend(second.RefreshToken).is(t, "the successor", 401, "invalid_grant")
	s.me(second.AccessToken).is(t, "its access token", 401, "invalid_token")
	if !contains(s.log.String(), `note="reused"`) {
		t.Errorf("the log does not say so: %s", s.log)
	}
}

func TestReuseGrace(t *testing.T) {
	s := serve(t, func(o *Options) { o.ReuseGrace = 10 * time.Second })
	first := s.login()
	second := s.spend(first.RefreshToken).tokens(t)
	s.clock.Advance(9 * time.Second)
	again := s.spend(first.RefreshToken).tokens(t)
	if again.RefreshToken != second.RefreshToken || again.AccessToken == second.AccessToken || again.RefreshExpiresIn != second.RefreshExpiresIn-9 {
		t.Errorf("within the grace: %+v, want the successor of %+v", again, second)
	}
	s.clock.Advance(time.Second)
	s.spend(first.RefreshToken).is(t, "after the grace", 401, "invalid_grant")
	s.spend(second.RefreshToken).is(t, "the family", 401, "invalid_grant")
}

func TestRefreshTokenExpires(t *testing.T) {
	s := serve(t, func(o *Options) { o.RefreshTTL = time.Minute })
	tokens := s.login()
	for range 3 { // each has its own minute
		s.clock.Advance(59 * time.Second)
		tokens = s.spend(tokens.RefreshToken).tokens(t)
	}
	s.clock.Advance(time.Minute)
	a := s.spend(tokens.RefreshToken)
	a.is(t, "a minute later", 401, "invalid_grant")
	if !contains(a.body, "expired") {
		t.Errorf("it says %s", a.body)
	}
}

func TestRefreshOfRemovedUser(t *testing.T) {
	state := store.NewMemory()
	shared := func(o *Options) { o.Store = state }
	tokens := serve(t, shared).login()
	later := serve(t, func(o *Options) { shared(o); o.Users = usersOf(t, "bob:x") })
	later.spend(tokens.RefreshToken).is(t, "refresh", 401, "invalid_grant")
}

// TestRefreshRace sends many simultaneous requests with one refresh token to two servers
// with one store.
func TestRefreshRace(t *testing.T) {
	const racers = 40
	for _, grace := range []time.Duration{0, time.Minute} {
		t.Run("grace="+grace.String(), func(t *testing.T) {
			eachStore(t, func(t *testing.T, state store.Store) {
				edit := func(o *Options) { o.Store, o.ReuseGrace = state, grace }
				one, two := serve(t, edit), serve(t, edit)
				token := one.login().RefreshToken
				answers := make([]answer, racers)
				var group sync.WaitGroup
				for i := range racers {
					group.Go(func() { answers[i] = []*site{one, two}[i%2].spend(token) })
				}
				group.Wait()
				good, successors := 0, map[string]bool{}
				for _, a := range answers {
					if a.status == http.StatusOK {
						good++
						successors[a.tokens(t).RefreshToken] = true
					}
				}
				want := 1
				if grace > 0 {
					want = racers
				}
				if good != want || len(successors) != 1 {
					t.Errorf("%d of %d succeeded with %d successors, want %d with 1", good, racers, len(successors), want)
				}
			})
		})
	}
}

// TestDroppedTokens checks that a token that the store has dropped is refused and still ends
// its session.
func TestDroppedTokens(t *testing.T) {
	for name, present := range map[string]func(*site, string){
		"refresh": func(s *site, token string) { s.spend(token).is(s.t, "the dropped token", 401, "invalid_grant") },
		"logout":  func(s *site, token string) { s.logout(token) },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil)
			dropped := s.login().RefreshToken
			tokens := s.spend(dropped).tokens(t)
			s.clock.Advance(time.Hour)
			if err := s.server.Store.Purge(t.Context(), s.clock.Now()); err != nil {
				t.Fatal(err)
			}
			s.spend(refreshtoken.New().Text()).is(t, "an invented token", 401, "invalid_grant")
			tokens = s.spend(tokens.RefreshToken).tokens(t)
			present(s, dropped)
			s.spend(tokens.RefreshToken).is(t, "the last token", 401, "invalid_grant")
			s.me(tokens.AccessToken).is(t, "the access token", 401, "invalid_token")
		})
	}
}
