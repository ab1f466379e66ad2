package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/authserver"
	"jwt/internal/flow"
	"jwt/internal/verdict"
)

func TestLoginRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, serve(t, authserver.Options{}, "login-broken"), "cookie")
		r, err := flow.Run(t.Context(), o)
		if verdict.ClassOf(err) != verdict.LoginRefused || !errors.Is(r.Err, err) || r.Verdict() == flow.Passed {
			t.Errorf("%v, report %v", err, r.Err)
		}
		got := outcomes(r)
		if d := cmp.Diff([]string{flow.LoginWorks}, got[verdict.Fail]); d != "" || len(got[verdict.Skip]) != len(flow.RuleIDs(flow.Session))-1 {
			t.Errorf("%v", got)
		}
		for _, x := range r.Results[1:] {
			if !strings.HasPrefix(x.Actual, "the flow ended before: ") {
				t.Errorf("%s is skipped for %q", x.ID, x.Actual)
			}
		}
	})
}

// TestRefusalRepeatsThePassword logs in at a server that repeats the request.
func TestRefusalRepeatsThePassword(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const secret = "hunter2-hunter2"
		o := options(t, handle(t, plainServer()), "cookie")
		o.Password = []byte(secret)
		r, err := flow.Run(t.Context(), o)
		var e *verdict.Error
		if !errors.As(err, &e) || e.Class != verdict.LoginRefused || !strings.Contains(e.Message, "***") || strings.Contains(e.Message+e.Hint, secret) {
			t.Errorf("%+v", e)
		}
		for format, text := range written(r) {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows the password", format)
			}
		}
	})
}

// TestRefusalRepeatsHalfAPassword checks an error that is truncated inside the password.
func TestRefusalRepeatsHalfAPassword(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const secret = "hunter2-hunter2"
		padding := 0
		o := options(t, handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"e","error_description":"%s"}`, strings.Repeat("x", padding)+secret)
		})), "cookie")
		o.Password = []byte(secret)
		for padding = 90; padding < 210; padding += 5 {
			r, err := flow.Run(t.Context(), o)
			if err == nil || strings.Contains(err.Error(), "hunter") {
				t.Errorf("after %d bytes: %v", padding, err)
			}
			for format, text := range written(r) {
				if strings.Contains(text, "hunter") {
					t.Errorf("after %d bytes %s shows half of the password", padding, format)
				}
			}
		}
	})
}

// TestLoginWithoutToken checks the report of a login with status 200 and no token.
func TestLoginWithoutToken(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"ok":true}`) })), "cookie")
		r, _ := flow.Run(t.Context(), o)
		if x := r.Results[0]; x.ID != flow.LoginWorks || x.Status != verdict.Fail || x.Actual != "200 OK, without an access token" {
			t.Errorf("%+v", x)
		}
	})
}

func TestConnectionRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		server := serve(t, authserver.Options{}, "drop-answer,path=/login")
		r, err := flow.Run(t.Context(), options(t, server, "cookie"))
		if verdict.ClassOf(err) != verdict.FetchFailed || r.Verdict() == flow.Passed {
			t.Errorf("%v", err)
		}
		if n := r.Count(verdict.Skip); n != len(flow.RuleIDs(flow.Session)) { // login-works is unknown, too
			t.Errorf("%d skipped: %v", n, outcomes(r))
		}
	})
}

// TestAnswerLost loses answers in the middle. The rules that need them are skipped, and
// the run is not a success.
func TestAnswerLost(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, serve(t, authserver.Options{}, "drop-answer,path=/logout"), "cookie")
		o.Only = []string{flow.LoginWorks, flow.LogoutWorks, flow.LogoutClearsCookie, flow.RefreshAfterLogout, flow.AccessAfterLogout}
		r, err := flow.Run(t.Context(), o)
		if verdict.ClassOf(err) != verdict.FetchFailed {
			t.Errorf("%v", err)
		}
		want := map[verdict.Status][]string{verdict.Pass: {flow.LoginWorks}, verdict.Skip: o.Only[1:]}
		if d := cmp.Diff(want, outcomes(r)); d != "" {
			t.Error(d)
		}
	})
}

