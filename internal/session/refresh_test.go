package session

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/verdict"
)

func TestFreshTokenSendsNoRequest(t *testing.T) {
	w := newWorld(t, nil)
	s := w.login("cookie", StoreFile)
	got, err := w.client().Token(t.Context(), 0)
	if err != nil || got.AccessToken != s.AccessToken {
		t.Fatalf("%v %v", got, err)
	}
	if fresh, err := w.client().Fresh(time.Minute); err != nil || fresh.AccessToken != s.AccessToken {
		t.Fatalf("%v %v", fresh, err)
	}
	w.mustAsk("/refresh", 0)
}

func TestStaleTokenIsRefreshedOnce(t *testing.T) {
	for _, preset := range []string{"cookie", "token"} {
		t.Run(preset, func(t *testing.T) {
			w := newWorld(t, nil)
			old := w.login(preset, StoreFile)
			w.age(time.Minute, time.Second)
			got, err := w.client().Token(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			stored := w.stored()
			if got.AccessToken == old.AccessToken || stored.AccessToken != got.AccessToken || stored.RefreshToken == old.RefreshToken || stored.Pending != nil {
				t.Fatalf("not rotated, or not saved: %+v", stored)
			}
			if !w.accepted(got.AccessToken) {
				t.Error("the server refuses the new token")
			}
			path := map[string]string{"cookie": "/refresh", "token": "/token"}[preset]
			w.mustAsk(path, 1)
			r, body := w.last(path)
			_, noCookie := r.Cookie("refresh_token")
			if inCookie := noCookie == nil; inCookie != (preset == "cookie") || strings.Contains(body, old.RefreshToken) == inCookie {
				t.Errorf("the refresh token went the wrong way: cookie %v, body %q", inCookie, body)
			}
		})
	}
}

func TestMinTTL(t *testing.T) {
	w := newWorld(t, nil) // access tokens last 5 min
	w.login("cookie", StoreFile)
	w.age(3*time.Minute, 2*time.Minute)
	if _, err := w.client().Token(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	w.mustAsk("/refresh", 0)
	s, err := w.client().Token(t.Context(), 3*time.Minute)
	if err != nil || time.Until(s.AccessExpires) < 3*time.Minute {
		t.Fatalf("%v %v", s, err)
	}
	w.mustAsk("/refresh", 1)
	_, err = w.client().Token(t.Context(), time.Hour)
	mustFail(t, err, verdict.Usage, "live 5 min")
	w.mustAsk("/refresh", 1)

	// The current token lasted ten seconds, and a new one may last longer. If it does
	// not, the next call fails without a request.
	w.age(6*time.Second, 4*time.Second)
	if _, err = w.client().Token(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	w.mustAsk("/refresh", 2)
	w.age(6*time.Second, 4*time.Second)
	for range 3 {
		_, err = w.client().Token(t.Context(), time.Hour)
		mustFail(t, err, verdict.Usage, "live 5 min")
	}
	w.mustAsk("/refresh", 3)
	if len(w.notices) > 0 {
		t.Errorf("notices: %q", w.notices)
	}
}

// TestMinTTLOfUnknownLifetime checks minTTL with a token of unknown lifetime.
func TestMinTTLOfUnknownLifetime(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.edit(func(s *Session) { s.AccessExpires = time.Time{} })
	for _, get := range []func(c *Client, minTTL time.Duration) (*Session, error){
		(*Client).Fresh,
		func(c *Client, minTTL time.Duration) (*Session, error) { return c.Token(t.Context(), minTTL) },
	} {
		w.notices = nil
		if s, err := get(w.client(), 0); s == nil || err != nil || len(w.notices) > 0 {
			t.Errorf("%v %v %q", s, err, w.notices)
		}
		if s, err := get(w.client(), time.Minute); s == nil || err != nil || len(w.notices) != 1 || !strings.Contains(w.notices[0], "does not say how long its access tokens live") {
			t.Errorf("%v %v %q", s, err, w.notices)
		}
	}
	w.mustAsk("/refresh", 0)
}

// TestTwentyProcesses runs twenty processes with one stale session, at a server that
// revokes a refresh token that is used twice.
func TestTwentyProcesses(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.age(time.Hour, -time.Minute)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.URL.Path == "/refresh" {
			time.Sleep(50 * time.Millisecond) // time for all of them to start
		}
		serve(rw, r)
	})
	var processes sync.WaitGroup
	tokens := make([]string, 20)
	for i := range tokens {
		processes.Go(func() {
			out, err := w.helper("token").Output()
			if err != nil {
				t.Errorf("process %d: %v %s", i, err, stderr(err))
			}
			tokens[i] = strings.TrimSpace(string(out))
		})
	}
	processes.Wait()
	w.mustAsk("/refresh", 1)
	for i, token := range tokens {
		if token == "" || token != tokens[0] {
			t.Fatalf("process %d has another token: %v", i, tokens)
		}
	}
	if !w.accepted(tokens[0]) {
		t.Fatal("the server refuses the token")
	}
	w.age(time.Hour, -time.Minute)
	if _, err := w.client().Token(t.Context(), 0); err != nil {
		t.Fatalf("the session was lost: %v", err)
	}
}

func stderr(err error) string {
	if e, ok := err.(*exec.ExitError); ok {
		return string(e.Stderr)
	}
	return ""
}

// TestForcedRefreshAdopts checks that a forced refresh adopts a token that another
// process got meanwhile.
func TestForcedRefreshAdopts(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	fresh, outcome, err := w.client().Refresh(t.Context(), seen, 0)
	if err != nil || outcome != Refreshed {
		t.Fatalf("%v %v", outcome, err)
	}
	adopted, outcome, err := w.client().Refresh(t.Context(), seen, 0)
	if err != nil || outcome != Adopted || adopted.AccessToken != fresh.AccessToken {
		t.Fatalf("%v %v", outcome, err)
	}
	w.mustAsk("/refresh", 1)
	if _, outcome, err = w.client().Refresh(t.Context(), adopted, 0); err != nil || outcome != Refreshed {
		t.Fatalf("%v %v", outcome, err)
	}
	w.mustAsk("/refresh", 2)
}

// TestSameTokenIsAdopted uses a server that returns the same access token at each
// refresh. Ten processes that are told it has expired cause only one refresh.
func TestSameTokenIsAdopted(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		if r.URL.Path == "/refresh" {
			status(200, `{"accessToken":"`+seen.AccessToken+`","expiresIn":300}`)(rw, r)
			return
		}
		status(401, `{"error":"invalid_token"}`)(rw, r)
	})
	var together sync.WaitGroup
	for range 10 {
		together.Go(func() {
			s, outcome, err := w.client().Refresh(t.Context(), seen, 0)
			if err != nil || s.AccessToken != seen.AccessToken || s.Obtained.Equal(seen.Obtained) {
				t.Errorf("%s %v", outcome, err)
			}
		})
	}
	together.Wait()
	w.mustAsk("/refresh", 1)
	if code, _, err := w.do(w.client(), "GET", w.url+"/me", ""); err != nil || code != 401 {
		t.Errorf("%d %v", code, err)
	}
	w.mustAsk("/refresh", 2)
	w.mustAsk("/me", 2)
}

