// Package flow runs a complete session against a server (log in, call, expire, refresh,
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
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// Options select the server and the rules. Server, Preset, User, Password, Now and After
// are required.
type Options struct {
	Server    *url.URL // from httpclient.ParseServer
	Preset    presets.Preset
	User      string
	Password  []byte
	Protected string // a path that requires an access token; empty: the userinfo of the preset
	Cart      bool   // the server has the cart of the local server

	// OAuth also judges the server as an OAuth 2.0 server. Without a preset, the rules of a
	// session are judged by sessions of its flow.
	OAuth *OAuth

	Only, Skip    []string // rules, by ID
	AllowUntested bool     // a rule that could not be tried does not make the verdict incomplete

	MaxWait  time.Duration // the longest wait for an access token to expire
	Leeway   time.Duration // how long an expired access token may still be accepted
	MaxGrace time.Duration // how long a spent refresh token may still be accepted

	Timeout   time.Duration // of one request; 0: DefaultTimeout
	HTTP      *http.Client  // nil: a client with our limits
	UserAgent string
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time

	Began   func(Report) error // called before the first step; may be nil
	Stepped func(Step) error   // called after each step; may be nil
}

// Defaults of Options.
const (
	DefaultMaxWait  = 15 * time.Second
	DefaultLeeway   = 2 * time.Second
	DefaultMaxGrace = 10 * time.Second
	DefaultTimeout  = 10 * time.Second
)

const (
	maxSilent   = 3  // requests that may time out in one run
	maxTimeouts = 12 // the limit of a run in timeouts, not counting its waits

	maxVisits = 30 * time.Minute // of a user to login pages
)

// A Result is the outcome of a rule. For a skipped rule Actual is the reason.
type Result struct {
	Rule
	Status verdict.Status
	Actual string
	// Untried reports that the rule was skipped although the flow should have reached it: a
	// token, a step or an answer is missing. It is false for a rule that does not apply to
	// the server, and for one that was skipped on request.
	Untried bool
	Step    int // the number of the step that broke the rule; 0: none
}

// A Step is one request and its answer, or a wait, which has no Method.
type Step struct {
	N      int
	Name   string
	Method string
	URL    string
	Status int           // 0: no answer, or a wait
	At     time.Duration // since the start of the run
	Took   time.Duration
	Note   string
	Breaks []string // the rules that this step broke, or about which it gave a warning
}

// A Report is the outcome of a run. It contains no secrets.
type Report struct {
	Server  string
	Preset  string
	Began   time.Time
	Took    time.Duration
	Results []Result
	Steps   []Step
	Tokens  []Token
	Err     error // why the flow did not complete; nil if it did

	AllowUntested bool
}

// A Verdict is the outcome of a run.
type Verdict string

// The verdicts, as in JSON.
const (
	Passed     Verdict = "pass"
	Failed     Verdict = "fail"
	Incomplete Verdict = "incomplete"
)

// Decides reports whether this rule alone makes the verdict fail.
func (x Result) Decides() bool { return x.Level == Must && x.Status == verdict.Fail }

// Verdict returns the verdict. It is fail if a required rule failed. It is incomplete if
// the flow did not complete, if a required rule could not be tried, which AllowUntested
// permits, or if no rule was tried at all.
func (r Report) Verdict() Verdict {
	switch {
	case slices.ContainsFunc(r.Results, Result.Decides):
		return Failed
	case r.Err != nil || r.NoneTried() || !r.AllowUntested && len(r.Untried()) > 0:
		return Incomplete
	default:
		return Passed
	}
}

// NoneTried reports whether every rule was skipped.
func (r Report) NoneTried() bool { return r.Count(verdict.Skip) == len(r.Results) }

