package key

import (
	"context"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/keysource"
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
	sources, err := o.source.Sources(ctx, env, o.output, append(args, o.from...))
	if err != nil {
		return err
	}
	report, failure, err := inspected(sources, func(keysource.Source) error { return nil })
	if err != nil {
		return err
	}
	report.Show = cli.Date{}.Show
	return show(env, o.output, report, report.List, failure)
}
