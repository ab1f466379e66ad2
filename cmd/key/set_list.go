package key

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/keysource"
	"jwt/internal/render"
)

var setListCommand = cli.Command{
	Use:     "list [SET…]",
	Short:   "list the keys of a set",
	Aliases: []string{"ls"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setListOptions
		c.Long = `List the keys of a set: kid, kind, private or public, use and algorithm.`
		c.Example = `  jwt key set list jwks.json
  jwt key set list -j --from oidc:https://issuer.example | jq -r '.keys[].kid'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		addFrom(c.Flags(), &o.from)
		o.source.AddFlags(c.Flags())
		o.output.AddFlags(c.Flags())
		o.output.Complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runSetList(c.Context(), env, o, args) }
	},
}

type setListOptions struct {
	source keysource.Arguments
	output cli.Output
	from   []string
}

func runSetList(ctx context.Context, env *cli.Env, o setListOptions, args []string) error {
	if err := o.output.Check(); err != nil {
		return err
	}
	ring, err := o.source.Sources(ctx, env, o.output, append(args, o.from...))
	if err != nil {
		return err
	}
	report := render.Keys{Show: cli.Date{}.Show, Width: env.Width}
	var failures []error
	err = ring.Each(func(s keysource.Source, err error) error {
		addInspected(&report, s, ring)
		failures = append(failures, err)
		return nil
	})
	if err != nil {
		return err
	}
	failure := firstOf(failures)
	if o.output.WantsJSON(env) {
		object := report.JSON()
		if failure != nil {
			object = append(object, cli.ErrorObject(failure)...)
		}
		return errors.Join(o.output.WriteJSON(env, object), failure)
	}
	t := o.output.Text(env)
	report.List(t)
	return errors.Join(o.output.Write(env, t.Bytes()), failure)
}
