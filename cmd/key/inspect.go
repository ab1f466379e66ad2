package key

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/inspect"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/verdict"
)

var inspectCommand = cli.Command{
	Use:   "inspect [KEY…]",
	Short: "show what a key is, what it can be used for, and what is weak",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o inspectOptions
		c.Long = `Show what a key or key set holds: kind and size, the algorithms each key can be
used with, kid, use, thumbprint, certificates and their dates, weaknesses.
Private members are never shown. Every key of a set is listed, with the reason
if it cannot be used.

A key that no command would use ends in status 7: a broken or weak key, an
expired certificate, a private key among the public keys of a set.`
		c.Example = `  jwt key inspect public.pem
  jwt key inspect https://issuer.example/.well-known/jwks.json
  jwt key inspect --public jwks.json && publish jwks.json
  jwt key inspect -j keys.jwks | jq -r '.keys[].thumbprint'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.output.Complete(c)
		o.date.Complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runInspect(c.Context(), env, o, args) }
	},
}

type inspectOptions struct {
	source keysource.Arguments
	output cli.Output
	date   cli.Date
	public bool
}

func (o *inspectOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.public, "public", false, "refuse keys that must not be published: private keys and secrets")
	o.source.AddFlags(f)
	o.date.AddFlags(f)
	o.output.AddFlags(f)
}

func runInspect(ctx context.Context, env *cli.Env, o inspectOptions, args []string) error {
	if err := errors.Join(o.output.Check(), o.date.Check()); err != nil {
		return err
	}
	sources, err := o.source.Sources(ctx, env, o.output, args)
	if err != nil {
		return err
	}
	report, failure, err := inspected(sources, func(s keysource.Source) error {
		return cmp.Or(s.OutOfDate(sources), s.PrimeModulus(), o.published(s))
	})
	if err != nil {
		return err
	}
	report.Show = o.date.Show
	return show(env, o.output, report, report.Text, failure)
}

// published refuses a private key among the public keys of a set, and with --public any
// private key.
func (o inspectOptions) published(s keysource.Source) error {
	switch {
	case o.public:
		return refusePrivate(s)
	case s.Set.IsWrittenAsSet():
		return mixed(s.Name, s.Set.Entries())
	default:
		return nil
	}
}

// inspected reports on all keys of the sources. failure is the error of the first source
// that cannot be read or that check refuses; err is that of an interruption.
func inspected(sources *keysource.Sources, check func(keysource.Source) error) (report render.Keys, failure, err error) {
	report.Width = sources.Env.Width
	err = sources.Each(func(s keysource.Source, err error) error {
		if sources.Ctx.Err() != nil {
			return sources.Ctx.Err()
		}
		addInspected(&report, s, sources)
		if err == nil {
			err = check(s)
		}
		failure = cmp.Or(failure, err)
		return nil
	})
	return report, failure, err
}

// show writes a report, with the failure as its error.
func show(env *cli.Env, output cli.Output, report render.Keys, text func(*render.Text), failure error) error {
	err := output.Show(env, func() render.Object {
		if failure == nil {
			return report.JSON()
		}
		return append(report.JSON(), cli.ErrorObject(failure)...)
	}, text)
	return errors.Join(err, failure)
}

// addInspected adds the keys of a source to a report.
func addInspected(report *render.Keys, s keysource.Source, sources *keysource.Sources) {
	permissions := s.Exposure()
	for _, k := range s.Set.Keys {
		opened := inspect.OfKey(k, sources.Instant())
		if k.IsPrivate() {
			opened.Warnings = append(opened.Warnings, permissions...)
		}
		report.Keys = append(report.Keys, opened)
	}
	for _, skipped := range s.Set.Skipped {
		report.Skipped = append(report.Skipped, render.SkippedKey{Skipped: skipped, Source: s.Name})
	}
}

// mixed refuses a set of public keys in which one still has its private half.
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
	return notPublic(keysource.Place(name, private, entries[private].ID), "a private key among public keys", name)
}

// refusePrivate refuses sources that must not be published.
func refusePrivate(s keysource.Source) error {
	for i, e := range s.Set.Entries() {
		if e.Err != nil || !e.Key.IsPrivate() {
			continue
		}
		what, where := "a private key", s.Name+": this"
		if e.Key.IsSecret() {
			what = "a secret"
		}
		if s.Set.IsWrittenAsSet() {
			where = keysource.Place(s.Name, i, e.ID)
		}
		return notPublic(where, what, s.Name)
	}
	return nil
}

func notPublic(where, what, name string) error {
	return verdict.Errorf(verdict.KeyRefused, "%s is %s, which must not be published", where, what).
		Hintf("jwt key public %s", name)
}
