package cmd

import (
	"runtime"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
)

// version is set by the linker: -X jwt/cmd.version=1.2.3.
var version = "dev"

func versionLine() string {
	return "jwt " + version + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
}

var versionCommand = cli.Command{
	Use:   "version",
	Short: "print the version",
	Build: func(env *cli.Env, c *cobra.Command) {
		c.Args = cli.NoArgs
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Example = "  jwt version\n  jwt --version"
		c.RunE = func(*cobra.Command, []string) error {
			return cli.Output{}.Write(env, []byte(versionLine()))
		}
	},
}
