package key

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/verdict"
)

var setFindCommand = cli.Command{
	Use:     "find [SET…] --kid ID",
	Short:   "print the key with a kid",
	Aliases: []string{"get"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setFindOptions
		c.Long = `Print the key with this kid, compared byte for byte: its public half, or with
--private the whole key. The thumbprint of a key can be given instead.`
		c.Example = `  jwt key set find jwks.json --kid 2026-01
  jwt key set find --from oidc:https://issuer.example --kid 2026-01 --format pem`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cobra.ArbitraryArgs
		o.addFlags(c.Flags())
		o.form.complete(c)
		c.RunE = func(c *cobra.Command, args []string) error { return runSetFind(c.Context(), env, o, args) }
	},
}

type setFindOptions struct {
	job
	kid     string
	private bool
}

func (o *setFindOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.kid, "kid", "", "the kid of the key, an `ID`, or its thumbprint")
	f.BoolVar(&o.private, "private", false, "print a private key or secret as it is")
	addFrom(f, &o.from)
	o.form.addFlags(f, "format", "default: jwk")
	o.source.AddFlags(f)
}

func runSetFind(ctx context.Context, env *cli.Env, o setFindOptions, args []string) error {
	if o.kid == "" {
		return noKid()
	}
	format, err := o.form.format(jwk.FormatJWK)
	if err != nil {
		return err
	}
	return o.run(ctx, env, args, func(k *keys) error {
		found := slices.DeleteFunc(slices.Clone(k.entries), func(e jwk.Entry) bool { return !isNamed(e, o.kid) })
		if len(found) == 0 {
			return verdict.Errorf(verdict.KeyNotFound, "no key has kid %s", jsonobject.Quote(o.kid)).
				Hintf("there is %s", jwk.ListIDs(keysOf(k.entries)))
		}
		k.entries, k.format, k.asSet = found, format, false
		if o.private {
			return nil
		}
		k.format = format.Public()
		return k.makePublic()
	})
}

// noKid returns the error of a command that needs --kid.
func noKid() error {
	return verdict.Errorf(verdict.Usage, "no kid given").Hintf("--kid ID; jwt key set list shows them")
}

// isNamed reports whether a key has that kid or that thumbprint. The thumbprint of a
// secret is a hash of it and does not count.
func isNamed(e jwk.Entry, id string) bool {
	return e.ID == id && (id != "" || e.Key.HasID) || e.Err == nil && !e.Key.IsSecret() && e.Key.Thumbprint() == id
}

// keysOf returns the usable keys.
func keysOf(entries []jwk.Entry) []jwk.Key {
	var keys []jwk.Key
	for _, e := range entries {
		if e.Err == nil {
			keys = append(keys, e.Key)
		}
	}
	return keys
}
