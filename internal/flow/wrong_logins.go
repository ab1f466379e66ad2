package flow

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"

	"jwt/internal/authclient"
	"jwt/internal/verdict"
)

// wrongLogins logs in with a wrong password and as a user that there is not, and
// compares the answers.
func (r *run) wrongLogins(ctx context.Context) error {
	wrong := "wrong-" + rand.Text()
	known, err := r.wrongLogin(ctx, "log in, wrong password", r.User, wrong)
	if err != nil {
		return err
	}
	r.recordAnswer(known, WrongPasswordRefused, known.notGranted(), known.describe())
	if !r.wants(UniformLoginErrors) {
		return nil
	}
	if known.refused() != verdict.Pass {
		r.skip("a wrong password was answered "+known.describe(), UniformLoginErrors)
		return nil
	}
	stranger := "nobody-" + rand.Text()[:8]
	unknown, err := r.wrongLogin(ctx, "log in, unknown user", stranger, wrong)
	switch {
	case err != nil:
		return err
	case unknown.refused() == verdict.Skip:
		r.skip(unknown.describe(), UniformLoginErrors)
	case unknown.status != known.status:
		r.fail(UniformLoginErrors, "for a wrong password "+known.describe()+"; for an unknown user "+unknown.describe())
	case maps.Equal(leaves(known.body, r.User), leaves(unknown.body, stranger)):
		r.pass(UniformLoginErrors, "for both "+unknown.describe())
	default:
		return r.compareLoginErrors(ctx, known, unknown, stranger, wrong)
	}
	return nil
}

// compareLoginErrors judges answers whose bodies differ. A time or the number of a request differs
// in every answer: asking for both users again shows what does.
func (r *run) compareLoginErrors(ctx context.Context, known, unknown answer, stranger, wrong string) error {
	var again [2]answer
	for i, user := range []string{r.User, stranger} {
		var err error
		if again[i], err = r.wrongLogin(ctx, "log in, once more in vain", user, wrong); err != nil {
			return err
		}
		if again[i].status != known.status {
			r.skip("the bodies differ, and another wrong login was answered "+again[i].describe(), UniformLoginErrors)
			return nil
		}
	}
	status, place := compare(
		[2]map[string]string{leaves(known.body, r.User), leaves(again[0].body, r.User)},
		[2]map[string]string{leaves(unknown.body, stranger), leaves(again[1].body, stranger)})
	switch status {
	case verdict.Pass:
		r.pass(UniformLoginErrors, "for both "+unknown.describe()+", but for what differs in every answer")
	case verdict.Skip:
		r.skip("what tells answers for one user from each other may tell users from each other"+place, UniformLoginErrors)
	default:
		r.fail(UniformLoginErrors, "the bodies differ"+place+": for a wrong password "+known.describe()+"; for an unknown user "+unknown.describe())
	}
	return nil
}

// wrongLogin tries to log in. Whatever it gives is a family of its own.
func (r *run) wrongLogin(ctx context.Context, name, user, password string) (answer, error) {
	a := r.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
		return s.Login(ctx, user, []byte(password))
	})
	note := ""
	if a.granted() {
		f := &family{}
		r.families = append(r.families, f)
		note = r.take(f, a)
	}
	return a, cmp.Or(interrupted(ctx), r.step(name, a, note))
}
