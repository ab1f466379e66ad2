package flow

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"strconv"

	"jwt/internal/issuer"
	"jwt/internal/jsonobject"
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
	case maps.Equal(leaves(unknown.body), leaves(known.body)):
		r.pass(UniformLoginErrors, "for both "+unknown.says())
	default:
		return r.sameBut(ctx, known, unknown, wrong)
	}
	return nil
}

// sameBut judges answers whose bodies differ. A time or the number of a request
// differs in every answer: another wrong password shows what does.
func (r *run) sameBut(ctx context.Context, known, unknown answer, wrong string) error {
	again, err := r.wrongLogin(ctx, "log in, wrong password", r.User, wrong)
	if err != nil {
		return err
	}
	if again.status != known.status {
		r.skip("the bodies differ, and a second wrong password was answered "+again.says(), UniformLoginErrors)
		return nil
	}
	said, other, same := leaves(known.body), leaves(unknown.body), leaves(again.body)
	for name := range said {
		if _, there := other[name]; there && said[name] != same[name] {
			other[name] = said[name]
		}
	}
	switch {
	case maps.Equal(said, other) && said[""] != "":
		r.skip("each answer has another body, which is no JSON object", UniformLoginErrors)
	case maps.Equal(said, other):
		r.pass(UniformLoginErrors, "for both "+unknown.says()+", but for what differs in every answer")
	default:
		r.fail(UniformLoginErrors, "the bodies differ: for a wrong password "+known.says()+"; for an unknown user "+unknown.says())
	}
	return nil
}

// leaves are the values in an answer's JSON by their places; the whole where it is no
// JSON object.
func leaves(body []byte) map[string]string {
	all := map[string]string{}
	v, err := jsonobject.ParseValue(bytes.TrimSpace(body))
	if err != nil || v.Kind() != '{' {
		all[""] = string(bytes.TrimSpace(body))
		return all
	}
	addLeaves(all, "", v)
	return all
}

func addLeaves(all map[string]string, place string, v jsonobject.Value) {
	if elements, ok := v.Elements(); ok {
		for i, e := range elements {
			addLeaves(all, place+"/"+strconv.Itoa(i), e)
		}
		return
	}
	if o, ok := v.Object(); ok {
		for _, m := range o.Members() {
			addLeaves(all, place+"/"+m.Name, m.Value)
		}
		return
	}
	all[place] = string(v)
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