func TestOnlyAndSkip(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		server := serve(t, authserver.Options{AccessTTL: time.Hour})
		o := options(t, server, "cookie")
		o.Only = []string{flow.CookieHTTPOnly, flow.Rotation}
		r := run(t, o)
		if d := cmp.Diff(map[verdict.Status][]string{verdict.Pass: {flow.CookieHTTPOnly, flow.Rotation}}, outcomes(r)); d != "" {
			t.Error(d)
		}
		if len(r.Steps) > 3 { // log in, refresh, log out
			t.Errorf("%d steps for two rules: %+v", len(r.Steps), r.Steps)
		}

		o = options(t, server, "cookie")
		o.Skip = []string{flow.ConcurrentRefresh, flow.WrongPasswordRefused, flow.UniformLoginErrors}
		r = run(t, o)
		if len(r.Results) != len(flow.RuleIDs(flow.Session)) {
			t.Errorf("%d rules", len(r.Results))
		}
		for _, x := range r.Results {
			left := x.Actual == "skipped on request"
			wanted := x.ID == flow.ConcurrentRefresh || x.ID == flow.WrongPasswordRefused || x.ID == flow.UniformLoginErrors
			if left != wanted || left && x.Status != verdict.Skip {
				t.Errorf("%s: %s %s", x.ID, x.Status, x.Actual)
			}
		}
		for _, s := range r.Steps {
			if strings.Contains(s.Name, "at once") || strings.Contains(s.Name, "wrong") || strings.Contains(s.Name, "unknown user") {
				t.Errorf("step %q was not asked for", s.Name)
			}
		}
	})
}

func TestOptionsRefused(t *testing.T) {
	tests := []struct {
		options flow.Options
		says    string
	}{
		{flow.Options{Only: []string{"rotations"}}, `only: unknown rule "rotations"`},
		{flow.Options{Skip: []string{"x"}}, `skip: unknown rule "x"`},
		{flow.Options{Protected: "me"}, "protected"},
		{flow.Options{Protected: "//evil.example/me"}, "protected"},
		{flow.Options{Protected: "/me?token=1"}, "protected"},
		{flow.Options{MaxWait: -1}, "max-wait"},
		{flow.Options{MaxGrace: 25 * time.Hour}, "max-grace"},
	}
	for _, tt := range tests {
		_, err := flow.Run(t.Context(), tt.options)
		if verdict.ClassOf(err) != verdict.Usage || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%v, want a usage error that says %q", err, tt.says)
		}
	}
}

func TestInterrupted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, serve(t, authserver.Options{}), "cookie")
		ctx, cancel := context.WithCancel(t.Context())
		o.After = func(time.Duration) <-chan time.Time { // the wait for the expiry
			cancel()
			return nil
		}
		_, err := flow.Run(ctx, o)
		if verdict.ClassOf(err) != verdict.Interrupted {
			t.Errorf("%v", err)
		}
	})
}

// TestGraceIsMeasured replays until the grace is over.
func TestGraceIsMeasured(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, serve(t, authserver.Options{ReuseGrace: 300 * time.Millisecond}), "token")
		o.Only = []string{flow.ReuseDetected, flow.FamilyRevoked, flow.Grace}
		r := run(t, o)
		if d := cmp.Diff(map[verdict.Status][]string{verdict.Pass: o.Only}, outcomes(r)); d != "" {
			t.Error(d)
		}
		for _, x := range r.Results {
			if x.ID != flow.Grace {
				continue
			}
			var least, most float64
			if _, err := fmt.Sscanf(x.Actual, "at least %f s, less than %f s", &least, &most); err != nil || least > 0.3 || most <= 0.3 || most-least > 10 {
				t.Errorf("the grace of 0.3 s is %q", x.Actual)
			}
		}
	})
}

