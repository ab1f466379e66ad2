package key

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

var setMergeCommand = cli.Command{
	Use:   "merge [SET…]",
	Short: "merge sets and keys into one set",
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setMergeOptions
		c.Long = `Make one set from the keys of several sources in any format: sets, JWKs, PEM
files, URLs. A key that is in several sources is written once. Only public
halves are written, unless --private is given; two keys with one kid are an
error.`
		c.Example = `  jwt key set merge old.json new.json --out jwks.json
  jwt key set merge --from oidc:https://issuer.example --out jwks.json`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.form.complete(c)
		cli.CompleteValues(c, "format", string(jwk.FormatSet))
		c.RunE = func(c *cobra.Command, args []string) error { return runSetMerge(c.Context(), env, o, args) }
	},
}

type setMergeOptions struct {
	job
	private bool
}

func (o *setMergeOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.private, "private", false, "keep private keys and secrets as they are")
	addFrom(f, &o.from)
	o.form.addFileFlags(f)
	f.StringVarP(&o.form.name, "format", "o", "", "the `FORMAT`: jwks, the only one for a set")
	o.source.AddFlags(f)
}

func runSetMerge(ctx context.Context, env *cli.Env, o setMergeOptions, args []string) error {
	if o.form.name != "" && o.form.name != string(jwk.FormatSet) {
		return verdict.Errorf(verdict.Usage, "a merged set is a JWK Set, not %q", o.form.name).Hintf("--out %s writes to that file", o.form.name)
	}
	return o.run(ctx, env, args, func(k *keys) (err error) {
		if !o.private {
			if err := k.makePublic(); err != nil {
				return err
			}
		}
		all := k.entries
		k.format, k.entries = jwk.FormatSet, nil
		for _, e := range all {
			if k.entries, err = put(k.entries, e, e.Key.HasID, false, e.Key.Source); err != nil {
				return err
			}
		}
		return nil
	})
}
