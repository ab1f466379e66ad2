package faulty

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/authserver/refreshtoken"
	"jwt/internal/authserver/store"
	"jwt/internal/oauth"
	"jwt/internal/verdict"
)

// rules maps each rule that a fault can break to its check. Each check logs in anew.
var rules = map[string]func(t *testing.T, s *site) bool{
	"login-works": func(t *testing.T, s *site) bool { return s.loginAs(alice, password).status == 200 },
	"wrong-password-refused": func(t *testing.T, s *site) bool {
		return s.loginAs("bob", "wrong").status == 401
	},
	"uniform-login-errors": func(t *testing.T, s *site) bool {
		return s.loginAs("bob", "wrong").body == s.loginAs("nobody", "wrong").body
	},
	"bearer-accepted": func(t *testing.T, s *site) bool { return s.me(s.login().AccessToken).status == 200 },
	"missing-bearer-refused": func(t *testing.T, s *site) bool {
		return s.ask("GET", "/me", "").status == 401
	},
	"tampered-token-refused": func(t *testing.T, s *site) bool {
		return s.me(tampered(t, s.login().AccessToken)).status == 401
	},
	"alg-none-refused": func(t *testing.T, s *site) bool {
		return s.me(unsigned(t, s.login().AccessToken)).status == 401
	},
	"access-token-lifetime": func(t *testing.T, s *site) bool {
		return s.login().ExpiresIn <= 3600
	},
	"expired-token-refused": func(t *testing.T, s *site) bool {
		access := s.login().AccessToken
		s.clock.Advance(5 * time.Minute)
		return s.me(access).status == 401
	},
	"cookie-httponly": func(t *testing.T, s *site) bool { return s.cookie().HttpOnly },
	"cookie-secure":   func(t *testing.T, s *site) bool { return s.cookie().Secure },
	"cookie-samesite": func(t *testing.T, s *site) bool { return s.cookie().SameSite == http.SameSiteStrictMode },
	"cookie-scope":    func(t *testing.T, s *site) bool { return s.cookie().Domain == "" },
	"no-store": func(t *testing.T, s *site) bool {
		a := s.loginAs(alice, password)
		b := s.spend(a.tokens(t).RefreshToken)
		return a.header.Get("Cache-Control") == "no-store" && b.header.Get("Cache-Control") == "no-store"
	},
	"cart-works": func(t *testing.T, s *site) bool { return s.checkout(s.cart()).status == 200 },
	"tampered-cart-refused": func(t *testing.T, s *site) bool {
		return s.checkout(unsigned(t, s.cart())).status == 401
	},
	"refresh-works": func(t *testing.T, s *site) bool { return s.spend(s.login().RefreshToken).status == 200 },
	"retry-works": func(t *testing.T, s *site) bool {
		a := s.spend(s.login().RefreshToken)
		return a.status == 200 && s.me(a.tokens(t).AccessToken).status == 200
	},
	"rotation": func(t *testing.T, s *site) bool {
		first := s.login().RefreshToken
		a := s.spend(first)
		return a.status == 200 && a.tokens(t).RefreshToken != first
	},
	"reuse-detected": func(t *testing.T, s *site) bool {
		first := s.login().RefreshToken
		s.spend(first)
		s.clock.Advance(time.Minute)
		return s.spend(first).status == 401
	},
	"family-revoked": func(t *testing.T, s *site) bool {
		first := s.login().RefreshToken
		a := s.spend(first)
		s.clock.Advance(time.Minute)
		s.spend(first)
		return a.status == 200 && s.spend(a.tokens(t).RefreshToken).status == 401
	},
	"grace": func(t *testing.T, s *site) bool {
		first := s.login().RefreshToken
		s.spend(first)
		return s.spend(first).status == 401
	},
	"refresh-token-not-bearer": func(t *testing.T, s *site) bool { return s.me(s.login().RefreshToken).status == 401 },
	"access-token-not-refresh": func(t *testing.T, s *site) bool { return s.spend(s.login().AccessToken).status == 401 },
	"logout-works":             func(t *testing.T, s *site) bool { return s.logout(s.login().RefreshToken).status == 204 },
	"logout-clears-cookie": func(t *testing.T, s *site) bool {
		return s.logout(s.login().RefreshToken).cookies["refresh_token"] != nil
	},
	"refresh-after-logout-refused": func(t *testing.T, s *site) bool {
		token := s.login().RefreshToken
		s.logout(token)
		return s.spend(token).status == 401
	},
	"access-after-logout": func(t *testing.T, s *site) bool {
		tokens := s.login()
		s.logout(tokens.RefreshToken)
		return s.me(tokens.AccessToken).status == 401
	},
	"concurrent-refresh": func(t *testing.T, s *site) bool {
		token := s.login().RefreshToken
		var group sync.WaitGroup
		var mu sync.Mutex
		successors := map[string]bool{}
		for range 8 {
			group.Go(func() {
				if a := s.spend(token); a.status == 200 {
					mu.Lock()
					defer mu.Unlock()
					successors[a.tokens(t).RefreshToken] = true
				}
			})
		}
		group.Wait()
		return len(successors) <= 1
	},
}

