package cmd

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/render"
)

// version is set by the linker: -X jwt/cmd.version=1.2.3.
var version = "dev"

func versionLine() string {
	return "jwt " + version + " " + runtime.Version() + " " + platform() + "\n"
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

var versionCommand = cli.Command{
	Use:   "version",
	Short: "print the version",
	Build: func(env *cli.Env, c *cobra.Command) {
		var asJSON bool
		c.Args = cli.NoArgs
		c.Annotations = map[string]string{cli.Exits: "0 1 2"}
		c.Example = "  jwt version\n  jwt --version\n  jwt version -j | jq -r .commit"
		c.Flags().BoolVarP(&asJSON, "json", "j", false, "print version, commit, date, Go version and platform as JSON")
		c.RunE = func(*cobra.Command, []string) error {
			if asJSON {
				return cli.Output{}.WriteJSON(env, versionJSON())
			}
			return cli.Output{}.Write(env, []byte(versionLine()))
		}
	},
}

// versionJSON returns the version. A build outside a checkout knows no commit and date.
func versionJSON() render.Object {
	o := render.Object{{Name: "version", Value: version}}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				o.Add("commit", s.Value)
			case "vcs.time":
				o.Add("date", s.Value)
			case "vcs.modified":
				o.Add("modified", s.Value == "true")
			}
		}
	}
	o.Add("go", runtime.Version())
	o.Add("platform", platform())
	return o
}
