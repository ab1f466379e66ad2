package trust

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/jwa"
	"jwt/internal/jwk"
	"jwt/internal/keysource"
	"jwt/internal/render"
	"jwt/internal/trust"
)

var checkCommand = cli.Command{
	Use:   "check [NAME]",
	Short: "fetch the keys of the trusted issuers, and show what is accepted",
	Build: func(env *cli.Env, c *cobra.Command) {
		var out cli.Output
		var cache keysource.Options
		c.Long = `Read and fetch the keys of one entry, or of all, and show what a token of it
must have. The exit status is that of the first entry that has no usable key.`
		c.Example = `  jwt trust check
  jwt trust check https://login.example -j | jq '.entries[].keys'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2 3 7 8"}
		c.Args = cli.AtMostOneArg("the name of an entry")
		c.ValidArgsFunction = completeNames(env)
		cache.AddCacheFlags(c.Flags())
		out.AddFlags(c.Flags())
		out.Complete(c)
		c.RunE = func(c *cobra.Command, args []string) error {
			return runCheck(c.Context(), env, out, cache, args)
		}
	},
}

func runCheck(ctx context.Context, env *cli.Env, out cli.Output, cache keysource.Options, args []string) error {
	if err := errors.Join(out.Check(), cache.CheckCache()); err != nil {
		return err
	}
	all, err := keysource.Trusted(env)
	if err == nil && len(args) == 1 {
		var e trust.Entry
		e, err = trust.ByName(all, args[0])
		all = []trust.Entry{e}
	}
	if err != nil {
		return err
	}
	var results []checked
	var first error
	for _, e := range all {
		keys, err := keysOf(ctx, env, out, cache, e)
		if err != nil && first == nil {
			first = err
		}
		results = append(results, checked{e, keys, err})
	}
	err = out.Show(env, func() render.Object { return checkedJSON(results) }, func(t *render.Text) {
		for _, c := range results {
			putChecked(t, c)
		}
	})
	return cmp.Or(err, first)
}

// checked is an entry with its keys, or with the error of reading them.
type checked struct {
	entry trust.Entry
	keys  []jwk.Key
	err   error
}

// keysOf returns the keys of an entry that verify signatures.
func keysOf(ctx context.Context, env *cli.Env, out cli.Output, o keysource.Options, e trust.Entry) ([]jwk.Key, error) {
	o.Trust(env, e)
	read, err := o.Sources(ctx, env, out).Usable()
	if err != nil {
		return nil, err
	}
	var keys []jwk.Key
	for _, s := range read {
		keys = append(keys, s.Set.Keys...)
	}
	return keys, nil
}

func putChecked(t *render.Text, c checked) {
	mark := "✓ "
	if c.err != nil {
		mark = "✗ "
	}
	t.Put(mark + c.entry.Name).Line()
	putConditions(t, c.entry)
	for _, k := range c.keys {
		t.Put("  accepts  " + k.Kind() + kidOf(k) + ": " + strings.Join(names(k.Algorithms()), " ")).Line()
	}
	if c.err != nil {
		t.Put("  " + c.err.Error()).Line()
	}
}

func kidOf(k jwk.Key) string {
	if !k.HasID {
		return ""
	}
	return " " + k.ID
}

func names(algs []jwa.Algorithm) []string {
	var all []string
	for _, a := range algs {
		all = append(all, a.Name)
	}
	return all
}
