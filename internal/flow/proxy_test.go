package flow_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"jwt/internal/authserver"
	"jwt/internal/base64url"
	"jwt/internal/flow"
	"jwt/internal/verdict"
)

// A message is an answer that a proxy may change.
type message struct {
	status int
	header http.Header
	body   string
}

// behind starts a proxy that changes the answers of the local server. ask, which may be
// nil, answers in its place if it returns true.
func behind(t *testing.T, o authserver.Options, ask func(*http.Request, *message) bool, change func(*http.Request, *message), faults ...string) string {
	t.Helper()
	real := serve(t, o, faults...)
	return handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := &message{status: http.StatusOK, header: http.Header{}}
		if ask == nil || !ask(r, m) {
			var b bytes.Buffer
			kept := keeper{header: m.header, body: &b}
			forward(t, &kept, r, real)
			m.status, m.body = kept.status, b.String()
			change(r, m)
		}
		m.header.Del("Content-Length")
		for name, values := range m.header {
			w.Header()[name] = values
		}
		w.WriteHeader(m.status)
		io.WriteString(w, m.body)
	}))
}

// A keeper is a ResponseWriter that stores the answer.
type keeper struct {
	header http.Header
	body   *bytes.Buffer
	status int
}

func (k *keeper) Header() http.Header         { return k.header }
func (k *keeper) WriteHeader(status int)      { k.status = status }
func (k *keeper) Write(b []byte) (int, error) { return k.body.Write(b) }

func asIs(*http.Request, *message) {}

// setCookies replaces the cookies that an answer sets.
func (m *message) setCookies(change func(*http.Cookie) *http.Cookie) {
	r := http.Response{Header: m.header}
	cookies := r.Cookies()
	m.header.Del("Set-Cookie")
	for _, c := range cookies {
		if c = change(c); c != nil {
			m.header.Add("Set-Cookie", c.String())
		}
	}
}

// nobody matches the error of a server that repeats the name of an unknown user.
var nobody = regexp.MustCompile(`no login as nobody-\w+`)

