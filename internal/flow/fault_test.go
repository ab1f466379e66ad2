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
			r := run(t, options(t, serve(t, authserver.Options{}), tt.preset))
			want := map[verdict.Status][]string{}
			for _, id := range flow.RuleIDs() {
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

// TestFindsEachFault breaks one rule at a time: that one is found, and no other.
func TestFindsEachFault(t *testing.T) {
	noBearer := []string{flow.TamperedRefused, flow.AlgNoneRefused, flow.ExpiredRefused, flow.RetryWorks, flow.RefreshNotBearer, flow.AccessAfterLogout}
	noRefresh := []string{flow.RetryWorks, flow.Rotation, flow.ReuseDetected, flow.FamilyRevoked, flow.Grace, flow.AccessNotRefresh, flow.RefreshAfterLogout, flow.ConcurrentRefresh}
	tests := []struct {
		fault   string
		broken  string   // the rule that fails
		skipped []string // those that cannot be told any more
	}{
		{faulty.AnyPassword, flow.WrongPasswordRefused, []string{flow.UniformLoginErrors}},
		{faulty.ErrorsDiffer, flow.UniformLoginErrors, nil},
		{faulty.BearerRefused, flow.BearerAccepted, noBearer},
		{faulty.NoBearer, flow.MissingBearerRefused, nil},
		{faulty.Tampered, flow.TamperedRefused, nil},
		{faulty.AlgNone, flow.AlgNoneRefused, nil},
		{faulty.Expired, flow.ExpiredRefused, nil},
		{"access-ttl=24h", flow.AccessLifetime, []string{flow.ExpiredRefused}},
		{faulty.NoHTTPOnly, flow.CookieHTTPOnly, nil},
		{faulty.NoSecure, flow.CookieSecure, nil},
		{faulty.NoSameSite, flow.CookieSameSite, nil},
		{faulty.CookieDomain, flow.CookieScope, nil},
		{faulty.Cacheable, flow.NoStore, nil},
		{faulty.RefreshBroken, flow.RefreshWorks, noRefresh},
		{faulty.RetryRefused, flow.RetryWorks, nil},
		{faulty.NoRotation, flow.Rotation, []string{flow.ReuseDetected, flow.FamilyRevoked, flow.Grace, flow.ConcurrentRefresh}},
		{faulty.Reuse, flow.ReuseDetected, []string{flow.FamilyRevoked, flow.Grace, flow.ConcurrentRefresh}},
		{faulty.FamilySurvives, flow.FamilyRevoked, nil},
		{faulty.Grace + "=1h", flow.Grace, []string{flow.ReuseDetected, flow.FamilyRevoked}},
		{faulty.RefreshAsAccess, flow.RefreshNotBearer, nil},
		{faulty.AccessAsRefresh, flow.AccessNotRefresh, nil},
		{faulty.LogoutBroken, flow.LogoutWorks, []string{flow.LogoutClearsCookie, flow.RefreshAfterLogout, flow.AccessAfterLogout}},
		{faulty.CookieStays, flow.LogoutClearsCookie, nil},
		{faulty.LogoutKeeps, flow.RefreshAfterLogout, []string{flow.AccessAfterLogout}},
		{faulty.AccessOutlives, flow.AccessAfterLogout, nil}, // a warning
		{faulty.Race, flow.ConcurrentRefresh, nil},
	}
	tested := map[string]bool{flow.LoginWorks: true} // TestLoginRefused
	breaks := map[string]string{faulty.LoginBroken: flow.LoginWorks}
	for _, tt := range tests {
		tested[tt.broken] = true
		name, _, _ := strings.Cut(tt.fault, "=")
		breaks[name] = tt.broken
		o, faults := authserver.Options{}, []string{tt.fault}
		if ttl, ok := strings.CutPrefix(tt.fault, "access-ttl="); ok {
			d, err := time.ParseDuration(ttl)
			if err != nil {
				t.Fatal(err)
			}
			o.AccessTTL, faults = d, nil
		}
		t.Run(tt.fault, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				expectOnly(t, run(t, options(t, serve(t, o, faults...), "cookie")), tt.broken, tt.skipped)
			})
		})
	}
	for _, id := range flow.RuleIDs() {
		if !tested[id] {
			t.Errorf("no fault breaks %s", id)
		}
	}
	for _, k := range faulty.All() {
		if k.Breaks != breaks[k.Name] {
			t.Errorf("%s breaks %q, but its table says %q", k.Name, breaks[k.Name], k.Breaks)
		}
	}
}

// expectOnly wants one rule broken, some skipped, and all others kept.
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
	for _, id := range flow.RuleIDs() {
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
	if r.Failed() != (level == flow.Must) {
		t.Errorf("the verdict is %s, the rule is a %s", r.Verdict(), level)
	}
}
