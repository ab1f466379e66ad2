package flow_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jwt/internal/authserver"
	"jwt/internal/flow"
	"jwt/internal/verdict"
)

// renamed changes the name of the refresh cookie in answers, and back in requests.
func renamed(name, extra string) (ask func(*http.Request, *message) bool, change func(*http.Request, *message)) {
	ask = func(r *http.Request, _ *message) bool {
		r.Header.Set("Cookie", strings.ReplaceAll(r.Header.Get("Cookie"), name+"=", "refresh_token="))
		return false
	}
	change = func(r *http.Request, m *message) {
		m.setCookies(func(c *http.Cookie) *http.Cookie {
			if c.Name == "refresh_token" {
				c.Name = name
			}
			return c
		})
		if r.URL.Path == "/login" && extra != "" {
			m.header.Add("Set-Cookie", extra)
		}
	}
	return ask, change
}

// TestRefreshCookieByWhatItIs finds the refresh token in a cookie of any name, and only there.
func TestRefreshCookieByWhatItIs(t *testing.T) {
	for _, tt := range []struct{ name, extra, preset, says string }{
		{"refreshToken", "", "cookie", ""},
		{"jid", "", "cookie", ""},
		{"jid", "XSRF-TOKEN=abcdefgh; Path=/", "cookie", ""},                     // a script reads it
		{"jid", "sid=abcdefgh; Path=/admin; HttpOnly", "cookie", ""},             // is not sent to refresh
		{"rt", "old=abcdefgh; Path=/; HttpOnly; Max-Age=0", "cookie", ""},        // is cleared
		{"refreshToken", "connect.sid=abcdefgh; Path=/; HttpOnly", "cookie", ""}, // the name decides
		{"jid", "connect.sid=abcdefgh; Path=/; HttpOnly", "cookie", "the login gave no refresh token; the answer set the HttpOnly cookies `jid`, `connect.sid`"},
	} {
		inBubble(t, func(t *testing.T) {
			ask, change := renamed(tt.name, tt.extra)
			o := options(t, behind(t, authserver.Options{AccessTTL: time.Hour}, ask, change), tt.preset)
			o.Only = []string{flow.CookieHTTPOnly, flow.RefreshWorks, flow.Rotation, flow.LogoutClearsCookie, flow.RefreshAfterLogout}
			r := run(t, o)
			want := flow.Passed
			if tt.says != "" {
				want = flow.Failed
			}
			if r.Verdict() != want {
				t.Errorf("%s, %s: %s, %+v", tt.name, tt.extra, r.Verdict(), r.Results)
			}
			for _, x := range r.Results {
				if x.ID == flow.RefreshWorks && tt.says != "" && (x.Status != verdict.Fail || x.Actual != tt.says) {
					t.Errorf("%s: %s %q", x.ID, x.Status, x.Actual)
				}
			}
			for format, text := range written(r) {
				if strings.Contains(text, "abcdefgh") {
					t.Errorf("%s shows the value of a cookie", format)
				}
			}
		})
	}
}

// TestSecondNameOfTheCookie uses the second of two names in the preset.
func TestSecondNameOfTheCookie(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ask, change := renamed("__Host-rt", "other=abcdefgh; Path=/; HttpOnly")
		o := options(t, behind(t, authserver.Options{AccessTTL: time.Hour}, ask, change), "cookie")
		o.Preset.Tokens.Refresh = []string{"cookie:rt", "cookie:__Host-rt"}
		o.Only = []string{flow.CookieHTTPOnly, flow.RefreshWorks, flow.Rotation, flow.LogoutClearsCookie, flow.RefreshAfterLogout}
		if r := run(t, o); r.Verdict() != flow.Passed {
			t.Errorf("%s, %+v", r.Verdict(), r.Results)
		}
	})
}

// TestRefreshTokenElsewhere names what the login gave, where the preset expects a member.
func TestRefreshTokenElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		o := options(t, behind(t, authserver.Options{AccessTTL: time.Hour}, nil, func(r *http.Request, m *message) {
			var said map[string]any
			if json.Unmarshal([]byte(m.body), &said) == nil {
				delete(said, "refreshToken")
				b, _ := json.Marshal(said)
				m.body = string(b)
			}
		}), "token")
		r := run(t, o)
		for _, x := range r.Results {
			if x.ID == flow.RefreshWorks && (x.Status != verdict.Fail || x.Actual != "the login gave no refresh token; the answer set an HttpOnly cookie `refresh_token`" || x.Step != 1) {
				t.Errorf("%+v", x)
			}
		}
		if r.Verdict() != flow.Failed {
			t.Error(r.Verdict())
		}
	})
}