// TestUnusualServers judges servers that seem to break a rule and do not, and
// servers that seem to keep it and do not.
func TestUnusualServers(t *testing.T) {
	// after lets the first requests for a path through and answers the others.
	after := func(path string, most int32, status int) func(*http.Request, *message) bool {
		var asked atomic.Int32
		return func(r *http.Request, m *message) bool {
			if r.URL.Path != path || asked.Add(1) <= most {
				return false
			}
			m.status, m.body = status, `{"error":"no"}`
			return true
		}
	}
	// early refuses the refresh token of the first refresh until some time has passed.
	early := func(least time.Duration, status int) func(*http.Request, *message) bool {
		shown := map[string]time.Time{}
		return func(r *http.Request, m *message) bool {
			token, err := r.Cookie("refresh_token")
			if err != nil || r.URL.Path != "/refresh" {
				return false
			}
			if _, known := shown[token.Value]; !known {
				shown[token.Value] = time.Now()
			}
			if len(shown) != 2 || time.Since(shown[token.Value]) >= least {
				return false
			}
			m.status, m.body = status, `{"error":"too_early"}`
			m.header.Set("Retry-After", strconv.Itoa(int(least.Seconds())))
			return true
		}
	}
	// lazy answers some refreshes after the first with a new access token only.
	lazy := func(most int32, seconds int) func(*http.Request, *message) bool {
		var asked atomic.Int32
		return func(r *http.Request, m *message) bool {
			if r.URL.Path != "/refresh" {
				return false
			}
			if n := asked.Add(1); n < 2 || n > 1+most {
				return false
			}
			m.body = fmt.Sprintf(`{"accessToken":"another","expiresIn":%d}`, seconds)
			m.header.Set("Cache-Control", "no-store")
			return true
		}
	}
	cleared := func(change func(*http.Cookie) *http.Cookie) func(*http.Request, *message) {
		return func(r *http.Request, m *message) {
			if r.URL.Path == "/logout" {
				m.setCookies(change)
			}
		}
	}
	logins := func(body func(user string, n int32) string) func(*http.Request, *message) bool {
		var asked atomic.Int32
		return func(r *http.Request, m *message) bool {
			if r.URL.Path != "/login" {
				return false
			}
			b, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(b))
			var said struct{ Username, Password string }
			json.Unmarshal(b, &said)
			if said.Password == password {
				return false
			}
			m.status, m.body = 401, body(said.Username, asked.Add(1))
			return true
		}
	}
	unlike := func(user, known, unknown string) string {
		if user == "alice" {
			return known
		}
		return unknown
	}
	for _, tt := range []struct {
		name   string
		ask    func(*http.Request, *message) bool
		change func(*http.Request, *message)
		faults []string
		grace  time.Duration
		ttl    time.Duration // 0: an hour
		only   []string
		want   map[verdict.Status][]string
		says   string // the Actual of the last rule of only
		lost   bool   // a rule could not be judged, which is not a success
	}{
		{
			name: "that refuses successors", ask: after("/refresh", 1, 401),
			only: []string{flow.RefreshWorks, flow.Rotation, flow.ReuseDetected, flow.Grace, flow.FamilyRevoked},
			want: map[verdict.Status][]string{
				verdict.Warn: {flow.RefreshWorks}, verdict.Pass: {flow.Rotation}, verdict.Skip: {flow.ReuseDetected, flow.FamilyRevoked, flow.Grace},
			},
			says: "a second refresh is refused: 401 Unauthorized no",
		},
		{
			name: "that refuses successors once the access token has expired", ask: after("/refresh", 1, 401), ttl: 3 * time.Second,
			only: []string{flow.FamilyRevoked, flow.RefreshWorks},
			want: map[verdict.Status][]string{verdict.Fail: {flow.RefreshWorks}, verdict.Skip: {flow.FamilyRevoked}},
			says: "once; a second time 401 Unauthorized no",
		},
		{
			name: "that limits the rate of refreshes", ask: early(3*time.Second, 429),
			only: []string{flow.RefreshWorks, flow.Rotation, flow.FamilyRevoked},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.Rotation, flow.FamilyRevoked}},
			says: "401 Unauthorized invalid_grant: the session is revoked",
		},
		{
			name: "that refuses an early second refresh", ask: early(time.Second, 400),
			only: []string{flow.RefreshWorks, flow.Rotation, flow.FamilyRevoked},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.Rotation, flow.FamilyRevoked}},
			says: "401 Unauthorized invalid_grant: the session is revoked",
		},
		{
			name: "that rotates again only later", ask: lazy(1, 3600),
			only: []string{flow.RefreshWorks, flow.Rotation, flow.ReuseDetected, flow.FamilyRevoked},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.Rotation, flow.ReuseDetected, flow.FamilyRevoked}},
			says: "401 Unauthorized invalid_grant: the session is revoked",
		},
		{
			name: "that rotates once", ask: lazy(2, 3), ttl: 3 * time.Second,
			only: []string{flow.RefreshWorks, flow.ReuseDetected, flow.FamilyRevoked, flow.Rotation},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.ReuseDetected, flow.FamilyRevoked}, verdict.Fail: {flow.Rotation}},
			says: "R1, then R2, and R2 stays valid",
		},
		{
			name: "that may rotate once", ask: lazy(2, 3600),
			only: []string{flow.RefreshWorks, flow.ReuseDetected, flow.FamilyRevoked, flow.Rotation},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.ReuseDetected, flow.FamilyRevoked}, verdict.Warn: {flow.Rotation}},
			says: "R1, then R2, and R2 stays valid; the server may rotate once the access token has expired",
		},
		{
			name: "that refuses refreshes for an hour", ask: early(time.Hour, 429),
			only: []string{flow.RefreshWorks, flow.Rotation, flow.FamilyRevoked},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.Rotation}, verdict.Skip: {flow.FamilyRevoked}},
			says: "a second refresh is refused: 429 Too Many Requests too_early", lost: true,
		},
		{
			name: "that sets the cookie for two paths", change: func(_ *http.Request, m *message) {
				var also []string
				m.setCookies(func(c *http.Cookie) *http.Cookie {
					c.Path = "/refresh"
					other := *c
					other.Path = "/logout"
					also = append(also, other.String())
					return c
				})
				for _, c := range also {
					m.header.Add("Set-Cookie", c)
				}
			},
			only: []string{flow.CookieScope, flow.RefreshWorks, flow.Rotation, flow.LogoutWorks, flow.LogoutClearsCookie, flow.RefreshAfterLogout},
			want: map[verdict.Status][]string{verdict.Pass: {flow.CookieScope, flow.RefreshWorks, flow.Rotation, flow.LogoutWorks, flow.LogoutClearsCookie, flow.RefreshAfterLogout}},
			says: "401 Unauthorized invalid_grant: the session is revoked",
		},
		{
			name: "that clears an old cookie with every answer", change: func(_ *http.Request, m *message) {
				m.header.Add("Set-Cookie", "refresh_token=deleted; Path=/old; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
			},
			only: []string{flow.CookieHTTPOnly, flow.RefreshWorks, flow.LogoutClearsCookie},
			want: map[verdict.Status][]string{verdict.Pass: {flow.CookieHTTPOnly, flow.RefreshWorks, flow.LogoutClearsCookie}},
			says: "refresh_token is cleared",
		},
		{
			name: "that is overloaded after one refresh", ask: after("/refresh", 2, 429),
			only: []string{flow.ConcurrentRefresh},
			want: map[verdict.Status][]string{verdict.Skip: {flow.ConcurrentRefresh}},
			says: "too few answers: 1 of 6 were answered with tokens, 1 refresh token; 429 Too Many Requests no", lost: true,
		},
		{
			name: "that fails on a spent token", ask: after("/refresh", 2, 500),
			only: []string{flow.ReuseDetected, flow.Grace},
			want: map[verdict.Status][]string{verdict.Warn: {flow.ReuseDetected, flow.Grace}},
			says: "none: refused at once",
		},
		{
			name: "that is slower than its grace", faults: []string{"latency=1200ms"}, grace: time.Second,
			only: []string{flow.ReuseDetected, flow.Grace},
			want: map[verdict.Status][]string{verdict.Pass: {flow.ReuseDetected}, verdict.Skip: {flow.Grace}},
			says: "the first answer to the spent token came after 2.4 s",
		},
		{
			name: "that is a little slower than its grace", faults: []string{"latency=310ms"}, grace: 300 * time.Millisecond,
			only: []string{flow.ReuseDetected, flow.Grace},
			want: map[verdict.Status][]string{verdict.Pass: {flow.ReuseDetected, flow.Grace}},
			says: "less than 0.7 s",
		},
		{
			name: "with tokens without exp", change: func(_ *http.Request, m *message) {
				var said map[string]any
				if json.Unmarshal([]byte(m.body), &said) == nil && said["accessToken"] != nil {
					said["accessToken"] = base64url.Encode([]byte(`{"alg":"HS256"}`)) + "." + base64url.Encode([]byte(`{"sub":"alice"}`)) + ".AAAA"
					b, _ := json.Marshal(said)
					m.body = string(b)
				}
			},
			only: []string{flow.AccessLifetime},
			want: map[verdict.Status][]string{verdict.Warn: {flow.AccessLifetime}},
			says: "1 h by the answer; the token itself has no exp",
		},
		{
			name: "that clears the cookie without saying its Path", change: cleared(func(c *http.Cookie) *http.Cookie { c.Path = ""; return c }),
			only: []string{flow.LogoutClearsCookie},
			want: map[verdict.Status][]string{verdict.Pass: {flow.LogoutClearsCookie}},
			says: "refresh_token is cleared",
		},
		{
			name: "that clears another cookie", change: cleared(func(c *http.Cookie) *http.Cookie { c.Path = "/refresh"; return c }),
			only: []string{flow.LogoutClearsCookie},
			want: map[verdict.Status][]string{verdict.Fail: {flow.LogoutClearsCookie}},
			says: "refresh_token stays: it was set for 127.0.0.1/, and is cleared for 127.0.0.1/refresh",
		},
		{
			name: "that clears the cookie and sets it again", change: func(r *http.Request, m *message) {
				if r.URL.Path == "/logout" {
					m.header.Add("Set-Cookie", "refresh_token=again; Path=/; HttpOnly; Secure; SameSite=Strict")
				}
			},
			only: []string{flow.LogoutClearsCookie},
			want: map[verdict.Status][]string{verdict.Fail: {flow.LogoutClearsCookie}},
			says: "refresh_token stays",
		},
		{
			name: "with a logout outside the Path of the cookie", ask: func(r *http.Request, _ *message) bool {
				if r.URL.Path == "/logout" {
					r.Header.Del("Authorization")
				}
				return false
			},
			change: func(_ *http.Request, m *message) {
				m.setCookies(func(c *http.Cookie) *http.Cookie { c.Path = "/refresh"; return c })
			},
			only: []string{flow.RefreshWorks, flow.RefreshAfterLogout, flow.LogoutWorks},
			want: map[verdict.Status][]string{verdict.Pass: {flow.RefreshWorks, flow.LogoutWorks}, verdict.Fail: {flow.RefreshAfterLogout}},
			says: "204 No Content, without the cookie, whose Path is /refresh",
		},
		{
			name: "that numbers its errors", ask: logins(func(_ string, n int32) string {
				return fmt.Sprintf(`{"error":{"code":"no","trace":"%d"},"at":%d}`, n, n)
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Pass: {flow.UniformLoginErrors}},
			says: "for both 401 Unauthorized no, except for what varies with every answer",
		},
		{
			name: "that numbers its errors and reveals users", ask: logins(func(user string, n int32) string {
				return fmt.Sprintf(`{"error":"%s","trace":"%d"}`, unlike(user, "wrong_password", "no_such_user"), n)
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Fail: {flow.UniformLoginErrors}},
			says: "the bodies differ: for a wrong password 401 Unauthorized wrong_password; for an unknown user 401 Unauthorized no_such_user",
		},
		{
			name: "that counts the attempts of known users only", ask: logins(func(user string, n int32) string {
				return unlike(user, fmt.Sprintf(`{"error":"wrong password, %d tries left"}`, 9-n), `{"error":"there is no such user"}`)
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Fail: {flow.UniformLoginErrors}},
			says: "the bodies differ: for a wrong password 401 Unauthorized wrong password, 8 tries left; for an unknown user 401 Unauthorized there is no such user",
		},
		{
			name: "with numbers that may reveal users", ask: logins(func(user string, n int32) string {
				return unlike(user, fmt.Sprintf(`{"left":%d}`, 9-n), `{"left":99}`)
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Skip: {flow.UniformLoginErrors}},
			says: "the bodies vary for one user only, which may or may not tell the users apart",
		},
		{
			name: "with other punctuation for known users", ask: logins(func(user string, _ int32) string { return unlike(user, `{"error":"no."}`, `{"error":"no!"}`) }),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Fail: {flow.UniformLoginErrors}},
			says: "the bodies differ: for a wrong password 401 Unauthorized no.; for an unknown user 401 Unauthorized no!",
		},
		{
			name: "with more details for known users", ask: logins(func(user string, _ int32) string { return unlike(user, `{"error":"no","user":{}}`, `{"error":"no"}`) }),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Fail: {flow.UniformLoginErrors}},
			says: "the bodies differ: for a wrong password 401 Unauthorized no; for an unknown user 401 Unauthorized no",
		},
		{
			name: "with a numbered error page", ask: logins(func(_ string, n int32) string { return fmt.Sprintf("<p>No. %d</p>", n) }),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Pass: {flow.UniformLoginErrors}},
			says: "for both 401 Unauthorized, except for what varies with every answer",
		},
		{
			name: "with numbers that reveal users", ask: logins(func(user string, n int32) string {
				return unlike(user, fmt.Sprintf("Login failed: E50126. Request %d", n), fmt.Sprintf("Login failed: E50034. Request %d", n))
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Fail: {flow.UniformLoginErrors}},
			says: "the bodies differ: for a wrong password 401 Unauthorized Login failed: E50126. Request 1; for an unknown user 401 Unauthorized Login failed: E50034. Request 2",
		},
		{
			name: "that repeats the user name", ask: logins(func(user string, _ int32) string { return fmt.Sprintf(`{"error":"no login as %s"}`, user) }),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Pass: {flow.UniformLoginErrors}},
			says: "for both 401 Unauthorized NOBODY",
		},
		{
			name: "with random names in errors", ask: logins(func(string, int32) string {
				return fmt.Sprintf(`{"error":"no","traceId":"%s-%s"}`, rand.Text(), rand.Text())
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Pass: {flow.UniformLoginErrors}},
			says: "for both 401 Unauthorized no, except for what varies with every answer",
		},
		{
			name: "with an error page that always differs", ask: logins(func(_ string, n int32) string { return strings.Repeat("no ", int(n)) }),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Skip: {flow.UniformLoginErrors}},
			says: "the bodies vary for one user only, which may or may not tell the users apart",
		},
		{
			name: "with an error page that reveals users", ask: logins(func(user string, _ int32) string {
				return unlike(user, "<p>wrong password</p>", "<p>who is that?</p>")
			}),
			only: []string{flow.UniformLoginErrors},
			want: map[verdict.Status][]string{verdict.Fail: {flow.UniformLoginErrors}},
			says: "the bodies differ: for a wrong password 401 Unauthorized; for an unknown user 401 Unauthorized",
		},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				so := authserver.Options{AccessTTL: cmp.Or(tt.ttl, time.Hour), ReuseGrace: tt.grace}
				if tt.change == nil {
					tt.change = asIs
				}
				o := options(t, behind(t, so, tt.ask, tt.change, tt.faults...), "cookie")
				o.Only = tt.only
				r, err := flow.Run(t.Context(), o)
				if err != nil {
					t.Errorf("%v", err)
				}
				got := outcomes(r)
				if d := gocmp.Diff(tt.want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				if broken := len(got[verdict.Fail]) > 0 && tt.only[0] != flow.UniformLoginErrors; (r.Verdict() == flow.Failed) != broken || tt.lost && r.Verdict() != flow.Incomplete {
					t.Errorf("the verdict is %s", r.Verdict())
				}
				for _, x := range r.Results {
					if x.ID == tt.only[len(tt.only)-1] && nobody.ReplaceAllString(x.Actual, "NOBODY") != tt.says {
						t.Errorf("%s: %q, want %q", x.ID, x.Actual, tt.says)
					}
				}
			})
		})
	}
}