// TestExpiredIsNotAdopted checks that a token of another process is not adopted if it has
// expired.
func TestExpiredIsNotAdopted(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	if _, _, err := w.client().Refresh(t.Context(), seen, 0); err != nil {
		t.Fatal(err)
	}
	w.age(time.Hour, -time.Minute)
	if _, outcome, err := w.client().Refresh(t.Context(), seen, 0); err != nil || outcome != Refreshed {
		t.Fatalf("%v %v", outcome, err)
	}
	w.mustAsk("/refresh", 2)
}

func TestAnswerLostWithinTheGrace(t *testing.T) {
	w := newWorld(t, func(o *authserver.Options) { o.ReuseGrace = time.Minute })
	seen := w.login("cookie", StoreFile)
	w.dropOnce("/refresh")
	s, outcome, err := w.client().Refresh(t.Context(), seen, 0)
	if err != nil || outcome != Refreshed || !w.accepted(s.AccessToken) {
		t.Fatalf("%v %v", outcome, err)
	}
	w.mustAsk("/refresh", 2)
	if w.stored().Pending != nil {
		t.Error("an intent is left")
	}
	if _, _, err := w.client().Refresh(t.Context(), s, 0); err != nil {
		t.Fatalf("the successor is not accepted: %v", err)
	}
}

