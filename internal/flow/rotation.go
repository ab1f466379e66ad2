package flow

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"jwt/internal/oauth"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

const noRotation = "refresh tokens do not rotate: none is ever spent"

// tryRotation refreshes once more, to check that a successor is accepted. Then it
// presents the refresh token that was spent last, as a thief would, until the grace is
// over.
func (r *run) tryRotation(ctx context.Context, f *family) error {
	rules := []string{ReuseDetected, Grace, FamilyRevoked}
	if !r.wants(rules...) || r.skipped(ReuseDetected) {
		return nil
	}
	if r.failed(Rotation) {
		r.skip(noRotation, rules...)
		return nil
	}
	again, err := r.refreshAgain(ctx, f)
	if err != nil {
		return err
	}
	if !again.granted() {
		r.skipFor(again, "a second refresh is refused: "+again.describeGrant(), rules...)
		return nil
	}
	spent, at, ok := r.spent()
	if !ok {
		r.skip("no refresh token was spent", rules...)
		return nil
	}
	last, taken, successors, err := r.replay(ctx, f, spent, at)
	if err != nil {
		return err
	}
	lived := reltime.Span(taken)
	switch {
	case last.refused() == verdict.Skip:
		r.skipFor(last, last.describe(), rules...)
		return nil
	case !last.granted():
		r.record(ReuseDetected, last.notGranted(), last.describe())
		r.checkGrace(last, taken, at)
		return r.familyRevoked(ctx, f)
	case successors > 1: // each replay gives another refresh token: reuse is not detected
		r.fail(ReuseDetected, "accepted "+lived+" after it was spent, for another refresh token each time")
		r.skip("reuse is not detected", Grace, FamilyRevoked, ConcurrentRefresh)
	default:
		r.fail(Grace, "accepted "+lived+" after it was spent, for the same successor")
		r.skip("the grace was not over when the flow stopped waiting: --max-grace D waits longer", ReuseDetected, FamilyRevoked)
	}
	return nil
}

// refreshAgain refreshes with the result of a refresh. Only if the server accepts that
// does a later refusal mean something. A server that does not return another refresh
// token yet is asked once more, after its Retry-After or when the access token has
// expired.
func (r *run) refreshAgain(ctx context.Context, f *family) (answer, error) {
	const name, moment = "refresh again", 2 * time.Second
	before := f.refresh
	a, err := r.refresh(ctx, name, f, before)
	if err != nil {
		return a, err
	}
	if f.refresh != before {
		r.tokens.end(before, "spent", a.began)
		return a, nil
	}
	wait := f.lifetime - r.Now().Sub(f.obtained) + slack
	waited := f.lifetime > 0 && wait <= r.MaxWait
	if !waited {
		wait = min(moment, r.MaxWait)
	}
	if said := (*oauth.Error)(nil); errors.As(a.err, &said) {
		wait = max(wait, said.RetryAfter)
	}
	if wait > r.MaxWait {
		return a, nil
	}
	if err := r.wait(ctx, wait, "wait", "until the server may give another refresh token"); err != nil {
		return a, err
	}
	if a, err = r.refresh(ctx, name, f, before); err != nil {
		return a, err
	}
	status, hint := verdict.Fail, ""
	if !waited {
		status, hint = verdict.Warn, "; the server may rotate once the access token has expired"
	}
	switch {
	case f.refresh != before:
		r.tokens.end(before, "spent", a.began)
	case a.granted():
		r.record(Rotation, status, r.results[Rotation].Actual+", and "+r.tokens.name(before)+" stays valid"+hint)
	case a.refused() != verdict.Skip:
		r.record(RefreshWorks, status, "once; a second time "+a.describeGrant()+hint)
	}
	return a, nil
}

// spent returns the refresh token that was spent last, and when.
func (r *run) spent() (string, time.Time, bool) {
	for i := len(r.tokens.all) - 1; i >= 0; i-- {
		if t := r.tokens.all[i]; t.End == "spent" {
			return r.tokens.texts[i], r.tokens.began.Add(t.Ended), true
		}
	}
	return "", time.Time{}, false
}

// checkGrace judges how long a spent refresh token was accepted, by the answer that
// refused it and the time for which it was accepted before.
func (r *run) checkGrace(refused answer, taken time.Duration, spent time.Time) {
	const atOnce = 500 * time.Millisecond
	most := refused.began.Add(refused.took).Sub(spent)
	said := "less than " + tenths(most+100*time.Millisecond) + " s"
	switch {
	case taken > 0:
		said = "at least " + tenths(taken) + " s, " + said
	case most > r.MaxGrace:
		r.skip("the first answer to the spent token came after "+tenths(most)+" s", Grace)
		return
	case most <= atOnce:
		said = "none: refused at once"
	}
	r.record(Grace, refused.notGranted(), said)
}

// tenths formats a duration in seconds, truncated to tenths.
func tenths(d time.Duration) string {
	return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64)
}