// TestInterruptedInTheMiddle interrupts the flow in the middle. The session is logged out anyway,
// and the results so far are reported.
func TestInterruptedInTheMiddle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var logouts atomic.Int32
		server := behind(t, authserver.Options{}, func(r *http.Request, _ *message) bool {
			if r.URL.Path == "/logout" {
				logouts.Add(1)
			}
			return false
		}, asIs)
		ctx, cancel := context.WithCancel(t.Context())
		o := options(t, server, "cookie")
		o.Only = []string{flow.ExpiredRefused, flow.RefreshWorks}
		o.After = func(time.Duration) <-chan time.Time { // the wait for the expiry
			cancel()
			return nil
		}
		r, err := flow.Run(ctx, o)
		if verdict.ClassOf(err) != verdict.Interrupted || !errors.Is(r.Err, err) || logouts.Load() != 1 {
			t.Errorf("%v, and %d logouts", err, logouts.Load())
		}
		if d := gocmp.Diff(map[verdict.Status][]string{verdict.Skip: o.Only}, outcomes(r)); d != "" || r.Verdict() == flow.Passed {
			t.Errorf("(-want +got):\n%s", d)
		}

		o = options(t, server, "cookie")
		deaf := errors.New("the pipe is closed")
		o.Stepped = func(s flow.Step) error {
			if s.N > 1 {
				return deaf
			}
			return nil
		}
		if r, err := flow.Run(t.Context(), o); !errors.Is(err, deaf) || len(r.Results) > 0 || logouts.Load() != 2 {
			t.Errorf("%v, and %d logouts", err, logouts.Load())
		}
	})
}

