package cmd

import (
	"runtime"

	"github.com/spf13/cobra"
)

// version is set by the linker for a release: -X jwt/cmd.version=1.2.3.
var version = "dev"

func versionLine() string {
	return "jwt " + version + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
}

var versionCommand = command{
	use:   "version",
	short: "print the version",
	build: func(env *Env, c *cobra.Command) {
		c.Args = noArgs
		c.Annotations = map[string]string{exits: "0 1 2"}
		c.Example = "  jwt version\n  jwt --version"
		c.RunE = func(*cobra.Command, []string) error {
			return outputOptions{}.write(env, []byte(versionLine()))
		}
	},
}
