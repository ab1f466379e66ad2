package key

import (
	"context"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
)

var publicCommand = cli.Command{
	Use:     "public [KEY…]",
	Short:   "write the public half of a key",
	Aliases: []string{"pub"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o job
		c.Long = `Write the public half of a key, or of each key of a set, in the format the key
is in. The output can be published: of a private JWK, only members known to be
public are kept.

A secret has no public half: alone it is an error, in a set it is left out.`
		c.Example = `  jwt key public private.pem --out public.pem
  jwt key public private.jwk
  jwt key public keys.jwks --out jwks.json
  jwt key public certificate.pem --format jwk
  jwt key public ~/.ssh/id_ed25519 --format openssh`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.form.addFlags(c.Flags(), "format", "default: the format of the key")
		o.source.AddFlags(c.Flags())
		c.Flags().Lookup("secret").Usage = "refused alone: a secret, from a `SOURCE`, has no public half"
		c.Flags().Lookup("out").Usage = "write to `FILE` instead of stdout"
		o.form.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runPublic(c.Context(), env, o, args) }
	},
}

func runPublic(ctx context.Context, env *cli.Env, o job, args []string) error {
	return o.run(ctx, env, args, func(k *keys) (err error) {
		if err := k.makePublic(); err != nil {
			return err
		}
		k.format, err = o.form.format(k.readFormat())
		k.format = k.format.Public()
		return err
	})
}