func (s *site) cookie() *http.Cookie {
	s.t.Helper()
	c := s.loginAs(alice, password).cookies["refresh_token"]
	if c == nil {
		s.t.Fatal("no cookie")
	}
	return c
}

func (s *site) broken(t *testing.T) (names []string) {
	for name, holds := range rules {
		if !holds(t, s) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestFaultsBreakTheirRules checks that every fault breaks its rule, and no unrelated
// rule.
func TestFaultsBreakTheirRules(t *testing.T) {
	same(t, "without a fault", serve(t, nil).broken(t), []string(nil))
	seen := map[string]bool{}
	for _, c := range []struct {
		fault string
		rules string
	}{
		{"any-password", "uniform-login-errors wrong-password-refused"},
		{"uniform-errors-off", "uniform-login-errors"},
		{"bearer-refused", "bearer-accepted retry-works"},
		{"no-bearer-accepted", "missing-bearer-refused"},
		{"tampered-accepted", "tampered-token-refused"},
		{"alg-none-accepted", "alg-none-refused"},
		{"expired-accepted", "expired-token-refused"},
		{"access-long", "access-token-lifetime expired-token-refused"},
		{"cookie-no-httponly", "cookie-httponly"},
		{"cookie-no-secure", "cookie-secure"},
		{"cookie-no-samesite", "cookie-samesite"},
		{"cookie-domain", "cookie-scope"},
		{"no-no-store", "no-store"},
		{"refresh-broken", "family-revoked refresh-works retry-works rotation"},
		{"retry-refused", "retry-works"},
		{"rotation-off", "family-revoked grace reuse-detected rotation"},
		{"reuse-undetected", "concurrent-refresh family-revoked grace reuse-detected"},
		{"family-survives", "family-revoked"},
		{"grace=30s", "grace"},
		{"refresh-as-access", "refresh-token-not-bearer"},
		{"access-as-refresh", "access-token-not-refresh"},
		{"logout-broken", "access-after-logout logout-clears-cookie logout-works refresh-after-logout-refused"},
		{"logout-keeps-cookie", "logout-clears-cookie"},
		{"logout-keeps", "access-after-logout refresh-after-logout-refused"},
		{"access-outlives", "access-after-logout"},
		{"rotation-races", "concurrent-refresh"},
		{"checkout-broken", "cart-works"},
		{"tampered-cart-accepted", "tampered-cart-refused"},
		// These faults break no rule.
		{"latency=1ms", ""},
		{"clock-offset=-48h", ""},
		{"rotate-key", ""},
	} {
		name, _, _ := strings.Cut(c.fault, "=")
		seen[name] = true
		t.Run(c.fault, func(t *testing.T) {
			broken := serve(t, nil, c.fault).broken(t)
			same(t, "broken", strings.Join(broken, " "), c.rules)
			if k, _ := kindOf(name); k.Breaks != "" && !slices.Contains(broken, k.Breaks) {
				t.Errorf("the table says that it breaks %s", k.Breaks)
			}
		})
	}
	for _, name := range []string{"login-broken", "status", "drop-answer", "expire-now", "expires-in-string", "token-type-odd", "error-200", "json-as-html", "refresh-omitted", "jwks-stale"} { // tested below
		seen[name] = true
	}
	for name := range oauthFaults {
		seen[name] = true
	}
	for _, k := range table() {
		if !seen[k.Name] {
			t.Errorf("%s has no test", k.Name)
		}
	}
}

func TestFaultLoginBroken(t *testing.T) {
	s := serve(t, nil, "login-broken,times=1")
	s.loginAs(alice, password).is(t, "the first", 401, "invalid_credentials")
	s.login()
}

func TestFaultStatus(t *testing.T) {
	s := serve(t, nil, "status=503,times=2,path=/token")
	tokens := s.login()
	for range 2 {
		s.spend(tokens.RefreshToken).is(t, "refused", 503, "server_error")
	}
	s.spend(tokens.RefreshToken).tokens(t) // the store is unchanged
}

func TestFaultExpireNow(t *testing.T) {
	s := serve(t, nil, "expire-now")
	one, two := s.login(), s.login()
	s.me(one.AccessToken).is(t, "the next presented", 401, "invalid_token")
	s.me(one.AccessToken).is(t, "again", 401, "invalid_token")
	if a := s.me(two.AccessToken); a.status != 200 {
		t.Errorf("another: %d %s", a.status, a.body)
	}
	if a := s.me(s.spend(one.RefreshToken).tokens(t).AccessToken); a.status != 200 {
		t.Errorf("its successor: %d %s", a.status, a.body)
	}
}

// TestFaultDropAnswer drops the answer after the rotation was committed. Within the grace
// the client gets the same successor; without a grace it loses its session.
func TestFaultDropAnswer(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Minute} {
		s := serve(t, nil)
		s.server.ReuseGrace = grace
		tokens := s.login()
		s.faults.set(Fault{Name: "drop-answer", Times: 1})
		if a := s.me(tokens.AccessToken); a.status != 200 {
			t.Errorf("what changes nothing: %d", a.status)
		}
		if a, err := s.try("POST", "/token", `{"refreshToken":"`+tokens.RefreshToken+`"}`); err == nil {
			t.Fatalf("an answer came: %d %s", a.status, a.body)
		}
		token, _ := refreshtoken.Parse(tokens.RefreshToken)
		r, _, err := s.server.Store.Find(t.Context(), token.ID())
		if err != nil || r.Spent.IsZero() {
			t.Errorf("nothing was committed: %+v %v", r, err)
		}
		a := s.spend(tokens.RefreshToken)
		if grace == 0 {
			a.is(t, "without a grace", 401, "invalid_grant")
			continue
		}
		next, _ := refreshtoken.Parse(a.tokens(t).RefreshToken)
		same(t, "the successor", next.ID().Hash, r.Next)
		if !s.log.has("answer dropped") {
			t.Error("the log does not say so")
		}
	}
	s := serve(t, nil, "drop-answer,path=/me")
	if a, err := s.try("GET", "/me", ""); err == nil {
		t.Errorf("an answer came: %d %s", a.status, a.body)
	}
	s.login()
}

// A fullStore refuses tokens while it is full.
type fullStore struct {
	store.Store
	full atomic.Bool
}

var errFull = errors.New("the store is full")

func (f *fullStore) Begin(ctx context.Context, s store.Session, token store.TokenID, r store.Refresh) error {
	if f.full.Load() {
		return errFull
	}
	return f.Store.Begin(ctx, s, token, r)
}

func (f *fullStore) Rotate(ctx context.Context, p store.Spend) (store.Rotation, error) {
	if f.full.Load() {
		return store.Rotation{}, errFull
	}
	return f.Store.Rotate(ctx, p)
}

// TestFaultDropAnswerWithoutChange checks that a request without changes is answered, also if
// answers are dropped.
func TestFaultDropAnswerWithoutChange(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault string // in addition to the one that drops
		ask   func(s *site, t oauth.Tokens) answer
	}{
		{"login", "", func(s *site, _ oauth.Tokens) answer { return s.loginAs(alice, password) }},
		{"refresh", "", func(s *site, t oauth.Tokens) answer { return s.spend(t.RefreshToken) }},
		{"refresh", "rotation-races", func(s *site, t oauth.Tokens) answer { return s.spend(t.RefreshToken) }},
		{"refresh", "access-as-refresh", func(s *site, t oauth.Tokens) answer { return s.spend(t.AccessToken) }},
	} {
		t.Run(c.name+" "+c.fault, func(t *testing.T) {
			store := &fullStore{Store: store.NewMemory()}
			s := serve(t, func(o *authserver.Options) { o.Store = store })
			tokens := s.login()
			s.faults.set(Fault{Name: "drop-answer"})
			s.faults.set(Fault{Name: c.fault})
			store.full.Store(true)
			c.ask(s, tokens).is(t, "the store failed", 500, "server_error")
			store.full.Store(false)
			if a, err := s.try("POST", "/login", `{"username":"alice","password":"correct horse"}`); err == nil {
				t.Errorf("an answer came: %d %s", a.status, a.body)
			}
		})
	}
}

