package trust

import (
	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/trust"
)

var removeCommand = cli.Command{
	Use:     "remove NAME",
	Short:   "trust an issuer no longer",
	Aliases: []string{"rm"},
	Build: func(env *cli.Env, c *cobra.Command) {
		var quiet bool
		c.Long = `Remove an issuer from config.toml. The rest of the file, with its comments,
stays as it is.`
		c.Example = `  jwt trust remove https://login.example`
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Args = cli.OneArg("the name of an entry")
		c.ValidArgsFunction = completeNames(env)
		cli.AddQuiet(c.Flags(), &quiet, cli.NoNotes)
		c.RunE = func(_ *cobra.Command, args []string) error {
			config, err := env.ReadConfig()
			if err != nil {
				return err
			}
			text, err := trust.Remove(config, args[0])
			if err != nil {
				return err
			}
			if err := writeConfig(config, text); err != nil {
				return err
			}
			cli.Output{Quiet: quiet}.Note(env, config.Name+": removed "+args[0])
			return nil
		}
	},
}