func TestAnswerLostWithoutGrace(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	w.dropOnce("/refresh")
	_, _, err := w.client().Refresh(t.Context(), seen, 0)
	mustFail(t, err, verdict.SessionRevoked, "lost on the way", seen.RefreshToken, seen.AccessToken)
	w.mustAsk("/refresh", 2)

	// Every other process gets the same error and does not send the spent token.
	_, err = w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.SessionRevoked, "lost on the way")
	_, _, err = w.client().Refresh(t.Context(), seen, 0)
	mustFail(t, err, verdict.SessionRevoked, "lost on the way")
	w.mustAsk("/refresh", 2)
	mustFail(t, w.stored().Error(time.Now()), verdict.SessionRevoked, "lost on the way")

	if s := w.login("cookie", StoreFile); s.Ended != nil || w.stored().Ended != nil {
		t.Error("another login does not mend it")
	}
}

// TestServerDiesWithTheAnswer stops the server before it answers. The token may be spent,
// and the next process must know that.
func TestServerDiesWithTheAnswer(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		w.close()
		dropped(rw, r, serve)
	})
	_, _, err := w.client().Refresh(t.Context(), seen, 0)
	mustFail(t, err, verdict.FetchFailed, "refused", seen.RefreshToken)
	w.mustAsk("/refresh", 1)
	if s := w.stored(); s.Pending == nil || s.Ended != nil || s.RefreshToken != seen.RefreshToken {
		t.Errorf("%+v", s)
	}
}

// dropOnce drops the first answer from the path.
func (w *world) dropOnce(path string) {
	var once sync.Once
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		drop := false
		if r.URL.Path == path {
			once.Do(func() { drop = true })
		}
		if drop {
			dropped(rw, r, serve)
		}
		serve(rw, r)
	})
}

// TestKilledBeforeTheAnswer kills a process after the server has committed and before the
// answer. The next process finds the pending refresh, and recovers or reports it.
func TestKilledBeforeTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		grace time.Duration
		class verdict.Class
	}{{time.Minute, ""}, {0, verdict.SessionRevoked}} {
		t.Run(tt.grace.String(), func(t *testing.T) {
			w := newWorld(t, func(o *authserver.Options) { o.ReuseGrace = tt.grace })
			seen := w.login("cookie", StoreFile)
			committed, release := make(chan bool), make(chan bool)
			w.wrap(func(_ http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				serve(httptest.NewRecorder(), r)
				committed <- true
				<-release
			})
			helper := w.helper("refresh")
			if err := helper.Start(); err != nil {
				t.Fatal(err)
			}
			<-committed
			helper.Process.Kill()
			helper.Wait()
			close(release)
			w.wrap(nil)

			s := w.stored()
			if s.Pending == nil || s.RefreshToken != seen.RefreshToken {
				t.Fatalf("no intent is on the disk: %+v", s)
			}
			got, outcome, err := w.client().Refresh(t.Context(), s, 0)
			if tt.class != "" {
				mustFail(t, err, tt.class, "was cut off before its answer was saved", s.RefreshToken)
				return
			}
			if err != nil || outcome != Refreshed || !w.accepted(got.AccessToken) || w.stored().Pending != nil {
				t.Fatalf("%v %v", outcome, err)
			}
		})
	}
}

