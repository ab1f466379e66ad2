package flow

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"

	"jwt/internal/issuer"
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
	r.judgeBy(known, WrongPasswordRefused, known.notGranted(), known.says())
	if !r.wants(UniformLoginErrors) {
		return nil
	}
	if known.refused() != verdict.Pass {
		r.skip("a wrong password was answered "+known.says(), UniformLoginErrors)
		return nil
	}
	unknown, err := r.wrongLogin(ctx, "log in, unknown user", "nobody-"+rand.Text()[:8], wrong)
	switch {
	case err != nil:
		return err
	case unknown.refused() == verdict.Skip:
		r.skip(unknown.says(), UniformLoginErrors)
	case unknown.status != known.status:
		r.fail(UniformLoginErrors, "for a wrong password "+known.says()+"; for an unknown user "+unknown.says())
	case !bytes.Equal(bytes.TrimSpace(unknown.body), bytes.TrimSpace(known.body)):
		r.fail(UniformLoginErrors, "the bodies differ: for a wrong password "+known.says()+"; for an unknown user "+unknown.says())
	default:
		r.pass(UniformLoginErrors, "for both "+unknown.says())
	}
	return nil
}

// wrongLogin tries to log in. Whatever it gives is a family of its own.
func (r *run) wrongLogin(ctx context.Context, name, user, password string) (answer, error) {
	a := r.exchange(ctx, func(ctx context.Context, s *issuer.Server) (issuer.Grant, error) {
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
