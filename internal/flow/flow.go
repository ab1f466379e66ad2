// Package flow drives a whole session against a server (log in, call, expire, refresh,
// retry, replay, log out) and judges its answers by named rules: RFC 9700 and the
// specifications that it builds on.
package flow

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/httpclient"
	"jwt/internal/verdict"
)

// Options say which server is judged and how. Server, Preset, User, Password, Now and
// After are required.
type Options struct {
	Server    *url.URL // as authclient.ParseServer gives it
	Preset    authclient.Preset
	User      string
	Password  []byte
	Protected string // a path that requires an access token; empty: the preset's userinfo

	Only, Skip []string // rules, by id

	MaxWait  time.Duration // the longest wait for an access token to expire
	Leeway   time.Duration // for how long after that it may still be taken
	MaxGrace time.Duration // for how long a spent refresh token may still be taken

	Timeout   time.Duration // of one request; 0: DefaultTimeout
	HTTP      *http.Client  // nil: one with our limits
	UserAgent string
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time

	Began   func(Report) error // hears of the run before its first step; may be nil
	Stepped func(Step) error   // hears of each step as it happens; may be nil
}

// Defaults of Options.
const (
	DefaultMaxWait  = 15 * time.Second
	DefaultLeeway   = 2 * time.Second
	DefaultMaxGrace = 10 * time.Second
	DefaultTimeout  = 10 * time.Second
)

const (
	maxSilent   = 3  // requests in one run that may time out
	maxTimeouts = 12 // so many times Timeout a run may take, besides what it waits for
)

// A Result is a rule and how the server kept it. Of a skipped rule Actual is the
// reason.
type Result struct {
	Rule
	Status verdict.Status
	Actual string
}

// A Step is one request and its answer, or a wait, whose Method is empty.
type Step struct {
	N      int
	Name   string
	Method string
	URL    string
	Status int           // 0: no answer, or a wait
	At     time.Duration // from the beginning of the run
	Took   time.Duration
	Note   string
}

// A Report is the outcome of a run. No secret is in it.
type Report struct {
	Server  string
	Preset  string
	Began   time.Time
	Took    time.Duration
	Results []Result
	Steps   []Step
	Tokens  []Token
	Err     error // why the flow did not complete; nil if it did
}

// Failed reports whether the verdict is fail: a required rule was broken, or the flow
// did not complete.
func (r Report) Failed() bool {
	return r.Err != nil || slices.ContainsFunc(r.Results, Result.Decides)
}

// Decides reports whether the verdict is fail by this rule alone.
func (x Result) Decides() bool { return x.Level == Must && x.Status == verdict.Fail }

// Verdict is "pass" or "fail".
func (r Report) Verdict() string {
	if r.Failed() {
		return "fail"
	}
	return "pass"
}

// Count returns how many rules came out that way.
func (r Report) Count(s verdict.Status) int {
	n := 0
	for _, x := range r.Results {
		if x.Status == s {
			n++
		}
	}
	return n
}

// Check rejects unknown rules and invalid paths.
func (o Options) Check() error {
	known := RuleIDs()
	for _, list := range []struct {
		name string
		ids  []string
	}{{"only", o.Only}, {"skip", o.Skip}} {
		for _, id := range list.ids {
			if !slices.Contains(known, id) {
				return verdict.Errorf(verdict.Usage, "%s: there is no rule %q", list.name, id).Hintf("one of %s", strings.Join(known, " "))
			}
		}
	}
	_, err := url.Parse(o.Protected)
	if o.Protected != "" && (err != nil || !strings.HasPrefix(o.Protected, "/") || strings.HasPrefix(o.Protected, "//") || strings.ContainsAny(o.Protected, "?#")) {
		return verdict.Errorf(verdict.Usage, "protected: is %q, must be a path that begins with one /, without a query", o.Protected).
			Hintf("--protected /me")
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"max-wait", o.MaxWait}, {"leeway", o.Leeway}, {"max-grace", o.MaxGrace}} {
		if d.value < 0 || d.value > maxAnyWait {
			return verdict.Errorf(verdict.Usage, "%s: is %s, must be 0s to %s", d.name, d.value, maxAnyWait)
		}
	}
	return nil
}

const maxAnyWait = 24 * time.Hour

