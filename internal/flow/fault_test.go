package flow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/authserver"
	"jwt/internal/authserver/faulty"
	"jwt/internal/flow"
	"jwt/internal/verdict"
)

func TestKeepsEveryRule(t *testing.T) {
	tests := []struct {
		preset  string
		skipped []string
	}{
		{"cookie", nil},
		{"token", []string{flow.CookieHTTPOnly, flow.CookieSecure, flow.CookieSameSite, flow.CookieScope, flow.LogoutClearsCookie}},
	}
	for _, tt := range tests {
		inBubble(t, func(t *testing.T) {
			o := options(t, serve(t, authserver.Options{}), tt.preset)
			o.Cart = true
			r := run(t, o)
			want := map[verdict.Status][]string{}
			for _, id := range flow.RuleIDs(flow.Session, flow.Cart) {
				status := verdict.Pass
				if slices.Contains(tt.skipped, id) {
					status = verdict.Skip
				}
				want[status] = append(want[status], id)
			}
			if d := cmp.Diff(want, outcomes(r)); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.preset, d)
			}
			if r.Verdict() != "pass" || r.Took > 10*time.Second {
				t.Errorf("%s: verdict %s in %s", tt.preset, r.Verdict(), r.Took)
			}
			waits := func(s flow.Step) bool { return s.Name == "wait" && s.Method == "" && s.URL == "" && s.Status == 0 }
			if !slices.ContainsFunc(r.Steps, waits) {
				t.Errorf("%s: it waits for no expiry: %+v", tt.preset, r.Steps)
			}
		})
	}
}

// TestFindsEachFault breaks one rule at a time, and checks that only this rule fails.
func TestFindsEachFault(t *testing.T) {
	noBearer := []string{flow.TamperedRefused, flow.AlgNoneRefused, flow.ExpiredRefused, flow.RetryWorks, flow.RefreshNotBearer, flow.AccessAfterLogout, flow.CartWorks, flow.TamperedCartRefused}
	noRefresh := []string{flow.RetryWorks, flow.Rotation, flow.ReuseDetected, flow.FamilyRevoked, flow.Grace, flow.AccessNotRefresh, flow.RefreshAfterLogout, flow.ConcurrentRefresh}
	tests := []struct {
		fault   string
		broken  string   // the rule that fails
		skipped []string // the rules that cannot be judged then
	}{
		{"any-password", flow.WrongPasswordRefused, []string{flow.UniformLoginErrors}},
		{"uniform-errors-off", flow.UniformLoginErrors, nil},
		{"bearer-refused", flow.BearerAccepted, noBearer},
		{"no-bearer-accepted", flow.MissingBearerRefused, nil},
		{"tampered-accepted", flow.TamperedRefused, nil},
		{"alg-none-accepted", flow.AlgNoneRefused, nil},
		{"expired-accepted", flow.ExpiredRefused, nil},
		{"access-long", flow.AccessLifetime, []string{flow.ExpiredRefused}},
		{"cookie-no-httponly", flow.CookieHTTPOnly, nil},
		{"cookie-no-secure", flow.CookieSecure, nil},
		{"cookie-no-samesite", flow.CookieSameSite, nil},
		{"cookie-domain", flow.CookieScope, nil},
		{"no-no-store", flow.NoStore, nil},
		{"refresh-broken", flow.RefreshWorks, noRefresh},
		{"retry-refused", flow.RetryWorks, nil},
		{"rotation-off", flow.Rotation, []string{flow.ReuseDetected, flow.FamilyRevoked, flow.Grace, flow.ConcurrentRefresh}},
		{"reuse-undetected", flow.ReuseDetected, []string{flow.FamilyRevoked, flow.Grace, flow.ConcurrentRefresh}},
		{"family-survives", flow.FamilyRevoked, nil},
		{"grace=1h", flow.Grace, []string{flow.ReuseDetected, flow.FamilyRevoked}},
		{"refresh-as-access", flow.RefreshNotBearer, nil},
		{"access-as-refresh", flow.AccessNotRefresh, nil},
		{"logout-broken", flow.LogoutWorks, []string{flow.LogoutClearsCookie, flow.RefreshAfterLogout, flow.AccessAfterLogout}},
		{"logout-keeps-cookie", flow.LogoutClearsCookie, nil},
		{"logout-keeps", flow.RefreshAfterLogout, []string{flow.AccessAfterLogout}},
		{"access-outlives", flow.AccessAfterLogout, nil}, // a warning
		{"checkout-broken", flow.CartWorks, nil},
		{"tampered-cart-accepted", flow.TamperedCartRefused, nil},
		{"rotation-races", flow.ConcurrentRefresh, nil},
	}
	tested := map[string]bool{flow.LoginWorks: true} // TestLoginRefused
	breaks := map[string]string{"login-broken": flow.LoginWorks}
	for _, tt := range tests {
		tested[tt.broken] = true
		name, _, _ := strings.Cut(tt.fault, "=")
		breaks[name] = tt.broken
		t.Run(tt.fault, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				options := options(t, serve(t, authserver.Options{}, tt.fault), "cookie")
				options.Cart = true
				expectOnly(t, run(t, options), tt.broken, tt.skipped)
			})
		})
	}
	for _, id := range flow.RuleIDs(flow.Session, flow.Cart) {
		if !tested[id] {
			t.Errorf("no fault breaks %s", id)
		}
	}
	for _, c := range localFaults {
		breaks[c.fault] = c.broken
	}
	for _, k := range faulty.All() {
		if k.Breaks != breaks[k.Name] {
			t.Errorf("%s breaks %q, but its table says %q", k.Name, breaks[k.Name], k.Breaks)
		}
	}
}

// expectOnly checks that one rule failed, these were skipped, and all others passed.
func expectOnly(t *testing.T, r flow.Report, broken string, skipped []string) {
	t.Helper()
	level := flow.Level("")
	for _, rule := range flow.Rules() {
		if rule.ID == broken {
			level = rule.Level
		}
	}
	status := verdict.Fail
	if level == flow.Info {
		status = verdict.Warn
	}
	want := map[verdict.Status][]string{status: {broken}}
	for _, id := range flow.RuleIDs(flow.Session, flow.Cart) {
		switch {
		case slices.Contains(skipped, id):
			want[verdict.Skip] = append(want[verdict.Skip], id)
		case id != broken:
			want[verdict.Pass] = append(want[verdict.Pass], id)
		}
	}
	if d := cmp.Diff(want, outcomes(r)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
		for _, x := range r.Results {
			t.Logf("%s %s: %s", x.Status, x.ID, x.Actual)
		}
	}
	if (r.Verdict() == flow.Failed) != (level == flow.Must) {
		t.Errorf("the verdict is %s, the rule is a %s", r.Verdict(), level)
	}
}