// A plainServer works like many servers: opaque tokens of unknown lifetime, a logout that
// revokes nothing, and answers that repeat the request.
func plainServer() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Username, Password string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Password != password {
			w.WriteHeader(http.StatusUnauthorized)
			json.NewEncoder(w).Encode(map[string]string{"error": "no", "error_description": "<script>alert(1)</script>\x1b[31m" + body.Password})
			return
		}
		w.Write([]byte(`{"accessToken":"opaque-access-token","tokenType":"Bearer"}`))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer opaque-access-token" {
			w.WriteHeader(http.StatusForbidden)
			json.NewEncoder(w).Encode(map[string]string{"error": "no", "error_description": "not " + r.Header.Get("Authorization") + " but Bearer opaque-access-token"})
		}
	})
	mux.HandleFunc("POST /logout", func(http.ResponseWriter, *http.Request) {})
	return mux
}

func TestSkippedRules(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, handle(t, plainServer()), "cookie")
		r := run(t, o)
		const noRefresh = "the login gave no refresh token"
		want := map[string]string{
			flow.AlgNoneRefused:     "the access token is opaque",
			flow.ExpiredRefused:     "the lifetime of the access token is unknown",
			flow.AccessLifetime:     "no answer says how long it lives, and it is opaque",
			flow.CookieHTTPOnly:     noRefresh,
			flow.CookieSecure:       noRefresh,
			flow.CookieSameSite:     noRefresh,
			flow.CookieScope:        noRefresh,
			flow.LogoutClearsCookie: noRefresh,
			flow.AccessNotRefresh:   "no refresh token, or no refresh in the preset",
			flow.RetryWorks:         noRefresh,
			flow.Rotation:           noRefresh,
			flow.ReuseDetected:      noRefresh,
			flow.FamilyRevoked:      noRefresh,
			flow.Grace:              noRefresh,
			flow.RefreshNotBearer:   noRefresh,
			flow.RefreshAfterLogout: noRefresh,
			flow.ConcurrentRefresh:  noRefresh,
		}
		got := map[string]string{}
		for _, x := range r.Results {
			if x.Status == verdict.Skip {
				got[x.ID] = x.Actual
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		// The rest: 403 instead of 401 is a warning, and so is a token that outlives its
		// session. Tokens that caches may store are a failure, and so is no refresh token.
		all := outcomes(r)
		if d := cmp.Diff([]string{flow.MissingBearerRefused, flow.AccessAfterLogout}, all[verdict.Warn]); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{flow.NoStore, flow.RefreshWorks}, all[verdict.Fail]); d != "" {
			t.Error(d)
		}
	})
}

// TestOtherServers judges answers that are neither right nor clearly wrong.
func TestOtherServers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		tests := []struct {
			name    string
			handler http.HandlerFunc // of /me, without the right token
			rule    string
			status  verdict.Status
		}{
			{"a redirect to a login page", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, flow.MissingBearerRefused, verdict.Warn},
			{"a server error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, flow.TamperedRefused, verdict.Warn},
			{"anybody", func(http.ResponseWriter, *http.Request) {}, flow.TamperedRefused, verdict.Fail},
		}
		for _, tt := range tests {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer opaque-access-token" {
					tt.handler(w, r)
				}
			})
			mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
			mux.Handle("/", plainServer())
			o := options(t, handle(t, mux), "cookie")
			o.Only = []string{tt.rule}
			r := run(t, o)
			if len(r.Results) != 1 || r.Results[0].Status != tt.status {
				t.Errorf("%s: %+v, want %s", tt.name, r.Results, tt.status)
			}
		}
	})
}

