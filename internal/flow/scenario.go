package flow

import (
	"context"
	"net/http"
	"strings"
	"time"

	"jwt/internal/httpclient"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// judgeServer judges the server by its preset, as an OAuth 2.0 server, or both.
func (r *run) judgeServer(ctx context.Context) error {
	if r.OAuth == nil || r.Preset.Name != "" && r.wants(RuleIDs(Session, Cart)...) {
		err := r.scenario(ctx, r.checkLifetime, r.tryResource, r.tryCart, r.tryWrongCredentials, r.tryExpiry, r.tryRotation, r.tryConcurrentRefresh, r.tryLogout)
		if err != nil || r.OAuth == nil {
			return err
		}
		r.logoutLeftovers(ctx, true)
		r.families = nil
	}
	return r.judgeOAuth(ctx)
}

// scenario logs in and runs all parts in order. It returns an error if the login fails,
// because no other step is possible then.
func (r *run) scenario(ctx context.Context, parts ...func(context.Context, *family) error) error {
	f, a, err := r.login(ctx, "log in")
	switch {
	case err != nil:
		return err
	case f == nil:
		r.record(LoginWorks, asFailure(a), a.describeGrant())
		return a.err
	}
	r.pass(LoginWorks, a.describe())
	for _, part := range parts {
		if err := part(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// checkLifetime judges the lifetime of the access token.
func (r *run) checkLifetime(_ context.Context, f *family) error {
	const short, long = time.Hour, 12 * time.Hour
	said := reltime.Span(f.lifetime)
	switch {
	case f.lifetime > long:
		r.fail(AccessLifetime, said)
	case f.lifetime > short:
		r.record(AccessLifetime, verdict.Warn, said)
	case isJWT(f.access) && !hasExp(f.access) && f.lifetime == 0:
		r.fail(AccessLifetime, "for ever: it has no exp, and no answer says when it ends")
	case isJWT(f.access) && !hasExp(f.access): // other resource servers cannot know the lifetime
		r.record(AccessLifetime, verdict.Warn, said+" by the answer; the token itself has no exp")
	case f.lifetime > 0:
		r.pass(AccessLifetime, said)
	default:
		r.inapplicable("no answer says how long it lives, and it is opaque", AccessLifetime)
	}
	return nil
}

// resourceRules lists the rules that try invalid tokens at the protected resource. They
// cannot be judged if the server accepts calls without a token.
var resourceRules = []string{TamperedRefused, AlgNoneRefused, RefreshNotBearer}

// tryResource calls the protected resource with the access token, without a token, and
// with forged tokens.
func (r *run) tryResource(ctx context.Context, f *family) error {
	if r.resource == "" {
		r.lacks("no protected resource is known: --protected PATH", append(resourceRules,
			BearerAccepted, MissingBearerRefused, ExpiredRefused, RetryWorks, AccessAfterLogout)...)
		return nil
	}
	if !r.wants(append(resourceRules, BearerAccepted, MissingBearerRefused, ExpiredRefused, RetryWorks, AccessAfterLogout)...) {
		return nil
	}
	a, err := r.call(ctx, "call", f.access, "with access token "+r.tokens.name(f.access))
	if err != nil {
		return err
	}
	switch {
	case a.ok():
		r.pass(BearerAccepted, a.describe())
	case a.status == http.StatusNotFound:
		r.skip(a.describe()+": "+phrase.Short(r.Protected)+" may be the wrong path: --protected PATH", append(resourceRules,
			BearerAccepted, MissingBearerRefused, ExpiredRefused, RetryWorks, AccessAfterLogout)...)
		return nil
	case a.refused() == verdict.Skip:
		r.skipFor(a, a.describe(), BearerAccepted)
	default:
		r.fail(BearerAccepted, a.describe())
	}
	if err := r.callWithoutToken(ctx); err != nil {
		return err
	}
	if !a.ok() {
		r.skipFor(a, "no access token is accepted: "+a.describe(), append(resourceRules, ExpiredRefused, RetryWorks, AccessAfterLogout)...)
		r.notJudgedBy(a, MissingBearerRefused) // a server that refuses everything does not show it
		return nil
	}
	for _, forged := range []struct {
		rule, name string
		tokens     []forgery
	}{
		{TamperedRefused, "call, changed token", tampered(f.access)},
		{AlgNoneRefused, "call, unsigned token", unsigned(f.access)},
		{RefreshNotBearer, "call, refresh token", []forgery{{f.refresh, "with refresh token " + r.tokens.name(f.refresh)}}},
	} {
		if err := r.forge(ctx, f, forged.rule, forged.name, forged.tokens); err != nil {
			return err
		}
	}
	return nil
}

// callWithoutToken calls the protected resource without a token (RFC 6750 §3).
func (r *run) callWithoutToken(ctx context.Context) error {
	if !r.wants(MissingBearerRefused) {
		return nil
	}
	a, err := r.call(ctx, "call, no token", "", "")
	if err != nil {
		return err
	}
	status, said := a.refused(), a.describe()
	if status == verdict.Pass && a.status != 401 {
		status = verdict.Warn
	}
	if status == verdict.Pass && a.header.Get("WWW-Authenticate") == "" {
		status, said = verdict.Warn, said+", without WWW-Authenticate"
	}
	r.recordAnswer(a, MissingBearerRefused, status, said)
	return nil
}

// forge calls with tokens that must be refused, while the access token is valid.
func (r *run) forge(ctx context.Context, f *family, rule, name string, tokens []forgery) error {
	switch {
	case !r.wants(rule):
		return nil
	case rule == RefreshNotBearer && f.refresh == "":
		r.lacks(noRefreshToken, rule)
		return nil
	case len(tokens) == 0:
		r.inapplicable("the access token is opaque", rule)
		return nil
	}
	worst, said, step := verdict.Pass, "", 0
	for _, t := range tokens {
		again, stale, err := r.keepFresh(ctx, f)
		switch {
		case err != nil:
			return err
		case stale:
			r.skipFor(again, "the access token expires, and another login was refused: "+again.describe(), rule)
			return nil
		}
		a, err := r.call(ctx, name, t.text, t.how)
		if err != nil {
			return err
		}
		if a.refused() == verdict.Skip {
			r.notJudgedBy(a, rule)
		}
		if s := a.refused(); said == "" || worse(s, worst) {
			worst, said, step = s, t.how+": "+a.describe(), len(r.report.Steps)
		}
	}
	r.recordAt(step, rule, worst, said)
	return nil
}

// worse reports whether a is a worse status than b. Skip is worse than pass only.
func worse(a, b verdict.Status) bool {
	weight := map[verdict.Status]int{verdict.Pass: 0, verdict.Skip: 1, verdict.Warn: 2, verdict.Fail: 3}
	return weight[a] > weight[b]
}

// keepFresh logs in again if the access token is about to expire, so that its expiry is
// not mistaken for a refusal. stale reports that this login was refused.
func (r *run) keepFresh(ctx context.Context, f *family) (a answer, stale bool, err error) {
	const margin = time.Second
	if f.lifetime == 0 || f.lifetime-r.Now().Sub(f.obtained) > min(margin, f.lifetime/2) {
		return a, false, nil
	}
	again, a, err := r.login(ctx, "log in again")
	if err == nil && again != nil {
		*f, *again = *again, *f
	}
	return a, again == nil, err
}

// tryWrongCredentials logs in with a wrong password and as an unknown user, and refreshes
// with an access token.
func (r *run) tryWrongCredentials(ctx context.Context, f *family) error {
	if r.wants(WrongPasswordRefused, UniformLoginErrors) {
		if err := r.wrongLogins(ctx); err != nil {
			return err
		}
	}
	if !r.wants(AccessNotRefresh) {
		return nil
	}
	if f.refresh == "" || r.Preset.Refresh.Path == "" {
		r.lacks("no refresh token, or no refresh in the preset", AccessNotRefresh)
		return nil
	}
	a := r.protocol.refresh(ctx, f.access)
	note := "with access token " + r.tokens.name(f.access)
	if a.granted() {
		r.families = append(r.families, &family{})
		note += ": " + r.take(r.families[len(r.families)-1], a)
	} else {
		note = strings.TrimSuffix(note+": "+a.reason(), ": ")
	}
	err := r.step("refresh, access token", a, note)
	r.recordAnswer(a, AccessNotRefresh, a.notGranted(), a.describe())
	return err
}

// tryExpiry waits until the access token has expired, calls, refreshes and calls again,
// as an interceptor does.
func (r *run) tryExpiry(ctx context.Context, f *family) error {
	refused, err := r.untilRefused(ctx, f)
	if err != nil {
		return err
	}
	if !r.wants(RefreshWorks, RetryWorks, Rotation, ReuseDetected, FamilyRevoked, Grace, AccessNotRefresh, RefreshAfterLogout, ConcurrentRefresh) {
		return nil
	}
	if f.refresh == "" || r.Preset.Refresh.Path == "" {
		r.withoutRefresh()
		return nil
	}
	spent := f.refresh
	a, err := r.refresh(ctx, "refresh", f, spent)
	if err != nil {
		return err
	}
	if !a.granted() {
		r.record(RefreshWorks, asFailure(a), a.describeGrant())
		r.noRefresh("no refresh works: "+a.describeGrant(), refreshRules...)
		r.notJudgedBy(a, append(refreshRules, RefreshWorks)...)
		return nil
	}
	r.pass(RefreshWorks, a.describe())
	same := a.grant.RefreshToken == "" || a.grant.RefreshToken == spent
	switch {
	case same && r.hasSecret():
		r.inapplicable("the same refresh token stays valid: a client with a secret needs no rotation", Rotation, ReuseDetected, FamilyRevoked, Grace, ConcurrentRefresh)
	case same:
		r.fail(Rotation, "the same refresh token stays valid")
	default:
		r.pass(Rotation, r.tokens.name(spent)+", then "+r.tokens.name(f.refresh))
		r.tokens.end(spent, "spent", a.began)
	}
	return r.retry(ctx, f, refused)
}

// refreshRules lists the rules that can be judged only if a refresh works.
var refreshRules = []string{RetryWorks, Rotation, ReuseDetected, FamilyRevoked, Grace, AccessNotRefresh, RefreshAfterLogout, ConcurrentRefresh}

const noRefreshToken = "the login gave no refresh token"

// withoutRefresh records that no refresh is possible. If the preset has a refresh, the
// server breaks refresh-works.
func (r *run) withoutRefresh() {
	_, oauth := r.protocol.(*provider)
	switch {
	case oauth:
		r.inapplicable(noRefreshToken, append(refreshRules, RefreshWorks)...)
	case r.Preset.Refresh.Path == "":
		r.noRefresh("the preset has no refresh", refreshRules...)
	case len(r.Preset.Tokens.Refresh) == 0:
		r.noRefresh("the preset names no place of a refresh token", refreshRules...)
	default:
		r.recordAt(r.loginStep, RefreshWorks, verdict.Fail, noRefreshToken+r.came)
		r.noRefresh(noRefreshToken, refreshRules...)
	}
}

func (r *run) noRefresh(reason string, ids ...string) {
	for _, id := range ids {
		if !r.skipped(id) && !r.failed(id) {
			r.skip(reason, id)
		}
	}
	if _, judged := r.results[RefreshWorks]; !judged {
		r.skip(reason, RefreshWorks)
	}
}

// hasSecret reports whether the tokens are those of a client with a secret.
func (r *run) hasSecret() bool {
	p, ok := r.protocol.(*provider)
	return ok && p.isConfidential()
}

// asFailure returns the status of a rule that needs a success and got this answer: fail,
// or skip if the answer decides nothing.
func asFailure(a answer) verdict.Status {
	if a.refused() == verdict.Skip {
		return verdict.Skip
	}
	return verdict.Fail
}

// untilRefused makes calls until one is refused with 401, and judges that. It waits for
// the expiry if that is soon enough, and otherwise sends a changed token. It returns the
// refusal's status, or 0 if there was none.
func (r *run) untilRefused(ctx context.Context, f *family) (how int, err error) {
	if r.resource == "" || !r.wants(ExpiredRefused, RetryWorks) || r.skipped(ExpiredRefused) {
		return 0, nil
	}
	left := f.lifetime - r.Now().Sub(f.obtained)
	switch {
	case f.lifetime == 0:
		r.inapplicable("the lifetime of the access token is unknown", ExpiredRefused)
	case left > r.MaxWait:
		r.inapplicable("the access token lives for another "+reltime.Span(left)+": --max-wait "+(left+time.Minute).Truncate(time.Minute).String()+" waits for it", ExpiredRefused)
	default:
		if how, err = r.expire(ctx, f, left); how != 0 || err != nil {
			return how, err
		}
	}
	if !r.wants(RetryWorks) {
		return 0, nil
	}
	return r.refuseChanged(ctx, f)
}

// refuseChanged calls with changed tokens until one is refused, and returns the status: to an
// interceptor every 401 looks the same.
func (r *run) refuseChanged(ctx context.Context, f *family) (int, error) {
	for _, t := range tampered(f.access) {
		a, err := r.call(ctx, "call, changed token", t.text, t.how)
		if err != nil || a.status == http.StatusUnauthorized || r.Preset.SaysExpired(a.status, r.Protected, a.body) {
			return a.status, err
		}
		if a.refused() == verdict.Skip {
			r.notJudgedBy(a, RetryWorks)
		}
	}
	return 0, nil
}

// slack is how long after its expiry an access token is tried.
const slack = 50 * time.Millisecond

// tries is the number of attempts until a refusal is expected.
const tries = 8

// maxLeeway is how long after its expiry a resource server may accept an access token, for
// clocks that differ. More than Options.Leeway is a warning.
const maxLeeway = time.Minute

// expire waits until the access token expires and calls until it is refused, for at most
// maxLeeway.
func (r *run) expire(ctx context.Context, f *family, left time.Duration) (how int, err error) {
	const shortest, longest = 250 * time.Millisecond, 5 * time.Second
	name := r.tokens.name(f.access)
	if err := r.wait(ctx, left+slack, "wait", "until access token "+name+" has expired"); err != nil {
		return 0, err
	}
	most := r.Leeway
	if r.wants(ExpiredRefused) && r.MaxWait > 0 {
		most = max(most, maxLeeway)
	}
	ended := f.obtained.Add(f.lifetime)
	accepted := time.Duration(0) // how late
	for {
		a, err := r.call(ctx, "call, expired token", f.access, "with access token "+name)
		if err != nil {
			return 0, err
		}
		late := r.Now().Sub(ended)
		if !a.ok() {
			r.judgeExpired(a, accepted, late)
			if !r.Preset.SaysExpired(a.status, r.Protected, a.body) {
				return 0, nil
			}
			return a.status, nil
		}
		if accepted = late; late >= most {
			r.fail(ExpiredRefused, "accepted "+reltime.Span(late)+" after it expired")
			return 0, nil
		}
		next := min(max(late/4, shortest), longest)
		if late < r.Leeway {
			next = min(next, r.Leeway-late+time.Millisecond)
		}
		if err := r.pause(ctx, min(next, most-late+time.Millisecond)); err != nil {
			return 0, err
		}
	}
}

// judgeExpired judges the answer that refused an expired token, which was accepted before
// for some time.
func (r *run) judgeExpired(a answer, accepted, late time.Duration) {
	status, said := a.refused(), a.describe()
	if status == verdict.Pass && accepted >= r.Leeway && accepted > 0 {
		status = verdict.Warn
		said = "accepted for at least " + tenths(accepted) + " s after it expired, and refused after " + tenths(late) + " s: " + said
	}
	r.recordAnswer(a, ExpiredRefused, status, said)
}

// retry calls again with the new access token.
func (r *run) retry(ctx context.Context, f *family, refused int) error {
	if r.resource == "" || !r.wants(RetryWorks) || r.skipped(RetryWorks) {
		return nil
	}
	if refused == 0 {
		r.skip("no call was answered as for an expired token, such as 401", RetryWorks)
		return nil
	}
	before := httpclient.Status(refused) + ", then "
	a, err := r.call(ctx, "call again", f.access, "with access token "+r.tokens.name(f.access))
	switch {
	case err != nil:
		return err
	case a.ok():
		r.pass(RetryWorks, before+a.describe())
	default:
		r.recordAnswer(a, RetryWorks, asFailure(a), before+a.describe())
	}
	return nil
}

// logoutLeftovers ends the sessions that are still alive. It judges no rule. It takes at
// most as long as one answer, and at most 3 s if the scenario did not complete.
func (r *run) logoutLeftovers(ctx context.Context, complete bool) {
	timeout := min(3*time.Second, r.Timeout)
	if complete {
		timeout = r.Timeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	lost := r.lost
	for _, f := range r.families {
		if f.dead || f.refresh == "" || r.Preset.Logout.Path == "" || ctx.Err() != nil {
			continue
		}
		a := r.protocol.logout(ctx, f)
		r.step("log out, to tidy up", a, "")
		if a.ok() {
			r.ended(f, "logged out", a.began)
		}
	}
	r.lost = lost
}

func (r *run) ended(f *family, how string, at time.Time) {
	f.dead = true
	r.tokens.end(f.refresh, how, at)
}
