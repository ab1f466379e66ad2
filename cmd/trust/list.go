package trust

import (
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/render"
	"jwt/internal/trust"
)

var listCommand = cli.Command{
	Use:     "list",
	Short:   "list the trusted issuers",
	Aliases: []string{"ls"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var out cli.Output
		c.Long = `List the issuers that you trust, with what their tokens must meet. Nothing is
fetched.`
		c.Example = `  jwt trust list
  jwt trust list -j | jq -r '.entries[].name'`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.NoArgs
		out.AddFlags(c.Flags())
		out.Complete(c)
		c.RunE = func(*cobra.Command, []string) error { return runList(env, out) }
	},
}

func runList(env *cli.Env, out cli.Output) error {
	if err := out.Check(); err != nil {
		return err
	}
	config, err := env.ReadConfig()
	if err != nil {
		return err
	}
	all, err := trust.Entries(config)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		out.Note(env, config.Name+" has no trust entry; jwt trust add ISSUER adds one")
	}
	return out.Show(env, func() render.Object { return entriesJSON(all) }, func(t *render.Text) {
		for _, e := range all {
			t.Put(e.Name).Line()
			putConditions(t, e)
		}
	})
}

// putConditions writes what tokens of the entry must meet, one line each.
func putConditions(t *render.Text, e trust.Entry) {
	for _, line := range []struct {
		name   string
		values []string
	}{
		{"key", e.KeySources()},
		{"secret", e.Secrets},
		{"iss", e.Iss()},
		{"aud", e.Aud},
		{"alg", e.Algs},
		{"profile", []string{e.Profile}},
		{"leeway", []string{e.Leeway}},
	} {
		if text := strings.Join(line.values, ", "); text != "" {
			t.Put("  " + line.name + strings.Repeat(" ", 9-len(line.name)) + text).Line()
		}
	}
}
