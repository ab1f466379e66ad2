package cmd

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"jwt/internal/cli"
	"jwt/internal/render"
)

// The linker sets these: -X jwt/cmd.version=1.2.3. What it leaves empty, the record that the
// Go tool writes of a build in a checkout tells.
var version, commit, date string

func versionLine() string {
	return "jwt " + builtFrom().version + " " + runtime.Version() + " " + platform() + "\n"
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

// versionJSON returns what `version -j` prints. A build from an archive of the source knows
// neither commit nor date: they are null.
func versionJSON() render.Object {
	o := builtFrom()
	known := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return render.Object{
		{Name: "version", Value: o.version},
		{Name: "commit", Value: known(o.commit)},
		{Name: "date", Value: known(o.date)},
		{Name: "go", Value: runtime.Version()},
		{Name: "platform", Value: platform()},
	}
}

// An origin is the source that the program was built from.
type origin struct{ version, commit, date string } // the date of the commit

func builtFrom() origin {
	if version != "" {
		return origin{version, commit, date}
	}
	o := origin{version: "dev"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return o
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		o.version = strings.TrimPrefix(v, "v")
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			o.commit = s.Value
		case "vcs.time":
			o.date = s.Value
		}
	}
	return o
}