// TestKilledAtRandom kills processes at random moments of a refresh. The session can
// always be read and is never lost.
func TestKilledAtRandom(t *testing.T) {
	w := newWorld(t, func(o *authserver.Options) { o.ReuseGrace = time.Hour })
	w.login("cookie", StoreFile)
	const rounds = 40
	killed := 0
	for range rounds {
		helper := w.helper("refresh")
		if err := helper.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
		helper.Process.Kill()
		if helper.Wait() != nil {
			killed++
		}
		w.stored()
	}
	if killed == 0 {
		t.Fatal("no process was killed")
	}
	s, _, err := w.client().Refresh(t.Context(), w.stored(), 0)
	if err != nil || !w.accepted(s.AccessToken) {
		t.Fatalf("after %d of %d were killed: %v", killed, rounds, err)
	}
	if names := w.leftovers(); len(names) != 0 {
		t.Errorf("files left: %v", names)
	}
}

// TestNothingInterruptsARefresh checks that cancelling waits for the answer once the
// request was sent.
func TestNothingInterruptsARefresh(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	ctx, cancel := context.WithCancel(t.Context())
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		cancel()
		time.Sleep(50 * time.Millisecond)
		serve(rw, r)
	})
	s, _, err := w.client().Refresh(ctx, seen, 0)
	if err != nil || s.AccessToken == seen.AccessToken || w.stored().AccessToken != s.AccessToken {
		t.Fatalf("interrupted: %v", err)
	}
	// Cancelling before the request ends the refresh.
	_, _, err = w.client().Refresh(ctx, s, 0)
	mustFail(t, err, verdict.Interrupted, "interrupted")
	w.mustAsk("/refresh", 1)
}

func TestNetworkFailureKeepsTheSession(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	old := w.age(time.Minute, 5*time.Second) // stale but still valid
	w.edit(func(s *Session) { s.Server = "http://127.0.0.1:1" })
	s, err := w.client().Token(t.Context(), 0)
	if err != nil || s.AccessToken != old.AccessToken {
		t.Fatalf("the valid token is not served: %v", err)
	}
	if len(w.notices) != 1 || !strings.Contains(w.notices[0], "not refreshed") {
		t.Errorf("notices: %q", w.notices)
	}
	if s := w.stored(); s.Pending != nil || s.Ended != nil || s.RefreshToken != old.RefreshToken {
		t.Errorf("a refresh that never left has marked the session: %+v", s)
	}
	w.edit(func(s *Session) { s.AccessExpires = time.Now().Add(-time.Second) })
	_, err = w.client().Token(t.Context(), 0)
	refused := "connection refused"
	if runtime.GOOS == "windows" {
		refused = "dial tcp"
	}
	mustFail(t, err, verdict.FetchFailed, refused, old.RefreshToken, old.AccessToken)
	w.edit(func(s *Session) { s.Server = w.url })
	if s, err = w.client().Token(t.Context(), 0); err != nil || !w.accepted(s.AccessToken) {
		t.Fatalf("the session was lost: %v", err)
	}
}

