package authserver

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/authserver/clients"
	"jwt/internal/authserver/limit"
	"jwt/internal/authserver/store"
	"jwt/internal/jws"
)

func TestLogin(t *testing.T) {
	s := serve(t, nil)
	a := s.loginAs(alice, password)
	tokens := a.tokens(t)
	if tokens.TokenType != "Bearer" || tokens.ExpiresIn != 300 || tokens.RefreshExpiresIn != 86400 || len(tokens.RefreshToken) != 43 {
		t.Errorf("tokens: %+v", tokens)
	}
	token, err := jws.Parse(tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.server.Store.Session(t.Context(), text(t, token, "sid"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "session", session, store.Session{ID: session.ID, User: alice, Client: clients.Plain, Created: epoch, Expires: epoch.Add(24 * time.Hour), Credential: s.server.Users.Credential(alice)})
	same(t, "header", string(token.Header.Bytes()), `{"alg":"ES256","typ":"at+jwt","kid":"`+s.published()[0]+`"}`)
	same(t, "claims", string(token.Payload), strings.NewReplacer("URL", s.url, "JTI", text(t, token, "jti"), "SID", session.ID).Replace(
		`{"iss":"URL","sub":"alice","aud":"URL","exp":1772366700,"iat":1772366400,"jti":"JTI","client_id":"jwt-session","sid":"SID"}`))

	cookie := a.header.Values("Set-Cookie")
	same(t, "cookie", cookie, []string{"refresh_token=" + tokens.RefreshToken + "; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict"})
	if a := s.me(tokens.AccessToken); a.status != http.StatusOK || !contains(a.body, `"username":"alice"`) {
		t.Errorf("me: %d %s", a.status, a.body)
	}
	if strings.Contains(s.log.String(), tokens.RefreshToken) || strings.Contains(s.log.String(), token.Segments()[2]) {
		t.Errorf("the log has a token: %s", s.log)
	}
}

func text(t *testing.T, token jws.Token, claim string) string {
	t.Helper()
	claims, ok := jsonValue(token.Payload).Object()
	if !ok {
		t.Fatalf("payload: %s", token.Payload)
	}
	v, _ := claims.Get(claim)
	s, _ := v.Text()
	if s == "" {
		t.Fatalf("%s is missing: %s", claim, token.Payload)
	}
	return s
}

func TestLoginByEmail(t *testing.T) {
	s := serve(t, nil)
	s.ask("POST", "/login", `{"email":"bob","password":"pass:word"}`).tokens(t)
}

// TestLoginFromAPage checks that a page gets the refresh token only in the cookie, where
// an injected script cannot read it.
func TestLoginFromAPage(t *testing.T) {
	s := serve(t, nil)
	for _, header := range []string{"Sec-Fetch-Site: same-origin", "Origin: " + s.url} {
		a := s.ask("POST", "/login", `{"username":"alice","password":"correct horse"}`, header)
		tokens := a.tokens(t)
		if tokens.RefreshToken != "" || contains(a.body, "refresh") {
			t.Errorf("%s: the body has it: %s", header, a.body)
		}
		if c := a.cookies["refresh_token"]; c == nil || len(c.Value) != 43 {
			t.Errorf("%s: the cookie lacks it: %v", header, a.cookies)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	s := serve(t, nil)
	wrong := s.loginAs(alice, "wrong")
	wrong.is(t, "wrong password", 401, "invalid_credentials")
	unknown := s.loginAs("nobody", password)
	same(t, "the answer for an unknown user", unknown.body, wrong.body)
	for _, h := range []answer{wrong, unknown} {
		delete(h.header, "Date")
	}
	same(t, "with the same header", unknown.header, wrong.header)
	if len(wrong.cookies) != 0 {
		t.Errorf("a refused login sets %v", wrong.cookies)
	}
	if log := s.log.String(); contains(log, "nobody") || contains(log, "wrong") {
		t.Errorf("the log has what was typed: %s", log)
	}

	for _, c := range []struct {
		name, body string
		status     int
		header     []string
	}{
		{"empty", ``, 400, nil},
		{"not JSON", `username=alice`, 400, nil},
		{"an array", `["alice"]`, 400, nil},
		{"no password", `{"username":"alice"}`, 400, nil},
		{"empty password", `{"username":"alice","password":""}`, 400, nil},
		{"a number", `{"username":"alice","password":1}`, 400, nil},
		{"twice", `{"username":"bob","username":"alice","password":"correct horse"}`, 400, nil},
		{"two names", `{"username":"bob","email":"alice","password":"correct horse"}`, 400, nil},
		{"other case", `{"Username":"alice","password":"correct horse"}`, 400, nil},
		{"a form", `username=alice&password=correct+horse`, 415, []string{"Content-Type: " + formType}},
		{"text", `{"username":"alice","password":"correct horse"}`, 415, []string{"Content-Type: text/plain"}},
		{"too large", `{"username":"alice","password":"` + strings.Repeat("x", maxBody) + `"}`, 413, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.ask("POST", "/login", c.body, c.header...)
			a.is(t, c.name, c.status, "invalid_request")
			if contains(a.body, "correct horse") || len(a.cookies) != 0 {
				t.Errorf("%s %v", a.body, a.cookies)
			}
		})
	}
}

func TestLoginRateLimit(t *testing.T) {
	s := serve(t, nil)
	for _, user := range []string{alice, "nobody"} { // an unknown user has the same limit
		for range limit.PerPair {
			s.loginAs(user, "wrong").is(t, "a guess", 401, "invalid_credentials")
		}
		a := s.loginAs(user, password)
		a.is(t, "one too many", 429, "too_many_requests")
		same(t, "Retry-After", a.header.Get("Retry-After"), strconv.Itoa(int(limit.Interval/time.Second)))
	}
	s.loginAs("bob", "pass:word").tokens(t) // another user is not limited

	s.clock.Advance(limit.Interval - time.Second)
	a := s.loginAs(alice, password)
	a.is(t, "too early", 429, "too_many_requests")
	same(t, "Retry-After", a.header.Get("Retry-After"), "1")
	s.clock.Advance(time.Second)
	s.loginAs(alice, password).tokens(t)
	for range limit.PerPair { // the success cleared the count
		s.loginAs(alice, "wrong").is(t, "a guess", 401, "invalid_credentials")
	}
}

func TestLogout(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		name string
		ask  func(access, refresh string) answer
	}{
		{"body", func(_, refresh string) answer { return s.logout(refresh) }},
		{"cookie", func(_, refresh string) answer {
			return s.ask("POST", "/logout", "", "Cookie: refresh_token="+refresh)
		}},
		{"bearer", func(access, _ string) answer {
			return s.ask("POST", "/logout", "", "Authorization: Bearer "+access)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			tokens, other := s.login(), s.login()
			a := c.ask(tokens.AccessToken, tokens.RefreshToken)
			if a.status != http.StatusNoContent || a.body != "" {
				t.Errorf("%d %s", a.status, a.body)
			}
			same(t, "cookie", a.header.Values("Set-Cookie"), []string{"refresh_token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"})
			s.spend(tokens.RefreshToken).is(t, "refresh", 401, "invalid_grant")
			s.me(tokens.AccessToken).is(t, "me", 401, "invalid_token")
			s.spend(other.RefreshToken).tokens(t) // another login is not affected
			if a := c.ask(tokens.AccessToken, tokens.RefreshToken); a.status != http.StatusNoContent {
				t.Errorf("again: %d %s", a.status, a.body)
			}
		})
	}
}

func TestLogoutWithoutSession(t *testing.T) {
	s := serve(t, nil)
	for _, header := range []string{"Cookie: refresh_token=nonsense", "Authorization: Bearer nonsense", "Accept: */*"} {
		if a := s.ask("POST", "/logout", "", header); a.status != http.StatusNoContent || len(a.header.Values("Set-Cookie")) != 1 {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
	}
}

func TestLogoutByExpiredAccessToken(t *testing.T) {
	s := serve(t, nil)
	tokens := s.login()
	s.clock.Advance(time.Hour)
	s.ask("POST", "/logout", "", "Authorization: Bearer "+tokens.AccessToken)
	a := s.spend(tokens.RefreshToken)
	a.is(t, "refresh", 401, "invalid_grant")
	if !contains(a.body, "revoked") {
		t.Errorf("the reason is another: %s", a.body)
	}
}

// TestParallelGuesses checks that parallel guesses do not exceed the limit.
func TestParallelGuesses(t *testing.T) {
	s := serve(t, nil)
	const guesses = 60
	var tried, refused atomic.Int32
	var group sync.WaitGroup
	for range guesses {
		group.Go(func() {
			switch a := s.loginAs(alice, "wrong"); a.status {
			case 401:
				tried.Add(1)
			case 429, 503:
				refused.Add(1)
			}
		})
	}
	group.Wait()
	if tried.Load() != limit.PerPair || refused.Load() != guesses-limit.PerPair {
		t.Errorf("%d were tried and %d refused, of %d", tried.Load(), refused.Load(), guesses)
	}
}