func TestFaultControl(t *testing.T) {
	s := serve(t, nil)
	set := func(fault string) answer { return s.ask("POST", "/faults", `{"fault":"`+fault+`"}`) }
	same(t, "none", s.ask("GET", "/faults", "").body, `{"faults":[]}`+"\n")
	same(t, "set", set("status=500,times=3").body, `{"faults":["status=500,times=3"]}`+"\n")
	same(t, "set again", set("status=503").body, `{"faults":["status=503"]}`+"\n")
	set("grace=1m,path=/token")
	s.loginAs(alice, password).is(t, "login", 503, "server_error")
	same(t, "cleared by name", s.ask("DELETE", "/faults?name=status", "").body, `{"faults":["grace=1m0s,path=/token"]}`+"\n")
	s.login()
	same(t, "cleared", s.ask("DELETE", "/faults", "").body, `{"faults":[]}`+"\n")
	set("nonsense").is(t, "no fault", 400, "invalid_request")
	kids := s.published()
	set("clock-offset=1h,times=1").is(t, "a clock for one request", 400, "invalid_request")
	set("rotate-key,path=/me").is(t, "a key for one path", 400, "invalid_request")
	same(t, "published after what was refused", s.published(), kids)
	same(t, "in force after it", s.ask("GET", "/faults", "").body, `{"faults":[]}`+"\n")
	s.ask("POST", "/faults", `{"fault":"any-password"}`, "Origin: http://evil.example").is(t, "from a page", 403, "invalid_request")
	s.loginAs(alice, "wrong").is(t, "wrong password", 401, "invalid_credentials")
}