// replay presents a spent token until it is refused or the longest grace is over. It
// returns the last answer, how long after it was spent the token was still accepted, and
// the number of different refresh tokens that it gave, including the first successor.
func (r *run) replay(ctx context.Context, f *family, spent string, at time.Time) (last answer, taken time.Duration, successors int, err error) {
	const shortest = 100 * time.Millisecond
	issued := []string{f.refresh}
	for n := 1; ; n++ {
		last, err = r.refresh(ctx, "refresh, spent token", f, spent)
		if err != nil || !last.granted() {
			return last, taken, len(issued), err
		}
		if text := last.grant.RefreshToken; text != "" && text != spent && !slices.Contains(issued, text) {
			issued = append(issued, text)
		}
		taken = last.began.Sub(at)
		if taken > r.MaxGrace || n > tries+1 {
			return last, taken, len(issued), nil
		}
		pause := min(max(r.MaxGrace/tries, shortest), r.MaxGrace-taken+shortest)
		if err := r.pause(ctx, pause); err != nil {
			return last, taken, len(issued), err
		}
	}
}

// familyRevoked presents the successor after the replay was refused.
func (r *run) familyRevoked(ctx context.Context, f *family) error {
	if !r.wants(FamilyRevoked) {
		return nil
	}
	if r.results[ReuseDetected].Status == verdict.Warn {
		r.skip("the spent token was not clearly refused", FamilyRevoked)
		return nil
	}
	before := f.refresh
	a, err := r.refresh(ctx, "refresh, its successor", f, before)
	if err != nil {
		return err
	}
	r.recordAnswer(a, FamilyRevoked, a.notGranted(), a.describe())
	if !a.granted() {
		r.ended(f, "revoked", a.began)
	} else if f.refresh != before {
		r.tokens.end(before, "spent", a.began)
	}
	return nil
}

// atOnce is the number of simultaneous refreshes.
const atOnce = 6

// tryConcurrentRefresh sends several refreshes with one token at the same time.
func (r *run) tryConcurrentRefresh(ctx context.Context, _ *family) error {
	if !r.wants(ConcurrentRefresh) || r.skipped(ConcurrentRefresh) {
		return nil
	}
	if r.failed(Rotation) {
		r.skip(noRotation, ConcurrentRefresh)
		return nil
	}
	f, a, err := r.login(ctx, "log in")
	switch {
	case err != nil:
		return err
	case f == nil || f.refresh == "":
		r.lacks("a second login gave no refresh token: "+a.describe(), ConcurrentRefresh)
		r.notJudgedBy(a, ConcurrentRefresh)
		return nil
	}
	answers, err := r.refreshAtOnce(ctx, f.refresh)
	if err != nil {
		return err
	}
	c := concurrent{answers: answers, spent: f.refresh}
	for i, a := range answers {
		note := ""
		if a.granted() {
			note = r.take(f, a)
			r.tokens.end(c.spent, "spent", a.began)
		}
		c.count(a)
		if err := r.step("refresh, "+strconv.Itoa(i+1)+" of "+strconv.Itoa(atOnce)+" at once", a, note); err != nil {
			return err
		}
	}
	r.judgeConcurrent(c)
	return nil
}

// A concurrent is what simultaneous refreshes with one token gave.
type concurrent struct {
	answers           []answer
	spent             string   // the refresh token
	successors        []string // other refresh tokens
	granted, answered int
}

func (c *concurrent) count(a answer) {
	if a.refused() != verdict.Skip {
		c.answered++
	}
	if !a.granted() {
		return
	}
	c.granted++
	if text := a.grant.RefreshToken; text != "" && text != c.spent && !slices.Contains(c.successors, text) {
		c.successors = append(c.successors, text)
	}
}

func (r *run) judgeConcurrent(c concurrent) {
	said := strconv.Itoa(c.granted) + " of " + strconv.Itoa(len(c.answers)) + " were answered with tokens, " + strconv.Itoa(len(c.successors)) + " refresh tokens"
	if len(c.successors) == 1 {
		said = said[:len(said)-1]
	}
	switch {
	case len(c.successors) > 1:
		r.fail(ConcurrentRefresh, said)
	case c.answered < 2:
		i := slices.IndexFunc(c.answers, func(a answer) bool { return a.refused() == verdict.Skip })
		r.skipFor(c.answers[i], "too few answers: "+said+"; "+c.answers[i].describe(), ConcurrentRefresh)
	case c.granted == 0:
		r.record(ConcurrentRefresh, verdict.Warn, said)
	default:
		r.pass(ConcurrentRefresh, said)
	}
}

// refreshAtOnce sends all requests at the same moment and returns the answers, those
// with tokens first.
func (r *run) refreshAtOnce(ctx context.Context, token string) ([]answer, error) {
	answers := make([]answer, atOnce)
	ready := make(chan struct{})
	var done sync.WaitGroup
	for i := range answers {
		done.Go(func() {
			<-ready
			answers[i] = r.protocol.refresh(ctx, token)
		})
	}
	close(ready)
	done.Wait()
	slices.SortStableFunc(answers, func(a, b answer) int {
		return a.status - b.status
	})
	return answers, interrupted(ctx)
}