// Run drives the flow and returns the report. Its Err, which is also returned, says why
// the flow did not complete: the server does not answer, refused the login, or the
// caller interrupted it. A broken rule is not an error. If Stepped fails the report has
// no results.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Check(); err != nil {
		return Report{}, err
	}
	r := newRun(o)
	if o.Began != nil {
		if err := o.Began(r.report); err != nil {
			return Report{}, err
		}
	}
	longest := r.MaxWait + r.Leeway + r.MaxGrace + maxTimeouts*r.Timeout
	ctx, cancel := context.WithTimeoutCause(ctx, longest, verdict.Errorf(verdict.FetchFailed, "%s: the story is not told after %s", r.report.Server, longest).
		Hintf("the server is slow; --only RULE judges less"))
	defer cancel()
	err := r.scenario(ctx)
	if errors.As(err, new(stepError)) {
		r.Stepped = nil
	}
	r.logoutLeftovers(ctx, err == nil)
	if errors.As(err, new(stepError)) {
		return r.report, err
	}
	if r.granted > 0 {
		r.checkCookies()
		r.checkCaching()
	}
	if err == nil && !r.broken() {
		err = r.lost // rules that nothing is known of must not look like a success
	}
	err = r.withoutSecrets(err)
	r.finish(err)
	return r.report, err
}

// withoutSecrets returns an error that may quote what a server said as one that may
// be shown.
func (r *run) withoutSecrets(err error) error {
	if err == nil || r.hide(err.Error()) == err.Error() {
		return err
	}
	shown := verdict.Errorf(verdict.ClassOf(err), "%s", r.hide(err.Error()))
	var e *verdict.Error
	if errors.As(err, &e) {
		shown.Hint = r.hide(e.Hint)
	}
	return shown
}

// A stepError is an error of Options.Stepped: the output is gone.
type stepError struct{ error }

func (u stepError) Unwrap() error { return u.error }

// finish records the rules that were not tried, and completes the report.
func (r *run) finish(err error) {
	reason := "nothing happened that would tell"
	if err != nil {
		reason = "the story ended before: " + err.Error()
	}
	for _, rule := range Rules() {
		res, judged := r.results[rule.ID]
		switch {
		case len(r.Only) > 0 && !slices.Contains(r.Only, rule.ID):
			continue
		case slices.Contains(r.Skip, rule.ID):
			res.Status, res.Actual = verdict.Skip, "left out on request"
		case !judged:
			res.Status, res.Actual = verdict.Skip, reason
		}
		if rule.ID == Grace {
			rule.Expected = "refused after " + r.MaxGrace.String() + " at the latest"
		}
		res.Rule = rule
		r.report.Results = append(r.report.Results, res)
	}
	r.report.Took = r.Now().Sub(r.report.Began)
	r.report.Tokens = r.tokens.list()
	r.report.Err = err
}

// wants reports whether one of the rules is to be judged.
func (r *run) wants(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		return (len(r.Only) == 0 || slices.Contains(r.Only, id)) && !slices.Contains(r.Skip, id)
	})
}

func (r *run) record(id string, status verdict.Status, actual string) {
	r.results[id] = Result{Status: status, Actual: r.hide(actual)}
}

func (r *run) pass(id, actual string) { r.record(id, verdict.Pass, actual) }
func (r *run) fail(id, actual string) { r.record(id, verdict.Fail, actual) }

func (r *run) skip(reason string, ids ...string) {
	for _, id := range ids {
		r.record(id, verdict.Skip, reason)
	}
}

// failed reports whether the rule was broken.
func (r *run) failed(id string) bool { return r.results[id].Status == verdict.Fail }

// broken reports whether the verdict is fail already.
func (r *run) broken() bool {
	return slices.ContainsFunc(Rules(), func(rule Rule) bool { return rule.Level == Must && r.failed(rule.ID) && r.wants(rule.ID) })
}

// skipped reports whether the rule was judged to be untestable.
func (r *run) skipped(id string) bool { return r.results[id].Status == verdict.Skip }

func newRun(o Options) *run {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Protected = cmp.Or(o.Protected, o.Preset.Userinfo.Path)
	r := &run{
		Options: o,
		results: map[string]Result{},
		report:  Report{Server: o.Server.String(), Preset: o.Preset.Name, Began: o.Now()},
	}
	r.tokens.began = r.report.Began
	r.tokens.secrets.Add(string(o.Password))
	r.wires = &recorder{base: httpclient.Transport(o.HTTP, 0), now: o.Now, cookie: o.Preset.Tokens.RefreshCookie()}
	r.server = &authclient.Client{
		URL: o.Server, Preset: o.Preset, UserAgent: o.UserAgent, Now: o.Now, Timeout: o.Timeout,
		Transport: r.wires,
	}
	return r
}

// A run is one execution of the flow.
type run struct {
	Options
	server  *authclient.Client
	wires   *recorder
	results map[string]Result
	report  Report
	tokens  ledger
	lost    error // why a rule could not be judged: a request without an answer, or one that told nothing

	silent    int // requests that timed out
	families  []*family
	cookies   []*http.Cookie // those with a refresh token that were set
	cacheable []string       // answers with tokens that a cache may keep
	granted   int            // answers with tokens
}