// TestNoFaultNoLock checks that no request takes the lock while no fault is active, also
// after a fault was cleared.
func TestNoFaultNoLock(t *testing.T) {
	s := serve(t, nil)
	answered := func(what string) {
		t.Helper()
		done := make(chan struct{})
		s.faults.mu.Lock()
		go func() {
			defer close(done)
			if a, err := s.try("GET", "/cart", ""); err != nil || a.status != 200 {
				t.Errorf("%s: %d %s %v", what, a.status, a.body, err)
			}
			if a, err := s.try("POST", "/login", `{"username":"alice","password":"correct horse"}`); err != nil || a.status != 200 {
				t.Errorf("%s: %d %s %v", what, a.status, a.body, err)
			}
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Errorf("%s: a request waits for the lock", what)
		}
		s.faults.mu.Unlock()
		<-done
	}
	answered("at first")
	s.ask("POST", "/faults", `{"fault":"clock-offset=1h"}`)
	s.ask("DELETE", "/faults", "")
	answered("after all were taken back")
	s.ask("POST", "/faults", `{"fault":"status=503,times=1,path=/me"}`)
	s.ask("GET", "/me", "").is(t, "the fault", 503, "server_error")
	answered("after it ran out")
}

// TestFaultsAtOnce checks that a token that expire-now has refused stays expired, also if
// the faults change.
func TestFaultsAtOnce(t *testing.T) {
	s := serve(t, nil)
	hit := s.login()
	s.ask("POST", "/faults", `{"fault":"expire-now"}`)
	s.me(hit.AccessToken).is(t, "hit", 401, "invalid_token")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				for _, text := range []string{"clock-offset=1ms", "cookie-no-secure,times=1", "drop-answer,path=/checkout"} {
					f, err := Parse(text)
					if err != nil {
						t.Error(err)
					}
					s.faults.set(f)
				}
				if a, err := s.try("GET", "/me", "", "Authorization: Bearer "+hit.AccessToken); err != nil || a.status != 401 {
					t.Errorf("%d %s %v", a.status, a.body, err)
				}
				s.faults.clear("")
			}
		})
	}
	group.Wait()
	s.me(hit.AccessToken).is(t, "still", 401, "invalid_token")
	if f := s.faults.names(); len(f) != 0 {
		t.Errorf("in force: %v", f)
	}
}

