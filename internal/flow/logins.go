package flow

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

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
	unknown, err := r.wrongLogin(ctx, "log in, unknown user", nobody(), wrong)
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

// sameBut judges answers whose bodies differ. A time or the number of a request differs
// in every answer: asking both again shows what does.
func (r *run) sameBut(ctx context.Context, known, unknown answer, wrong string) error {
	var again [2]answer
	for i, user := range []string{r.User, nobody()} {
		var err error
		if again[i], err = r.wrongLogin(ctx, "log in, once more in vain", user, wrong); err != nil {
			return err
		}
		if again[i].status != known.status {
			r.skip("the bodies differ, and another wrong login was answered "+again[i].says(), UniformLoginErrors)
			return nil
		}
	}
	status, place := compare(leaves(known.body), leaves(again[0].body), leaves(unknown.body), leaves(again[1].body))
	switch status {
	case verdict.Pass:
		r.pass(UniformLoginErrors, "for both "+unknown.says()+", but for what differs in every answer")
	case verdict.Skip:
		r.skip("what tells answers for one user from each other may tell users from each other"+place, UniformLoginErrors)
	default:
		r.fail(UniformLoginErrors, "the bodies differ"+place+": for a wrong password "+known.says()+"; for an unknown user "+unknown.says())
	}
	return nil
}

// compare judges two answers to each of two users, and names the place that decided.
// What differs in all of them is forgiven where only digits do.
func compare(known, knownAgain, unknown, unknownAgain map[string]string) (worst verdict.Status, where string) {
	worst = verdict.Pass
	places := maps.Clone(known)
	maps.Copy(places, unknown)
	for _, place := range slices.Sorted(maps.Keys(places)) {
		a, b, c, d := known[place], knownAgain[place], unknown[place], unknownAgain[place]
		status := verdict.Skip
		switch {
		case a == b && c == d && a == c:
			continue
		case a == b && c == d, len(a) == 0 != (len(c) == 0), masked(a) != masked(c) && masked(a) == masked(b) && masked(c) == masked(d):
			status = verdict.Fail
		case a != b && c != d && masked(a) == masked(c):
			continue
		}
		if worse(status, worst) {
			worst, where = status, ""
			if place != "" {
				where = " at " + place
			}
		}
	}
	return worst, where
}

// masked is a text with its numbers made equal, hexadecimal ones and those of times among
// them.
func masked(s string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.ContainsAny(word, "0123456789") {
			word = "0"
		}
		b.WriteString(word + " ")
	}
	return b.String()
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
	if kind := v.Kind(); kind == '{' || kind == '[' {
		all[place+"/"] = string(kind) // also where it is empty
	}
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

// nobody is the name of a user that there is not.
func nobody() string { return "nobody-" + rand.Text()[:8] }

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
