package key

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
)

var setCommand = cli.Command{
	Use:   "set",
	Short: "list, find, add, remove and merge the keys of a JWK Set",
	Build: func(_ *cli.Env, c *cobra.Command) {
		c.Long = `List, find and edit the keys of a JWK Set. The file of an edited set is
replaced as a whole or stays unchanged; keys that jwt does not understand are
kept.

Only the public half of a key is added to a set, unless --private is given.`
		c.Example = `  jwt key set list jwks.json
  jwt key set list --from https://issuer.example/jwks.json
  jwt key set find jwks.json --kid 2026-01 | jwt key convert --to pem
  jwt key set add jwks.json new.pem --kid 2026-02
  jwt key set remove jwks.json --kid 2025-01
  jwt key set merge a.json oidc:https://issuer.example --out all.json`
	},
	Subs: []*cli.Command{
		&setListCommand,
		&setFindCommand,
		&setAddCommand,
		&setRemoveCommand,
		&setMergeCommand,
	},
}

// addFrom adds --from, another way to give a source.
func addFrom(f *pflag.FlagSet, sources *[]string) {
	f.StringArrayVar(sources, "from", nil, "read keys from this `SOURCE` too, like --key (repeatable)")
}