// TestIncomplete checks what makes a verdict incomplete, and that an unknown is never a pass.
func TestIncomplete(t *testing.T) {
	noSteps := func(o *flow.Options) { o.Preset.Logout.Path = "" }
	for _, tt := range []struct {
		name   string
		change func(*flow.Options)
		ttl    time.Duration
		want   flow.Verdict
	}{
		{"all", func(*flow.Options) {}, 0, flow.Passed},
		{"an hour to wait", func(*flow.Options) {}, time.Hour, flow.Passed},
		{"an hour to wait, and nothing else", func(o *flow.Options) { o.Only = []string{flow.ExpiredRefused} }, time.Hour, flow.Incomplete},
		{"no logout in the preset", noSteps, 0, flow.Incomplete},
		{"no logout in the preset, allowed", func(o *flow.Options) { noSteps(o); o.AllowUntested = true }, 0, flow.Passed},
		{"no logout in the preset, one rule skipped", func(o *flow.Options) { noSteps(o); o.Skip = []string{flow.LogoutWorks} }, 0, flow.Incomplete},
		{"no logout in the preset, skipped", func(o *flow.Options) {
			noSteps(o)
			o.Skip = []string{flow.LogoutWorks, flow.LogoutClearsCookie, flow.RefreshAfterLogout}
		}, 0, flow.Passed},
		{"no protected path", func(o *flow.Options) { o.Preset.Userinfo.Path, o.Protected = "", "" }, 0, flow.Incomplete},
		{"a wrong path", func(o *flow.Options) { o.Protected = "/nothing/there" }, 0, flow.Incomplete},
		{"no refresh in the preset", func(o *flow.Options) { o.Preset.Refresh.Path = "" }, 0, flow.Incomplete},
		{"only a rule that is skipped", func(o *flow.Options) { o.Only, o.Skip = []string{flow.Rotation}, []string{flow.Rotation} }, 0, flow.Incomplete},
		{"only a rule that is skipped, allowed", func(o *flow.Options) {
			o.Only, o.Skip, o.AllowUntested = []string{flow.Rotation}, []string{flow.Rotation}, true
		}, 0, flow.Incomplete},
		{"only rules without a step, allowed", func(o *flow.Options) {
			noSteps(o)
			o.Only, o.AllowUntested = []string{flow.LogoutWorks, flow.RefreshAfterLogout}, true
		}, 0, flow.Incomplete},
		{"only a rule of level info", func(o *flow.Options) { noSteps(o); o.Only = []string{flow.AccessAfterLogout} }, 0, flow.Incomplete},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				o := options(t, serve(t, authserver.Options{AccessTTL: tt.ttl}), "cookie")
				tt.change(&o)
				r := run(t, o)
				if r.Verdict() != tt.want {
					t.Errorf("%s, want %s; untried %v; %v", r.Verdict(), tt.want, r.Untried(), outcomes(r))
				}
				w := written(r)
				if s := `"verdict":"` + string(tt.want) + `"`; !strings.Contains(strings.ReplaceAll(w["json"], `": "`, `":"`), s) {
					t.Errorf("json has no %s", s)
				}
				for format, s := range map[string]string{
					"junit": `name="verdict" value="` + string(tt.want) + `"`, "html": `<span class="badge ` + string(tt.want) + `">`,
					"text": " " + string(tt.want) + ": ", "mermaid": "verdict " + string(tt.want),
				} {
					if !strings.Contains(w[format], s) {
						t.Errorf("%s has no %s", format, s)
					}
				}
				if tt.want == flow.Incomplete && !strings.Contains(w["junit"], "<skipped") {
					t.Error("junit skips nothing")
				}
			})
		})
	}
}