// Untried returns the required rules that could not be tried.
func (r Report) Untried() []string {
	var ids []string
	for _, x := range r.Results {
		if x.Level == Must && x.Untried {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// Count returns the number of rules with this status.
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
				return verdict.Errorf(verdict.Usage, "%s: unknown rule %q", list.name, id).Hintf("jwt session flow --help lists the rules")
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

// Run runs the flow and returns the report. Its Err, which is also returned, is the
// reason why the flow did not complete: the server does not answer or refused the login,
// or the caller interrupted it. A failed rule is not an error. If Stepped fails the
// report has no results.
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
	longest := 2*r.MaxWait + r.Leeway + r.MaxGrace + maxTimeouts*r.Timeout // MaxWait for the expiry, and for Retry-After
	if r.MaxWait > 0 {
		longest += maxLeeway
	}
	if r.OAuth != nil {
		longest += maxVisits
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longest, verdict.Errorf(verdict.FetchFailed, "%s: gave up after %s", r.report.Server, longest).
		Hintf("the server is slow; --only RULE judges less"))
	defer cancel()
	err := r.judgeServer(ctx)
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
		err = r.lost // a run with rules that were not judged is not a success
	}
	err = r.withoutSecrets(err)
	r.finish(err)
	return r.report, err
}

// withoutSecrets hides the secrets in an error that may quote the server.
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

// A stepError is an error of Options.Stepped: the report cannot be written any more.
type stepError struct{ error }

func (u stepError) Unwrap() error { return u.error }

// finish records the rules that were not tried, and completes the report.
func (r *run) finish(err error) {
	reason := "no step tested it"
	if err != nil {
		reason = "the flow ended before: " + err.Error()
	}
	for _, rule := range Rules() {
		res, judged := r.results[rule.ID]
		switch {
		case len(r.Only) > 0 && !slices.Contains(r.Only, rule.ID), len(r.Only) == 0 && !r.judges(rule.Part):
			continue
		case !r.judges(rule.Part):
			res = Result{Status: verdict.Skip, Actual: notJudged[rule.Part]}
		case slices.Contains(r.Skip, rule.ID):
			res = Result{Status: verdict.Skip, Actual: "skipped on request"}
		case !judged:
			res = Result{Status: verdict.Skip, Actual: reason, Untried: true}
		}
		if rule.ID == Grace {
			rule.Expected = "refused after " + r.MaxGrace.String() + " at the latest"
		}
		res.Rule = rule
		r.report.Results = append(r.report.Results, res)
	}
	r.markSteps()
	r.report.Took = r.Now().Sub(r.report.Began)
	r.report.Tokens = r.tokens.list()
	r.report.Err = err
	r.report.AllowUntested = r.AllowUntested
}

// markSteps marks the steps that broke a rule.
func (r *run) markSteps() {
	for _, x := range r.report.Results {
		if x.Step > 0 && x.Step <= len(r.report.Steps) {
			s := &r.report.Steps[x.Step-1]
			s.Breaks = append(s.Breaks, x.ID)
		}
	}
}

// judges reports whether the server is judged by a part of the rules.
func (r *run) judges(p Part) bool {
	switch p {
	case Cart:
		return r.Cart
	case OAuth2:
		return r.OAuth != nil
	default:
		return true
	}
}

// notJudged says why a server is not judged by a part.
var notJudged = map[Part]string{
	Cart:   "only the local server has the cart",
	OAuth2: "the server is not judged as an OAuth 2.0 server: --client-id ID",
}

// wants reports whether one of the rules is selected.
func (r *run) wants(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		return (len(r.Only) == 0 || slices.Contains(r.Only, id)) && !slices.Contains(r.Skip, id)
	})
}

// record records the result of a rule that the last step decides.
func (r *run) record(id string, status verdict.Status, actual string) {
	r.recordAt(len(r.report.Steps), id, status, actual)
}

func (r *run) recordAt(step int, id string, status verdict.Status, actual string) {
	if status != verdict.Fail && status != verdict.Warn {
		step = 0
	}
	r.results[id] = Result{Status: status, Actual: r.hide(actual), Untried: status == verdict.Skip, Step: step}
}

func (r *run) pass(id, actual string) { r.record(id, verdict.Pass, actual) }
func (r *run) fail(id, actual string) { r.record(id, verdict.Fail, actual) }

// skip records that rules could not be tried.
func (r *run) skip(reason string, ids ...string) {
	for _, id := range ids {
		r.record(id, verdict.Skip, reason)
	}
}

// inapplicable records that the server gives no way to test the rules.
func (r *run) inapplicable(reason string, ids ...string) {
	for _, id := range ids {
		r.results[id] = Result{Status: verdict.Skip, Actual: reason}
	}
}

// failed reports whether the rule failed.
func (r *run) failed(id string) bool { return r.results[id].Status == verdict.Fail }

// broken reports whether the verdict is fail already.
func (r *run) broken() bool {
	return slices.ContainsFunc(Rules(), func(rule Rule) bool { return rule.Level == Must && r.failed(rule.ID) && r.wants(rule.ID) })
}

// lacks records rules for which the server has no step. A preset may be incomplete, so they
// could not be tried; the metadata of an OAuth 2.0 server says what it has.
func (r *run) lacks(reason string, ids ...string) {
	if _, oauth := r.protocol.(*provider); oauth {
		r.inapplicable(reason, ids...)
		return
	}
	r.skip(reason, ids...)
}

// skipped reports whether the rule was skipped as untestable.
func (r *run) skipped(id string) bool { return r.results[id].Status == verdict.Skip }

func newRun(o Options) *run {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Protected = cmp.Or(o.Protected, o.Preset.Userinfo.Path)
	r := &run{
		Options: o,
		results: map[string]Result{},
		report:  Report{Server: o.Server.String(), Preset: cmp.Or(o.Preset.Name, "oauth2"), Began: o.Now()},
	}
	if r.Protected != "" {
		r.resource = o.Server.String() + o.Protected
	}
	r.protocol = presetProtocol{r}
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
	server   *authclient.Client
	protocol protocol
	resource string // the URL of the protected resource
	wires    *recorder
	results  map[string]Result
	report   Report
	tokens   ledger
	jars     jars
	lost     error         // why a rule could not be judged: a request without an answer
	came     string        // what the login gave instead of a refresh token
	found    string        // the name of the cookie with the refresh token, if the preset does not name it
	waited   time.Duration // for what Retry-After said

	loginStep int // the number of the first login's step

	silent    int // requests that timed out
	families  []*family
	cookies   []setCookie // with a refresh token
	cacheable []string    // answers with tokens that a cache may store
	cachedAt  int         // the step of the first of them
	granted   int         // answers with tokens
}