func TestParseFault(t *testing.T) {
	for _, text := range []string{"rotation-off", "latency=2s", "status=503,times=2,path=/refresh", "clock-offset=-1h0m0s", "expire-now,times=1", "drop-answer,path=/token"} {
		f, err := Parse(text)
		if err != nil || f.String() != text {
			t.Errorf("%s: %s, %v", text, f, err)
		}
	}
	for _, text := range []string{
		"", "rotation", "rotation-off=1", "latency", "latency=", "latency=2", "status", "status=200", "status=600", "status=x",
		"latency=2s,", "latency=2s,times=0", "latency=2s,times=-1", "latency=2s,times=x", "latency=2s,path=refresh", "latency=2s,often", "grace=1x",
		"clock-offset=1h,times=1", "clock-offset=1h,path=/me", "rotate-key,times=3", "rotate-key,path=/me,times=3", // they would have no effect
		"latency=-5s", "latency=14.1s", "latency=17s", "grace=-1s", "clock-offset=100000h", // there would be no answer, or none that makes sense
	} {
		if f, err := Parse(text); verdict.ClassOf(err) != verdict.Usage {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
}

func TestFaultRotateKey(t *testing.T) {
	for _, s := range []*site{serve(t, nil, "rotate-key"), serve(t, nil)} {
		kids := s.published()
		access := s.login().AccessToken
		s.ask("POST", "/faults", `{"fault":"rotate-key"}`).is(t, "rotate-key", 200, "")
		if now := s.published(); len(now) != len(kids)+1 {
			t.Errorf("published %v, then %v", kids, now)
		}
		if a := s.me(access); a.status != 200 {
			t.Errorf("a token of the key before: %d %s", a.status, a.body)
		}
	}
	same(t, "keys after a start with it", len(serve(t, nil, "rotate-key").published()), 2)
}

// TestLatencyLeavesTimeToWrite checks that the longest delay leaves time to write the
// answer.
func TestLatencyLeavesTimeToWrite(t *testing.T) {
	same(t, "the longest latency", maxLatency, 14*time.Second)
	same(t, "the time to write", authserver.WriteTimeout, 15*time.Second)
}
