package key

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/verdict"
)

var setRemoveCommand = cli.Command{
	Use:     "remove SET --kid ID…",
	Short:   "remove keys from a set",
	Aliases: []string{"rm"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var o setRemoveOptions
		c.Long = `Remove the keys with these kids, or thumbprints, from the set in a file. If one
of them is missing, the file stays unchanged.`
		c.Example = `  jwt key set remove jwks.json --kid 2025-01 --kid 2025-02`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7"}
		c.Args = cli.OneArg("the file of a set")
		c.Flags().StringArrayVar(&o.kids, "kid", nil, "the kid of a key to remove, an `ID`, or its thumbprint (repeatable)")
		cli.AddQuiet(c.Flags(), &o.quiet, cli.NoNotes)
		c.RunE = func(c *cobra.Command, args []string) error { return runSetRemove(c.Context(), env, o, args[0]) }
	},
}

type setRemoveOptions struct {
	kids  []string
	quiet bool
}

func runSetRemove(ctx context.Context, env *cli.Env, o setRemoveOptions, path string) error {
	if len(o.kids) == 0 {
		return noKid()
	}
	set, err := readSetFile(keysource.Options{}.Sources(ctx, env, cli.Output{Quiet: o.quiet}), path)
	if err != nil {
		return err
	}
	for _, id := range o.kids {
		left := slices.DeleteFunc(slices.Clone(set.entries), func(e jwk.Entry) bool { return isNamed(e, id) })
		if len(left) == len(set.entries) {
			return verdict.Errorf(verdict.KeyNotFound, "%s: no key has kid %s", set.path, jsonobject.Quote(id)).
				Hintf("there is %s", jwk.ListIDs(keysOf(set.entries)))
		}
		set.entries = left
	}
	return set.write()
}