func TestRefreshAnswers(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		class  verdict.Class
		says   string
		ended  bool
		intent bool
	}{
		{"busy", status(http.StatusServiceUnavailable, ""), verdict.ServerError, "503", false, true},
		{"later", status(http.StatusTooManyRequests, ""), verdict.FetchFailed, "429", false, false},
		{"not found", status(http.StatusNotFound, ""), verdict.FetchFailed, "404", false, false},
		{"elsewhere", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "/login?secret=1", http.StatusTemporaryRedirect)
		}, verdict.FetchRefused, "/login?…", false, false},
		{"revoked", status(http.StatusUnauthorized, `{"error":"invalid_grant"}`), verdict.SessionRevoked, "refuses the refresh token", true, false},
		{"a proxy", status(http.StatusUnauthorized, `<html>Log in to the network`), verdict.FetchFailed, "401", false, false},
		{"no token", status(http.StatusOK, `{"access":"x"}`), verdict.FetchFailed, "no access token at", false, true},
		{"a bad token", status(http.StatusOK, `{"accessToken":"a b\r\nX: y"}`), verdict.FetchRefused, "characters that a header cannot carry", false, true},
		{"another type", status(http.StatusOK, `{"accessToken":"x","tokenType":"DPoP"}`), verdict.FetchRefused, "DPoP", false, true},
		{"flowing", endless["flowing"], verdict.FetchRefused, "larger than 1048576 bytes", false, true},
		{"dripping", endless["dripping"], verdict.FetchFailed, "no complete answer within " + short.String(), false, true},
		{"silent", endless["silent"], verdict.FetchFailed, "no complete answer within " + short.String(), false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			seen := w.login("cookie", StoreFile)
			w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { tt.answer(rw, r) })
			c := w.client()
			if strings.Contains(tt.says, short.String()) {
				c.Timeout = short
			}
			_, _, err := c.Refresh(t.Context(), seen, 0)
			mustFail(t, err, tt.class, tt.says, seen.RefreshToken, seen.AccessToken)
			w.mustAsk("/refresh", 1)
			s := w.stored()
			if (s.Ended != nil) != tt.ended || (s.Pending != nil) != tt.intent || s.RefreshToken != seen.RefreshToken {
				t.Errorf("ended %v, intent %v", s.Ended, s.Pending)
			}
			w.wrap(nil)
			if tt.ended {
				return
			}
			if _, _, err := w.client().Refresh(t.Context(), s, 0); err != nil {
				t.Errorf("the session was lost: %v", err)
			}
		})
	}
}

// TestNextRefreshTokenIsKept checks an unusable answer with a new refresh token. The
// token is stored and tried once.
func TestNextRefreshTokenIsKept(t *testing.T) {
	cutOff := func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "400")
		status(200, `{"acc`)(rw, nil)
	}
	hang := func(rw http.ResponseWriter, r *http.Request) {
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		asked  int
		fails  bool
	}{
		"cut off":         {cutOff, 2, false},
		"no access token": {status(200, `{}`), 2, false},
		"two of them":     {status(200, `{"accessToken":"a","accessToken":"b"}`), 2, false},
		"failed":          {status(502, ``), 2, false},
		"too slow":        {hang, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil) // without grace a spent token revokes
			seen := w.login("cookie", StoreFile)
			var once sync.Once
			w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				first := false
				once.Do(func() { first = true })
				if !first {
					serve(rw, r)
					return
				}
				kept := httptest.NewRecorder()
				serve(kept, r)
				rw.Header()["Set-Cookie"] = kept.Header()["Set-Cookie"]
				tt.answer(rw, r)
			})
			c := w.client()
			if tt.fails {
				c.Timeout = short
			}
			s, _, err := c.Refresh(t.Context(), seen, 0)
			w.mustAsk("/refresh", tt.asked)
			if !tt.fails {
				if err != nil || !w.accepted(s.AccessToken) || w.stored().Pending != nil {
					t.Fatalf("%v", err)
				}
				return
			}
			mustFail(t, err, verdict.FetchFailed, "no complete answer", seen.RefreshToken)
			if s := w.stored(); s.RefreshToken == seen.RefreshToken || s.Pending != nil || s.AccessToken != seen.AccessToken {
				t.Fatalf("the next refresh token is not kept: %+v", s)
			}
			// An answer with a refresh token only has no access token to adopt.
			if _, outcome, err := w.client().Refresh(t.Context(), seen, 0); err != nil || outcome != Refreshed {
				t.Fatalf("the session was lost: %v %v", outcome, err)
			}
		})
	}
}