// TestLeeway judges how long an expired token is accepted.
func TestLeeway(t *testing.T) {
	for _, tt := range []struct {
		leeway time.Duration // of the server
		want   verdict.Status
		says   string
	}{
		{0, verdict.Pass, "401"},
		{10 * time.Second, verdict.Warn, "accepted for at least "},
		{55 * time.Second, verdict.Warn, "accepted for at least "},
		{70 * time.Second, verdict.Fail, "accepted 1 min after it expired"},
		{time.Hour, verdict.Fail, "accepted 1 min after it expired"},
	} {
		inBubble(t, func(t *testing.T) {
			var began time.Time
			ask := func(r *http.Request, m *message) bool {
				if r.URL.Path == "/login" && began.IsZero() {
					began = time.Now()
				}
				if r.URL.Path != "/me" || time.Since(began) > 3*time.Second+tt.leeway {
					return false
				}
				m.body = "{}"
				return true
			}
			o := options(t, behind(t, authserver.Options{}, ask, asIs), "cookie")
			o.Only = []string{flow.ExpiredRefused}
			r := run(t, o)
			if x := r.Results[0]; x.Status != tt.want || !strings.Contains(x.Actual, tt.says) {
				t.Errorf("%s: %s %q", tt.leeway, x.Status, x.Actual)
			}
		})
	}
}

// TestRetryAfter waits as long as the server asks, and no longer than the longest wait.
func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		path, after string
		want        flow.Verdict
	}{
		{"/login", "2", flow.Passed},
		{"/refresh", "2", flow.Passed},
		{"/me", "2", flow.Passed},
		{"/logout", "2", flow.Passed},
		{"/logout", "3600", flow.Incomplete},
		{"/refresh", "", flow.Incomplete},
	} {
		inBubble(t, func(t *testing.T) {
			var asked atomic.Int32
			var free time.Time
			ask := func(r *http.Request, m *message) bool {
				if r.URL.Path != tt.path {
					return false
				}
				n := asked.Add(1)
				if n == 1 {
					free = time.Now().Add(2 * time.Second)
				}
				if time.Now().After(free) || time.Now().Equal(free) {
					return false
				}
				m.status = 429
				if tt.after != "" {
					m.header.Set("Retry-After", tt.after)
				}
				return true
			}
			o := options(t, behind(t, authserver.Options{AccessTTL: time.Hour}, ask, asIs), "cookie")
			o.Only = []string{flow.LoginWorks, flow.BearerAccepted, flow.RefreshWorks, flow.LogoutWorks, flow.RefreshAfterLogout}
			r := run(t, o)
			if r.Verdict() != tt.want {
				t.Errorf("%s, Retry-After %q: %s, %+v", tt.path, tt.after, r.Verdict(), r.Results)
			}
		})
	}
}

// TestStrangerHasTheFormOfTheUser records the names of unknown users.
func TestStrangerHasTheFormOfTheUser(t *testing.T) {
	for user, form := range map[string]func(string) bool{
		"alice":             func(s string) bool { return strings.HasPrefix(s, "nobody-") },
		"alice@example.com": func(s string) bool { return strings.HasPrefix(s, "nobody-") && strings.HasSuffix(s, "@example.com") },
		"+491701234567":     func(s string) bool { return strings.HasPrefix(s, "+4917012") && len(s) == 13 && s != "+491701234567" },
		"20261128":          func(s string) bool { return len(s) == 8 && strings.Trim(s, "0123456789") == "" && s != "20261128" },
	} {
		inBubble(t, func(t *testing.T) {
			var names []string
			o := options(t, handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var said struct{ Username, Password string }
				json.NewDecoder(r.Body).Decode(&said)
				if said.Password == password {
					w.Write([]byte(`{"accessToken":"opaque-access-token","tokenType":"Bearer"}`))
					return
				}
				names = append(names, said.Username)
				w.WriteHeader(401)
			})), "cookie")
			o.User, o.Only = user, []string{flow.UniformLoginErrors}
			run(t, o)
			if len(names) != 2 || names[0] != user || !form(names[1]) {
				t.Errorf("%q: %q", user, names)
			}
		})
	}
}

// TestBrokenStep marks the step that broke a rule.
func TestBrokenStep(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for fault, name := range map[string]string{
			"tampered-accepted": "call, changed token", "cookie-no-httponly": "log in", "no-no-store": "log in",
			"logout-keeps-cookie": "log out", "access-as-refresh": "refresh, access token", "family-survives": "refresh, its successor",
		} {
			r := run(t, options(t, serve(t, authserver.Options{AccessTTL: time.Hour}, fault), "cookie"))
			for _, x := range r.Results {
				if x.Status != verdict.Fail {
					continue
				}
				if x.Step == 0 || r.Steps[x.Step-1].Name != name || len(r.Steps[x.Step-1].Breaks) == 0 {
					t.Errorf("%s: %s is broken by step %d, want %s", fault, x.ID, x.Step, name)
				}
			}
		}
	})
}