// TestServerCannotAnswer uses a server that answers only one login. No rule passes, and
// no selection of rules is a success.
func TestServerCannotAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for _, status := range []int{408, 429, 500, 502, 503, 504} {
			for _, only := range []string{"", flow.TamperedRefused, flow.MissingBearerRefused, flow.RefreshWorks, flow.ReuseDetected, flow.ConcurrentRefresh, flow.RefreshAfterLogout} {
				var logins atomic.Int32
				real := serve(t, authserver.Options{AccessTTL: time.Hour})
				o := options(t, handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if logins.Add(1) > 1 {
						w.WriteHeader(status)
						return
					}
					forward(t, w, r, real)
				})), "cookie")
				if only != "" {
					o.Only = []string{only}
				}
				r, err := flow.Run(t.Context(), o)
				if r.Verdict() == flow.Passed || err != nil || only != "" && len(outcomes(r)[verdict.Pass]) > 0 {
					t.Errorf("%d to everything, only %q: %v, %v", status, only, err, outcomes(r))
				}
				if x := r.Results[len(r.Results)-1]; status != 500 && (r.Verdict() == flow.Incomplete) != x.Untried {
					t.Errorf("%d to everything, only %q: %s, %+v", status, only, r.Verdict(), x)
				}
			}
		}
	})
}

// TestServerDrips uses a server that, from some request on, begins answers and never ends
// them. The flow ends soon.
func TestServerDrips(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for _, after := range []int32{0, 1, 4} {
			var requests atomic.Int32
			real := serve(t, authserver.Options{AccessTTL: time.Hour})
			o := options(t, handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) <= after {
					forward(t, w, r, real)
					return
				}
				for r.Context().Err() == nil {
					io.WriteString(w, " ")
					w.(http.Flusher).Flush()
					time.Sleep(5 * time.Millisecond)
				}
			})), "cookie")
			o.Timeout = 100 * time.Millisecond
			began := time.Now()
			r, err := flow.Run(t.Context(), o)
			if verdict.ClassOf(err) != verdict.FetchFailed || r.Verdict() == flow.Passed || !strings.Contains(err.Error(), "within 100ms") {
				t.Errorf("after %d requests: %v", after, err)
			}
			if n := requests.Load(); n > after+3+5 || time.Since(began) > 8*time.Second { // six may be sent at once
				t.Errorf("after %d requests another %d in %s", after, n-after, time.Since(began))
			}
		}
	})
}

// TestServerSlow uses a server that answers everything late. The duration of the run is
// limited.
func TestServerSlow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		real := serve(t, authserver.Options{AccessTTL: time.Hour})
		o := options(t, handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(120 * time.Millisecond)
			forward(t, w, r, real)
		})), "cookie")
		o.Timeout, o.MaxWait, o.Leeway, o.MaxGrace = 200*time.Millisecond, 0, 0, 0
		r, err := flow.Run(t.Context(), o)
		if verdict.ClassOf(err) != verdict.FetchFailed || r.Verdict() == flow.Passed || !strings.Contains(err.Error(), "2.4s") {
			t.Errorf("%v after %d steps", err, len(r.Steps))
		}
	})
}

// forward passes a request on to another server.
func forward(t *testing.T, w http.ResponseWriter, r *http.Request, server string) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, server+r.URL.Path, r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header = r.Header
	resp, err := transport(t).RoundTrip(req)
	if err != nil {
		if r.Context().Err() == nil {
			t.Error(err)
		}
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	io.Copy(w, resp.Body)
}

// TestSteppedFails checks that the flow stops when Stepped fails.
func TestSteppedFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		deaf := errors.New("the pipe is closed")
		o := options(t, serve(t, authserver.Options{}), "cookie")
		steps := 0
		o.Stepped = func(flow.Step) error {
			steps++
			return deaf
		}
		r, err := flow.Run(t.Context(), o)
		if !errors.Is(err, deaf) || steps != 1 || len(r.Results) != 0 {
			t.Errorf("%v after %d steps", err, steps)
		}
		o.Began = func(flow.Report) error { return deaf }
		if _, err := flow.Run(t.Context(), o); !errors.Is(err, deaf) || steps != 1 {
			t.Errorf("%v after %d steps", err, steps)
		}
	})
}
