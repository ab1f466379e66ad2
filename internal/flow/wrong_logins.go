package flow

import (
	"context"
	"crypto/rand"
	"strings"

	"jwt/internal/authclient"
	"jwt/internal/verdict"
)

// wrongLogins logs in with a wrong password and as an unknown user, and compares the
// answers.
func (r *run) wrongLogins(ctx context.Context) error {
	if _, oauth := r.protocol.(*provider); oauth {
		r.inapplicable("the login page asks for the password", WrongPasswordRefused, UniformLoginErrors)
		return nil
	}
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
	stranger := strangerLike(r.User)
	unknown, err := r.wrongLogin(ctx, "log in, unknown user", stranger, wrong)
	switch {
	case err != nil:
		return err
	case unknown.refused() == verdict.Skip:
		r.skip(unknown.describe(), UniformLoginErrors)
	case unknown.status != known.status:
		r.fail(UniformLoginErrors, "for a wrong password "+known.describe()+"; for an unknown user "+unknown.describe())
	case sameBody(known.body, r.User, unknown.body, stranger):
		r.pass(UniformLoginErrors, "for both "+unknown.describe())
	default:
		return r.compareLoginErrors(ctx, known, unknown, stranger, wrong)
	}
	return nil
}

// strangerLike returns the name of an unknown user in the form of a known one: servers
// refuse a name that is not an e-mail address or a number before they look for the user.
func strangerLike(user string) string {
	random := strings.ToLower(rand.Text()[:8])
	if at := strings.LastIndexByte(user, '@'); at > 0 {
		return "nobody-" + random + user[at:]
	}
	digits := strings.TrimPrefix(user, "+")
	if len(digits) < 6 || strings.Trim(digits, "0123456789") != "" {
		return "nobody-" + random
	}
	name := []byte(user)
	for i := len(name) - 5; i < len(name); i++ { // the prefix of a telephone number stays valid
		name[i] = '0' + (name[i]-'0'+1+random[len(name)-i-1]%9)%10
	}
	return string(name)
}

// compareLoginErrors judges answers with different bodies. It tries both users again,
// because times and request numbers differ in every answer.
func (r *run) compareLoginErrors(ctx context.Context, known, unknown answer, stranger, wrong string) error {
	var again [2]answer
	for i, user := range []string{r.User, stranger} {
		var err error
		if again[i], err = r.wrongLogin(ctx, "log in, wrong password again", user, wrong); err != nil {
			return err
		}
		if again[i].status != known.status {
			r.skip("the bodies differ, and another wrong login was answered "+again[i].describe(), UniformLoginErrors)
			return nil
		}
	}
	switch alike(bodyWords(known.body, r.User), bodyWords(again[0].body, r.User),
		bodyWords(unknown.body, stranger), bodyWords(again[1].body, stranger)) {
	case verdict.Pass:
		r.pass(UniformLoginErrors, "for both "+unknown.describe()+", except for what varies with every answer")
	case verdict.Skip:
		r.skip("the bodies vary for one user only, which may or may not tell the users apart", UniformLoginErrors)
	default:
		r.fail(UniformLoginErrors, "the bodies differ: for a wrong password "+known.describe()+"; for an unknown user "+unknown.describe())
	}
	return nil
}

// wrongLogin tries to log in. Tokens in the answer start a new family.
func (r *run) wrongLogin(ctx context.Context, name, user, password string) (answer, error) {
	a, err := r.patiently(ctx, name, func() answer {
		return r.exchange(ctx, func(ctx context.Context, s *authclient.Client) (authclient.Grant, error) {
			return s.Login(ctx, user, []byte(password))
		})
	})
	if err != nil {
		return a, err
	}
	note := ""
	if a.granted() {
		f := &family{}
		r.families = append(r.families, f)
		note = r.take(f, a)
	}
	return a, r.step(name, a, note)
}