// TestNextRefreshTokenForEver uses a server that always returns another refresh token and
// no access token. It is asked twice.
func TestNextRefreshTokenForEver(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		rw.Header().Set("Set-Cookie", "refresh_token="+strconv.Itoa(w.asked("/refresh"))+"; HttpOnly")
		status(200, `{}`)(rw, r)
	})
	_, _, err := w.client().Refresh(t.Context(), seen, 0)
	mustFail(t, err, verdict.FetchFailed, "no access token at")
	w.mustAsk("/refresh", 2)
	if s := w.stored(); s.RefreshToken != "2" || s.Pending != nil || s.Ended != nil {
		t.Errorf("%+v", s)
	}
}

// TestAnswerCutOffWithinTheGrace checks a truncated answer without a refresh token. It
// may have had one, so it is treated like a lost answer.
func TestAnswerCutOffWithinTheGrace(t *testing.T) {
	w := newWorld(t, func(o *authserver.Options) { o.ReuseGrace = time.Minute })
	seen := w.login("token", StoreFile)
	var once sync.Once
	w.wrap(func(rw http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		once.Do(func() {
			kept := httptest.NewRecorder()
			serve(kept, r)
			rw.Header().Set("Content-Length", strconv.Itoa(kept.Body.Len()))
			rw.Write(kept.Body.Bytes()[:20])
			panic(http.ErrAbortHandler)
		})
		serve(rw, r)
	})
	s, outcome, err := w.client().Refresh(t.Context(), seen, 0)
	if err != nil || outcome != Refreshed || !w.accepted(s.AccessToken) {
		t.Fatalf("%v %v", outcome, err)
	}
	w.mustAsk("/token", 2)
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		w.Write([]byte(body))
	}
}

// TestExpiredIsTriedOnce checks that a refresh token that should have expired is sent
// once before the session has ended.
func TestExpiredIsTriedOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	expire := func(s *Session) {
		s.Obtained = time.Now().Add(-2 * time.Hour)
		s.AccessExpires, s.RefreshExpires = time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
	}
	w.edit(expire)
	if s, err := w.client().Token(t.Context(), 0); err != nil || !w.accepted(s.AccessToken) {
		t.Fatalf("the server still takes it: %v", err)
	}
	w.mustAsk("/refresh", 1)

	w.edit(expire)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		status(http.StatusForbidden, `{"error":"invalid_grant"}`)(rw, r)
	})
	_, err := w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.SessionExpired, "the refresh token expired")
	_, err = w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.SessionExpired, "the refresh token expired")
	w.mustAsk("/refresh", 2)

	w.edit(func(s *Session) { s.RefreshToken, s.Ended = "", nil })
	_, err = w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.SessionExpired, "gave no refresh token")
	w.mustAsk("/refresh", 2)
}

// TestRevokedIsNotServed checks that a revoked session is not used, although its access
// token has not expired.
func TestRevokedIsNotServed(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	w.age(time.Minute, 5*time.Second)
	w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		status(http.StatusUnauthorized, `{"error":"invalid_grant"}`)(rw, r)
	})
	_, err := w.client().Token(t.Context(), 0)
	mustFail(t, err, verdict.SessionRevoked, "refuses the refresh token")
}

// TestBusy checks the error if another process does not release the lock.
func TestBusy(t *testing.T) {
	w := newWorld(t, nil)
	seen := w.login("cookie", StoreFile)
	unlock, err := (&Store{Dir: w.dir}).lock(t.Context(), DefaultName, lockTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = w.client().Refresh(ctx, seen, 0)
	mustFail(t, err, verdict.SessionBusy, "another process has locked it")
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, _, err = w.client().Refresh(ctx, seen, 0)
	mustFail(t, err, verdict.Interrupted, "interrupted")
	w.mustAsk("/refresh", 0)
	if _, err := w.client().Token(t.Context(), 0); err != nil {
		t.Errorf("a fresh token wants the lock: %v", err)
	}
}
