package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/anatomy"
	"jwt/internal/jwk"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var keyInspectCommand = command{
	use:   "inspect [KEY…]",
	short: "what a key is, what it is good for, what is weak in it",
	build: func(env *Env, c *cobra.Command) {
		var o keyInspectOptions
		c.Long = `Show what a key or key set holds: kind and size, the algorithms each key may be
used with, kid, use, thumbprint, certificates and their dates, weaknesses.
Private members are never shown. Of a set every key is listed, with why where
it cannot be used.

What no command would use is refused: a broken or weak key, a certificate out
of date, a private key among the public ones of a set.`
		c.Example = `  jwt key inspect public.pem
  jwt key inspect https://issuer.example/.well-known/jwks.json
  jwt key inspect --public jwks.json && publish jwks.json
  jwt key inspect -j keys.jwks | jq -r '.keys[].thumbprint'`
		c.Annotations = map[string]string{exits: "0 1 2 3 7 8"}
		c.Args = anyKeys
		o.addFlags(c.Flags())
		o.output.complete(c)
		o.date.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runKeyInspect(c.Context(), env, o, args) }
	},
}

type keyInspectOptions struct {
	source keySourceOptions
	output outputOptions
	date   dateOptions
	public bool
}

func (o *keyInspectOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.public, "public", false, "refuse what must not be published: private keys and secrets")
	o.source.addFlags(f)
	o.date.addFlags(f)
	o.output.addFlags(f)
}

func runKeyInspect(ctx context.Context, env *Env, o keyInspectOptions, args []string) error {
	if err := errors.Join(o.output.check(), o.date.check()); err != nil {
		return err
	}
	ring, err := o.source.ring(ctx, env, o.output, args)
	if err != nil {
		return err
	}
	report := render.Keys{Show: o.date.show, Width: env.Width}
	var failures []error
	err = ring.each(func(s keySource, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		addInspected(&report, s, ring)
		failures = append(failures, err)
		if err == nil {
			failures = append(failures, s.outOfDate(ring), o.published(s))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return o.answer(env, report, firstOf(failures))
}

// published refuses a set that is public but for a slip, and with --public all
// that is not.
func (o keyInspectOptions) published(s keySource) error {
	switch {
	case o.public:
		return refusePrivate(s)
	case s.set.IsWrittenAsSet():
		return mixed(s.name, s.set.Entries())
	default:
		return nil
	}
}

func firstOf(failures []error) error {
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func (o keyInspectOptions) answer(env *Env, report render.Keys, failure error) error {
	if o.output.wantJSON(env) {
		object := report.JSON()
		if failure != nil {
			object = append(object, errorObject(failure)...)
		}
		return errors.Join(o.output.writeJSON(env, object), failure)
	}
	t := o.output.text(env)
	report.Text(t)
	return errors.Join(o.output.write(env, t.Bytes()), failure)
}

// addInspected adds the keys of a source to a report.
func addInspected(report *render.Keys, s keySource, ring *keyring) {
	permissions := s.permissions()
	for _, k := range s.set.Keys {
		opened := anatomy.OpenKey(k, ring.instant())
		if k.IsPrivate() {
			opened.Warnings = append(opened.Warnings, permissions...)
		}
		report.Keys = append(report.Keys, opened)
	}
	for _, skipped := range s.set.Skipped {
		report.Skipped = append(report.Skipped, render.SkippedKey{Skipped: skipped, Source: s.name})
	}
}

// mixed refuses a set that is public but for a key whose private half was left in.
func mixed(name string, entries []jwk.Entry) error {
	private, public := -1, false
	for i, e := range entries {
		switch {
		case e.Err != nil || e.Key.IsSecret():
		case !e.Key.IsPrivate():
			public = true
		case private < 0:
			private = i
		}
	}
	if private < 0 || !public {
		return nil
	}
	return notPublic(place(name, private, entries[private].ID), "a private key among public ones", name)
}

// refusePrivate refuses sources that must not be published.
func refusePrivate(s keySource) error {
	for i, e := range s.set.Entries() {
		if e.Err != nil || !e.Key.IsPrivate() {
			continue
		}
		what, where := "a private key", s.name+": this"
		if e.Key.IsSecret() {
			what = "a secret"
		}
		if s.set.IsWrittenAsSet() {
			where = place(s.name, i, e.ID)
		}
		return notPublic(where, what, s.name)
	}
	return nil
}

func notPublic(where, what, name string) error {
	return verdict.Errorf(verdict.KeyRefused, "%s is %s, which must not be published", where, what).
		Hintf("jwt key public %s", name)
}
