package flow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jwt/internal/authserver"
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
		{authserver.FaultAnyPassword, flow.WrongPasswordRefused, []string{flow.UniformLoginErrors}},
		{authserver.FaultErrorsDiffer, flow.UniformLoginErrors, nil},
		{authserver.FaultBearerRefused, flow.BearerAccepted, noBearer},
		{authserver.FaultNoBearer, flow.MissingBearerRefused, nil},
		{authserver.FaultTampered, flow.TamperedRefused, nil},
		{authserver.FaultAlgNone, flow.AlgNoneRefused, nil},
		{authserver.FaultExpired, flow.ExpiredRefused, nil},
		{"access-ttl=24h", flow.AccessLifetime, []string{flow.ExpiredRefused}},
		{authserver.FaultNoHTTPOnly, flow.CookieHTTPOnly, nil},
		{authserver.FaultNoSecure, flow.CookieSecure, nil},
		{authserver.FaultNoSameSite, flow.CookieSameSite, nil},
		{authserver.FaultCookieDomain, flow.CookieScope, nil},
		{authserver.FaultCacheable, flow.NoStore, nil},
		{authserver.FaultRefreshBroken, flow.RefreshWorks, noRefresh},
		{authserver.FaultRetryRefused, flow.RetryWorks, nil},
		{authserver.FaultNoRotation, flow.Rotation, []string{flow.ReuseDetected, flow.FamilyRevoked, flow.Grace, flow.ConcurrentRefresh}},
		{authserver.FaultReuse, flow.ReuseDetected, []string{flow.FamilyRevoked, flow.Grace, flow.ConcurrentRefresh}},
		{authserver.FaultFamilySurvives, flow.FamilyRevoked, nil},
		{authserver.FaultGrace + "=1h", flow.Grace, []string{flow.ReuseDetected, flow.FamilyRevoked}},
		{authserver.FaultRefreshAsAccess, flow.RefreshNotBearer, nil},
		{authserver.FaultAccessAsRefresh, flow.AccessNotRefresh, nil},
		{authserver.FaultLogoutBroken, flow.LogoutWorks, []string{flow.LogoutClearsCookie, flow.RefreshAfterLogout, flow.AccessAfterLogout}},
		{authserver.FaultCookieStays, flow.LogoutClearsCookie, nil},
		{authserver.FaultLogoutKeeps, flow.RefreshAfterLogout, []string{flow.AccessAfterLogout}},
		{authserver.FaultAccessOutlives, flow.AccessAfterLogout, nil}, // a warning
		{authserver.FaultRace, flow.ConcurrentRefresh, nil},
	}
	tested := map[string]bool{flow.LoginWorks: true} // TestLoginRefused
	for _, tt := range tests {
		tested[tt.broken] = true
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