// TestLeftoverLogoutIsBounded uses a server that never answers a logout. The results are
// reported anyway, and so is the failed logout.
func TestLeftoverLogoutIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		server := behind(t, authserver.Options{AccessTTL: time.Hour}, func(r *http.Request, _ *message) bool {
			if r.URL.Path == "/logout" {
				io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			}
			return r.URL.Path == "/logout"
		}, asIs)
		o := options(t, server, "cookie")
		o.Only = []string{flow.LoginWorks, flow.WrongPasswordRefused, flow.ConcurrentRefresh}
		r := run(t, o)
		if last := r.Steps[len(r.Steps)-1]; (r.Verdict() == flow.Failed) || r.Took != flow.DefaultTimeout || last.Name != "log out, to tidy up" || last.Status != 0 {
			t.Errorf("%s after %s, and last %+v", r.Verdict(), r.Took, last)
		}
	})
}

// TestFlowEndsEarly checks that the answers before the end are judged.
func TestFlowEndsEarly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var requests atomic.Int32
		server := behind(t, authserver.Options{AccessTTL: time.Hour}, func(r *http.Request, _ *message) bool {
			if requests.Add(1) == 1 {
				return false
			}
			io.Copy(io.Discard, r.Body) // the server notices that a client hangs up only after that
			<-r.Context().Done()
			return true
		}, asIs, "cookie-no-httponly", "no-no-store")
		r, err := flow.Run(t.Context(), options(t, server, "cookie"))
		if verdict.ClassOf(err) != verdict.FetchFailed {
			t.Errorf("%v", err)
		}
		want := map[verdict.Status][]string{
			verdict.Fail: {flow.CookieHTTPOnly, flow.NoStore},
			verdict.Pass: {flow.LoginWorks, flow.AccessLifetime, flow.CookieSecure, flow.CookieSameSite, flow.CookieScope},
		}
		got := outcomes(r)
		delete(got, verdict.Skip)
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// TestProtectedPathIsUnchanged checks that the escapes of a path are sent as they are.
func TestProtectedPathIsUnchanged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		asked := ""
		server := behind(t, authserver.Options{AccessTTL: time.Hour}, func(r *http.Request, _ *message) bool {
			if r.Method == http.MethodGet {
				asked = r.RequestURI
				return true
			}
			return false
		}, asIs)
		o := options(t, server, "cookie")
		o.Only, o.Protected = []string{flow.BearerAccepted}, "/a%20b/c%2Fd"
		if r := run(t, o); (r.Verdict() == flow.Failed) || asked != o.Protected {
			t.Errorf("%q was asked: %v", asked, outcomes(r))
		}
	})
}
